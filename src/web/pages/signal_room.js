// @ts-check
/**
 * The watch party's page: the film, and are we together?
 *
 * @module
 */

import {
  createIdentity,
  formatSecret,
  LINK_KEY_BYTES,
  parseSecret,
  ROOM_CODE_BYTES,
  roomCode,
} from "../../signaling/mod.ts";
import { readAddress } from "../static/pieces/address.js";
import { createBanner } from "../static/pieces/banner.js";
import { createCopyField } from "../static/pieces/copy_field.js";
import { byId, element, setText } from "../static/pieces/dom.js";
import { createLiveRegion } from "../static/pieces/live_region.js";
import { listenForShortcuts } from "../static/pieces/shortcuts.js";
import { showToast } from "../static/pieces/toast.js";
import { createButton } from "../static/pieces/toolbar.js";
import { createChat } from "./signal_chat.js";
import { createFigures } from "./signal_figures.js";
import { ReceivedFilm, startWorker } from "./signal_film.js";
import { hostFile } from "./signal_host.js";
import { connectMember, pageClock, random } from "./signal_member.js";
import { createPeople } from "./signal_people.js";
import { createPlayer } from "./signal_player.js";
import { keepSession, readSession } from "./signal_session.js";
import { createSettings } from "./signal_settings.js";
import { createStart } from "./signal_start.js";
import { createStatus } from "./signal_status.js";
import { createSwarmView, joinSwarm } from "./signal_swarm.js";
import { sourceAway, TROUBLES } from "./signal_trouble.js";

/** @typedef {import("../../signaling/mod.ts").PartyState} PartyState */
/** @typedef {import("../../signaling/mod.ts").PartyClient} PartyClient */
/** @typedef {import("../static/pieces/banner.js").Trouble} Trouble */

/** How often our player's figures are told and shown, ms. */
const REPORT_MS = 1000;
/** Two qualities of a film are as long as each other, up to so many seconds. */
const SAME_S = 0.5;
/** Seconds that a skip moves. */
const SKIP_S = 10;

const announce = createLiveRegion();
const banner = createBanner();

/** @type {PartyClient | undefined} */
let client;
/** @type {import("../../signaling/mod.ts").PartyKeys | undefined} */
let keys;
/** @type {import("../../signaling/mod.ts").HostIdentity | undefined} */
let identity;
/** By which we are this room's host. @type {string | undefined} */
let hostKey;
/** @type {ReceivedFilm | undefined} */
let film;
/** @type {import("../../signaling/mod.ts").FilmSender | undefined} */
let sender;
/** @type {string | undefined} */
let objectUrl;
/** @type {Trouble | undefined} */
let trouble;
/** The connection is made while people type their names. @type {Promise<void> | undefined} */
let connecting;
/** Keeps what a reload must not lose. @type {(() => Promise<void>) | undefined} */
let remember;
let hasRtc = false;
let roomId = readAddress("room");
let wasJoined = false;
let joinedAt = 0;
let firstFrameMs = 0;
let uploadCap = 0;

const player = createPlayer({
  client: () => client,
  onFailure: failed,
  onFirstFrame() {
    firstFrameMs = performance.now() - joinedAt;
    document.body.dataset.firstFrame = firstFrameMs.toFixed(0);
  },
});
const people = createPeople((id, admit) => client?.admit(id, admit));
const chat = createChat((message) => void client?.chat(message));
const picker = element("input", {
  type: "file",
  accept: "video/*,.mkv",
  "aria-label": "Film to share",
  onchange: () => {
    const file = picker.files?.[0];
    if (file !== undefined) void shareFile(file);
  },
});
const swarmView = createSwarmView();
const link = createCopyField({ label: "Link to the room", text: "" });
const settings = createSettings({
  onSet: (next) => client?.set(next),
  onUploadLimit(limit) {
    uploadCap = limit;
    showToast("The limit holds for the next film");
  },
});
const tellStatus = createStatus({
  player,
  figures: createFigures(byId("stats"), byId("graphs")),
});

byId("banner").replaceWith(banner.element);
byId("screen").append(player.screen);
byId("progress").append(player.progress);
byId("controls").append(player.controls);
byId("people").append(people.element);
byId("chat").append(chat.element);
byId("swarm").append(swarmView.element);
byId("host").append(
  element(
    "label",
    { class: "field" },
    "Film to share from this device",
    picker,
  ),
  settings.element,
);
byId("link").append(link.element);
const showHelp = listenForShortcuts([
  { key: " ", name: "Space", does: "Play or pause", run: player.toggle },
  {
    key: "ArrowLeft",
    name: "←",
    does: `Back ${SKIP_S} s`,
    run: () => player.skip(-SKIP_S),
  },
  {
    key: "ArrowRight",
    name: "→",
    does: `On ${SKIP_S} s`,
    run: () => player.skip(SKIP_S),
  },
  { key: "f", name: "F", does: "Full screen", run: player.toggleFullScreen },
]);
byId("toolbar").append(
  createButton({
    label: "Keyboard help",
    icon: "help",
    kind: "icon",
    key: "?",
    run: showHelp,
  }).element,
);

