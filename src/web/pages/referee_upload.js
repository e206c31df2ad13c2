// @ts-check
/**
 * A form that sends a video and its signal to `/analyze`.
 *
 * @module
 */

import { element, setText } from "../static/pieces/dom.js";
import { bytes, text } from "../static/pieces/format.js";
import { createProgress } from "../static/pieces/progress.js";
import { api } from "./referee_api.js";

/** @typedef {import("./referee_words.js").Result} Result */

/**
 * @param {HTMLElement} place
 * @param {(result: Result) => void} onResult
 */
export function createUpload(place, onResult) {
  const video = fileField("video", "Video", "video/*,.mkv,.mjpeg,.avi,.ts");
  const signal = fileField(
    "signal",
    "Signal file of the scoring box",
    ".txt,.log,.csv,.json,.jsonl,text/plain",
  );
  const swap = element("input", { type: "checkbox", id: "upload-swap" });
  const submit = element(
    "button",
    { type: "submit", class: "button" },
    "Upload and decide",
  );
  const cancel = element("button", {
    type: "button",
    class: "button",
    hidden: true,
    onclick: () => request?.abort(),
  }, "Give up");
  const progress = createProgress({ label: "Upload" });
  progress.element.hidden = true;
  const message = element("p", { class: "form-message", role: "status" });
  /** @type {XMLHttpRequest | undefined} */
  let request;

  const form = element(
    "form",
    { class: "form part", onsubmit: send },
    element("div", { class: "fields" }, video.field, signal.field),
    element(
      "label",
      { class: "check", for: "upload-swap" },
      swap,
      element("span", {}, "Left and right are exchanged in the signal file"),
    ),
    progress.element,
    message,
    element("div", { class: "toolbar" }, submit, cancel),
  );
  place.replaceChildren(form);

  /** @param {"none" | "bad"} tone @param {string} words */
  function say(tone, words) {
    message.dataset.tone = tone;
    setText(message, words);
  }

  /** @param {boolean} busy */
  function setBusy(busy) {
    progress.element.hidden = cancel.hidden = !busy;
    submit.disabled = busy;
    for (const { input } of [video, signal]) input.disabled = busy;
  }

  /** @param {SubmitEvent} event */
  function send(event) {
    event.preventDefault();
    const [videoFile, signalFile] = [
      video.input.files?.[0],
      signal.input.files?.[0],
    ];
    if (videoFile === undefined || signalFile === undefined) {
      say("bad", "Choose a video and its signal file first.");
      (videoFile === undefined ? video : signal).input.focus();
      return;
    }
    const body = new FormData();
    body.append("save_overlay", "true");
    body.append("swap_sides", String(swap.checked));
    body.append("signal", signalFile);
    body.append("video", videoFile);
    const xhr = new XMLHttpRequest(); // `fetch` tells no progress
    request = xhr;
    xhr.open("POST", api("/analyze"));
    xhr.responseType = "json";
    xhr.upload.onprogress = ({ loaded, total }) => {
      progress.update({
        fraction: total === 0 ? undefined : loaded / total,
        left: `${text(bytes(loaded))} of ${text(bytes(total))}`,
        right: loaded < total ? "uploading" : "deciding",
      });
    };
    xhr.onload = () => {
      setBusy(false);
      const answer = xhr.response;
      if (xhr.status === 200) {
        say("none", `${videoFile.name} is decided.`);
        form.reset();
        onResult(answer);
      } else {
        const detail = answer?.detail ?? answer?.error;
        say(
          "bad",
          typeof detail === "string"
            ? detail
            : `The server answers ${xhr.status}${
              detail === undefined ? "" : `: ${JSON.stringify(detail)}`
            }`,
        );
      }
    };
    xhr.onerror = () => {
      setBusy(false);
      say("bad", "The upload broke off: the server does not answer.");
    };
    xhr.onabort = () => {
      setBusy(false);
      say("none", "The upload was given up.");
    };
    say("none", "");
    progress.update({ fraction: 0, left: "", right: "uploading" });
    setBusy(true);
    xhr.send(body);
  }

  return {
    /** By keyboard. */
    focus() {
      video.input.focus();
      place.scrollIntoView({ block: "center" });
    },
  };
}

/**
 * @param {string} name
 * @param {string} label
 * @param {string} accept
 */
function fileField(name, label, accept) {
  const id = `upload-${name}`;
  const input = element("input", { type: "file", id, name, accept });
  return {
    input,
    field: element(
      "label",
      { class: "field", for: id },
      element("span", {}, label),
      input,
    ),
  };
}
