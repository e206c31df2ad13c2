// @ts-check
/**
 * What can go wrong on the party's page, in words: what it is, and what to do.
 *
 * @module
 */

/** @typedef {import("../static/pieces/banner.js").Trouble} Trouble */

/** @type {Readonly<Record<"insecure" | "noRtc" | "hostGone" | "reloaded" | "closed" | "codec", Trouble>>} */
export const TROUBLES = {
  insecure: {
    tone: "bad",
    what: "This browser gives a page no crypto and no service worker here",
    remedy:
      "Open it by https, or on the machine itself at localhost. The server needs --cert and --key for https.",
  },
  noRtc: {
    tone: "warn",
    what: "This browser has no WebRTC",
    remedy: "The film comes sealed through the server, which may be slower.",
  },
  hostGone: {
    tone: "warn",
    what: "The host is gone",
    remedy:
      "What has come plays on. When the host shares the film again, it goes on by itself.",
  },
  reloaded: {
    tone: "warn",
    what: "Your page was loaded again, and has no film now",
    remedy: "Pick the same film again: everybody goes on from what they have.",
  },
  closed: {
    tone: "bad",
    what: "The room is closed",
    remedy: "Make a new one, or ask for a new link.",
  },
  codec: {
    tone: "bad",
    what: "This browser cannot play the film",
    remedy:
      "MP4 with H.264 and AAC, and WebM, play everywhere. Others can be received with streamtool share --join.",
  },
};

/**
 * The member with the film has lost its connection.
 *
 * @param {string} name
 * @returns {Trouble}
 */
export function sourceAway(name) {
  return {
    tone: "warn",
    what: `${name} has lost the connection`,
    remedy: "What has come plays on; the rest comes when the host is back.",
  };
}