const start = createStart({
  room: roomId,
  locked: roomId !== undefined && parseSecret(location.hash) === undefined,
  onStart: (name, password) => void join(name, password),
});
byId("start").append(start.element);
if (isSecureContext) void open();
else show(TROUBLES.insecure);
setInterval(report, REPORT_MS);

/** A link is half a join: what can be done before people have typed their names is done. */
async function open() {
  void startWorker();
  const secret = parseSecret(location.hash);
  if (roomId !== undefined && secret !== undefined) {
    connecting = connect(secret);
    connecting.catch((error) => start.refuse(String(error), false));
  }
  const session = await readSession(roomId);
  if (session !== undefined) void join(session.name, undefined);
  else start.focus();
}

/** @param {Trouble | undefined} next */
function show(next) {
  trouble = next;
  banner.update(next);
}

/**
 * @param {string} name
 * @param {string | undefined} password
 */
async function join(name, password) {
  joinedAt = performance.now();
  try {
    const session = await readSession(roomId);
    let secret = parseSecret(location.hash);
    hostKey ??= session?.hostKey;
    identity ??= session?.identity;
    if (roomId === undefined || secret === undefined) {
      identity = await createIdentity();
      roomId = roomCode(random(ROOM_CODE_BYTES));
      secret = {
        key: random(LINK_KEY_BYTES),
        fingerprint: identity.fingerprint,
      };
      hostKey = random(24).toBase64({ alphabet: "base64url" });
      const hash = formatSecret(secret);
      history.replaceState(null, "", `/?room=${roomId}#${hash}`);
    }
    const room = roomId;
    remember = () =>
      keepSession(room, { name, token: client?.token, hostKey, identity });
    await (connecting ??= connect(secret));
    client?.join({
      roomId: room,
      userName: name,
      ...(password === undefined ? {} : { password }),
      ...(hostKey === undefined ? {} : { hostKey }),
      ...(session?.token === undefined ? {} : { token: session.token }),
    });
  } catch (error) {
    start.refuse(String(error), false);
  }
}

/** @param {import("../../signaling/mod.ts").LinkSecret} secret */
async function connect(secret) {
  const made = await connectMember({
    secret,
    way: readAddress("way"),
    events: {
      changed: (state) => {
        if (state.phase === "joined" && !wasJoined) void remember?.();
        update(state);
      },
      playback: () => player.jumped(),
      film: (manifest, pageKey) => receive(manifest, pageKey),
      takesOver: () => film?.swarm?.sender,
      subtitles: (subtitles) => player.setSubtitles(subtitles),
      filmEnded() {
        // What is there plays on: the host may come back with the same film.
        const whole = film?.receiver.count === film?.manifest.totalChunks;
        if (sender === undefined && !whole) show(TROUBLES.hostGone);
      },
      chat: (line) => chat.add(line),
      refused: (message, passwordRequired) =>
        start.refuse(message, passwordRequired),
      problem: (message) => showToast(message, "bad"),
    },
  });
  ({ client, keys, hasRtc } = made);
  if (!made.hasRtc) show(TROUBLES.noRtc);
}

/** @param {PartyState} state */
function update(state) {
  const { phase, connected, isHost, film: manifest, users } = state;
  document.body.dataset.phase = phase;
  document.body.dataset.connection = connected ? "live" : "lost";
  if (phase === "at-door") start.say("You knocked: the host has to let you in");
  if (phase === "closed") {
    show(TROUBLES.closed);
  }
  if (phase === "joined" && !wasJoined) {
    wasJoined = true;
    byId("start").hidden = true;
    byId("room").hidden = false;
    link.update(location.href);
    setText(byId("room-code"), `Room ${roomId}`);
    announce(`You are in room ${roomId}`);
    if (isHost && users.length > 1) {
      show(TROUBLES.reloaded);
    }
  }
  const lost = wasJoined && !connected;
  setText(
    byId("state-text"),
    lost
      ? "Connection lost, plays on"
      : phase === "joined"
      ? "Connected"
      : phase === "at-door"
      ? "At the door"
      : "Connecting",
  );
  byId("state").dataset.tone = lost
    ? "warn"
    : phase === "joined"
    ? "good"
    : "none";
  setText(byId("film-name"), manifest?.fileName ?? "");
  byId("host").hidden = !isHost;
  player.setControl(isHost || state.settings.sharedControl);
  settings.update(state);
  people.update(state);
  film?.swarm?.update(state);
  const source = users.find(({ id }) => id === state.filmFrom);
  if (source?.away && sender === undefined) {
    show(sourceAway(source.name));
  } else if (trouble?.remedy.includes("plays on") && source !== undefined) {
    show(undefined);
  }
}

