// @ts-check
/**
 * The watch party's page: the film, and are we together?
 *
 * @module
 */

import {
  browserRtc,
  createIdentity,
  deriveKeys,
  exportIdentity,
  formatSecret,
  httpTransport,
  LINK_KEY_BYTES,
  openRelaySocket,
  parseSecret,
  PartyClient,
  postRelayAnswer,
  relayFetch,
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
import { createPeople } from "./signal_people.js";
import { createPlayer } from "./signal_player.js";
import { createSettings } from "./signal_settings.js";
import { createStart } from "./signal_start.js";

/** @typedef {import("../../signaling/mod.ts").PartyState} PartyState */
/** @typedef {import("../static/pieces/banner.js").Trouble} Trouble */

/** How often our player's figures are told and shown, ms. */
const REPORT_MS = 1000;
/** Seconds that a skip moves. */
const SKIP_S = 10;
/** With less film than this ahead further ways are opened, seconds. */
const HUNGRY_S = 8;
/** Served by Socket.IO itself. */
const SOCKET_IO = "/socket.io/socket.io.esm.min.js";

const server = `${location.origin}/`;
const announce = createLiveRegion();
const banner = createBanner();
/** @type {import("../../signaling/mod.ts").PartyClock} */
const clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** @type {PartyClient | undefined} */
let client;
/** @type {import("../../signaling/mod.ts").PartyKeys | undefined} */
let keys;
/** @type {import("../../signaling/mod.ts").HostIdentity | undefined} */
let identity;
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
let roomId = readAddress("room");
let wasJoined = false;
let joinedAt = 0;
let firstFrameMs = 0;
let uploadCap = 0;
let before = { at: 0, received: 0, sent: 0 };
const rates = { down: 0, up: 0 };

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
const link = createCopyField({ label: "Link to the room", text: "" });
const settings = createSettings({
  onSet: (next) => client?.set(next),
  onUploadLimit(limit) {
    uploadCap = limit;
    showToast("The limit holds for the next film");
  },
});
const figures = createFigures(byId("stats"), byId("graphs"));

byId("banner").replaceWith(banner.element);
byId("screen").append(player.screen);
byId("progress").append(player.progress);
byId("controls").append(player.controls);
byId("people").append(people.element);
byId("chat").append(chat.element);
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
if (!isSecureContext) {
  show({
    tone: "bad",
    what: "This browser gives a page no crypto and no service worker here",
    remedy:
      "Open it by https, or on the machine itself at localhost. The server needs --cert and --key for https.",
  });
} else {
  void startWorker();
  const secret = parseSecret(location.hash);
  if (roomId !== undefined && secret !== undefined) {
    connecting = connect(secret);
    connecting.catch((error) => start.refuse(String(error), false));
  }
  const stored = readStored();
  if (stored !== undefined) void join(stored.name, undefined);
  else start.focus();
}
setInterval(report, REPORT_MS);

/** @param {number} length */
function random(length) {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** @param {Trouble | undefined} next */
function show(next) {
  trouble = next;
  banner.update(next);
}

/** What a reload of this page must not lose. */
function readStored() {
  const text = roomId && sessionStorage.getItem(`streamtool.room.${roomId}`);
  return text
    ? /** @type {{name: string, token?: string, hostKey?: string, identity?: any}} */ (JSON
      .parse(text))
    : undefined;
}

/**
 * @param {string} name
 * @param {string | undefined} password
 */
async function join(name, password) {
  joinedAt = performance.now();
  try {
    const stored = readStored();
    let secret = parseSecret(location.hash);
    let hostKey = stored?.hostKey;
    if (stored?.identity !== undefined) {
      identity = await createIdentity(stored.identity);
    }
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
    remember = async () => {
      sessionStorage.setItem(
        `streamtool.room.${room}`,
        JSON.stringify({
          name,
          token: client?.token,
          hostKey,
          identity: identity && await exportIdentity(identity),
        }),
      );
    };
    await (connecting ??= connect(secret));
    client?.join({
      roomId: room,
      userName: name,
      ...(password === undefined ? {} : { password }),
      ...(hostKey === undefined ? {} : { hostKey }),
      ...(stored?.token === undefined ? {} : { token: stored.token }),
    });
  } catch (error) {
    start.refuse(String(error), false);
  }
}

/** @param {import("../../signaling/mod.ts").LinkSecret} secret */
async function connect(secret) {
  const way = readAddress("way");
  const may = (/** @type {string} */ kind) => way === undefined || way === kind;
  keys = await deriveKeys(secret.key);
  const party = keys;
  const { io } = await import(SOCKET_IO);
  const socket = io({
    transports: ["websocket", "polling"],
    reconnectionDelay: 200,
    reconnectionDelayMax: 1000,
  });
  const host = location.hostname;
  const rtc = typeof RTCPeerConnection === "function" && may("rtc")
    ? browserRtc(RTCPeerConnection)
    : undefined;
  client = new PartyClient({
    socket,
    secret,
    keys: party,
    rtc: rtc && ((options, events) =>
      rtc({
        ...options,
        iceServers: options.iceServers.map((one) => ({
          ...one,
          urls: [one.urls].flat().map((url) => url.replace(":*:", `:${host}:`)),
        })),
      }, events)),
    openRelay: may("relay") || way === undefined
      ? (ticket) =>
        openRelaySocket(
          { server, WebSocket, key: party.message, random },
          ticket,
        )
      : undefined,
    openHttp: (receiver, room, token) =>
      httpTransport(
        receiver.manifest,
        relayFetch(fetch.bind(globalThis), server, room, token),
      ),
    postAnswer: (id, answer) => {
      postRelayAnswer(fetch.bind(globalThis), server, id, answer)
        .catch(() => {});
    },
    clock,
    random,
    anyHost: true,
    events: {
      changed: (state) => {
        if (state.phase === "joined" && !wasJoined) void remember?.();
        update(state);
      },
      playback: () => player.jumped(),
      film: (manifest, pageKey) => receive(manifest, pageKey),
      filmEnded() {
        if (sender !== undefined) return;
        // What is there plays on: the host may come back with the same film.
        if (film?.receiver.count !== film?.manifest.totalChunks) {
          show({
            tone: "warn",
            what: "The host is gone",
            remedy:
              "What has come plays on. When the host shares the film again, it goes on by itself.",
          });
        }
      },
      chat: (line) => chat.add(line),
      refused: (message, passwordRequired) =>
        start.refuse(message, passwordRequired),
      problem: (message) => showToast(message, "bad"),
    },
  });
  if (rtc === undefined) {
    show({
      tone: "warn",
      what: "This browser has no WebRTC",
      remedy: "The film comes sealed through the server, which may be slower.",
    });
  }
}

/** @param {PartyState} state */
function update(state) {
  const { phase, connected, isHost, film: manifest, users } = state;
  document.body.dataset.phase = phase;
  document.body.dataset.connection = connected ? "live" : "lost";
  if (phase === "at-door") start.say("You knocked: the host has to let you in");
  if (phase === "closed") {
    show({
      tone: "bad",
      what: "The room is closed",
      remedy: "Make a new one, or ask for a new link.",
    });
  }
  if (phase === "joined" && !wasJoined) {
    wasJoined = true;
    byId("start").hidden = true;
    byId("room").hidden = false;
    link.update(location.href);
    setText(byId("room-code"), `Room ${roomId}`);
    announce(`You are in room ${roomId}`);
    if (isHost && users.length > 1) {
      show({
        tone: "warn",
        what: "Your page was loaded again, and has no film now",
        remedy:
          "Pick the same film again: everybody goes on from what they have.",
      });
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
  const source = users.find(({ id }) => id === state.filmFrom);
  if (source?.away && sender === undefined) {
    show({
      tone: "warn",
      what: `${source.name} has lost the connection`,
      remedy: "What has come plays on; the rest comes when the host is back.",
    });
  } else if (trouble?.remedy.includes("plays on") && source !== undefined) {
    show(undefined);
  }
}

/**
 * @param {import("../../signaling/mod.ts").FilmManifest} manifest
 * @param {CryptoKey} pageKey
 */
function receive(manifest, pageKey) {
  film?.close();
  sender = undefined;
  const made = new ReceivedFilm({
    manifest,
    pageKey,
    key: /** @type {CryptoKey} */ (keys?.film),
    from: { roomId: roomId ?? "", fromUserId: client?.state.userId ?? "" },
    clock,
    onProblem: (reason) => showToast(reason, "bad"),
    onSourceClosed: (id) => client?.paths.closed(id),
  });
  film = made;
  announce(`The film is ${manifest.fileName}`);
  made.url(() => player.video.currentTime).then((url) => {
    if (film === made) player.load(url, made);
  }, (error) => failed(error.message));
  return made.receiver;
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
      clock,
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
    show({
      tone: "bad",
      what: "This browser cannot play the film",
      remedy:
        "MP4 with H.264 and AAC, and WebM, play everywhere. Others can be received with streamtool share --join.",
    });
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
  if (client === undefined || client.state.phase !== "joined") return;
  const now = performance.now();
  const received = film?.receiver.receivedBytes ?? 0;
  const sent = sender?.sentBytes ?? 0;
  const seconds = (now - before.at) / 1000;
  if (before.at > 0) {
    rates.down = Math.max(0, received - before.received) * 8 / seconds;
    rates.up = Math.max(0, sent - before.sent) * 8 / seconds;
  }
  before = { at: now, received, sent };
  const { driftMs, bufferedS, state } = player.figures();
  const sources = film?.receiver.sources() ?? [];
  const kinds = sender !== undefined ? ["file"] : client.paths.kinds;
  client.report({
    driftMs: driftMs ?? null,
    bufferedS,
    state,
    downBps: rates.down,
    upBps: rates.up,
    path: kinds.join("+"),
  });
  if (film !== undefined) {
    const { fileSize, duration } = film.manifest;
    const rate = fileSize / (duration ?? (player.video.duration || 1));
    const whole = film.receiver.count === film.manifest.totalChunks;
    client.paths.setNeed(bufferedS < HUNGRY_S && !whole ? 1.5 * rate : 0);
  }
  figures.update({
    driftMs,
    bufferedS,
    downBps: rates.down,
    upBps: rates.up,
    roundTripMs: sources[0]?.roundTripMs ?? client.serverRoundTripMs,
    refused: film?.receiver.refusedChunks ?? 0,
    total: received + sent,
    ways: kinds,
  });
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
    readChunk: (/** @type {number} */ chunk) => film?.receiver.read(chunk),
  },
});