/**
 * @param {import("../../signaling/mod.ts").FilmManifest} manifest
 * @param {CryptoKey} pageKey
 */
function receive(manifest, pageKey) {
  const before = film;
  // The same film in another quality: what there is plays on until the other one can.
  const goesOver = before !== undefined && player.isPlaying &&
    manifest.duration !== null &&
    Math.abs(manifest.duration - (before.manifest.duration ?? 0)) < SAME_S &&
    stemOf(manifest.fileName) === stemOf(before.manifest.fileName);
  if (!goesOver) before?.close();
  sender = undefined;
  const made = new ReceivedFilm({
    manifest,
    pageKey,
    key: /** @type {CryptoKey} */ (keys?.film),
    from: { roomId: roomId ?? "", fromUserId: client?.state.userId ?? "" },
    clock: pageClock,
    onProblem: (reason) => showToast(reason, "bad"),
    onSourceClosed: (id) => client?.paths.closed(id),
    joinSwarm: (get) =>
      client === undefined || keys === undefined || !hasRtc
        ? undefined
        : joinSwarm({
          manifest,
          key: keys.film,
          from: { roomId: roomId ?? "", fromUserId: client.state.userId },
          clock: pageClock,
          client,
          get,
          bytesPerSecond: uploadCap > 0 ? uploadCap : undefined,
          onProblem: (reason) => showToast(reason, "bad"),
        }),
  });
  film = made;
  report();
  announce(`The film is ${manifest.fileName}`);
  made.url(() => player.video.currentTime).then(async (url) => {
    if (film !== made) return;
    if (goesOver) await player.change(url, made);
    else player.load(url, made);
  }).catch((error) => failed(error.message))
    .finally(() => {
      if (goesOver) before.close();
    });
  return made.receiver;
}

/**
 * A film's name without its quality and ending.
 *
 * @param {string} fileName
 */
function stemOf(fileName) {
  return fileName.replace(/(\.\d+p)?\.\w+$/, "");
}

/** @param {File} file */
async function shareFile(file) {
  if (client === undefined || keys === undefined) return;
  film?.close();
  film = undefined;
  if (objectUrl !== undefined) URL.revokeObjectURL(objectUrl);
  objectUrl = URL.createObjectURL(file);
  player.load(objectUrl, undefined);
  try {
    sender?.close();
    identity ??= await createIdentity();
    void remember?.();
    sender = await hostFile({
      file,
      video: player.video,
      identity,
      key: keys.film,
      client,
      clock: pageClock,
      random,
      roomId: roomId ?? "",
      bytesPerSecond: uploadCap > 0 ? uploadCap : undefined,
    });
    showToast(`Shared: ${file.name}`);
    show(undefined);
    player.jumped();
  } catch (error) {
    failed(`Cannot share the file: ${error}`);
  }
}

/** @param {string} reason */
function failed(reason) {
  if (reason === "codec") {
    show(TROUBLES.codec);
  } else if (reason === "sound") {
    showToast("The browser plays without sound until you move the volume");
  } else {
    show({
      tone: "bad",
      what: reason,
      remedy: "Reload the page to try again.",
    });
  }
}

function report() {
  if (client?.state.phase !== "joined") return;
  tellStatus(client, film, sender);
  swarmView.update(client.state, film?.swarm);
}

/** For tests and for people with the console open. */
Object.assign(globalThis, {
  party: {
    figures: () => player.figures(),
    state: () => client?.state,
    position: () => client?.position(),
    serverNow: () => client?.serverNow(),
    seek: (/** @type {number} */ time) =>
      client?.control({ action: "seek", time }),
    sources: () => film?.receiver.sources(),
    received: () => ({
      count: film?.receiver.count,
      refused: film?.receiver.refusedChunks,
    }),
    swarm: () =>
      film?.swarm && {
        neighbours: film.swarm.neighbours(),
        totals: film.swarm.totals(),
        uploadRate: film.swarm.uploadRate,
      },
    readChunk: (/** @type {number} */ chunk) => film?.receiver.read(chunk),
  },
});
