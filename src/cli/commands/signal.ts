/**
 * The table of `signal`.
 *
 * @module
 */

import { defineCommand } from "../command.ts";
import type { OptionsOf } from "../command.ts";
import { EXIT_WITH_STDIN, HOST_FLAG } from "../common_flags.ts";

/** `streamtool signal` */
export const signal = defineCommand({
  name: "signal",
  summary: "Serves watch parties: rooms, signaling and the page to watch on",
  description:
    "The film goes from the host to the participants over WebRTC, or sealed through this server where that " +
    "does not work. The key is in the part of the link behind #, which no browser sends: the server can " +
    "neither watch nor listen. Other machines need --host 0.0.0.0 and, for browsers on them, --cert and " +
    "--key. While it runs it reads words from standard input: status, help, quit.",
  lifetime: "server",
  examples: [
    {
      comment: "Make a room in the browser",
      command: "streamtool signal --open",
    },
    {
      comment: "For the whole network, with TLS",
      command: "streamtool signal --host 0.0.0.0 --cert c.pem --key k.pem",
    },
    {
      comment: "With a TURN server of yours",
      command: "streamtool signal --ice-file turn.json",
    },
  ],
  flags: {
    "host": HOST_FLAG,
    "port": {
      kind: "port",
      default: 3001,
      env: "STREAMTOOL_SIGNAL_PORT",
      help: "Port of the page and the rooms; 0 takes a free one",
    },
    "stun-port": {
      kind: "port",
      default: 3478,
      env: "STREAMTOOL_STUN_PORT",
      help: "UDP port of the own STUN server; 0 takes a free one",
    },
    "stun": {
      kind: "boolean",
      default: true,
      help: "Start no STUN server",
    },
    "ice-server": {
      kind: "string",
      repeatable: true,
      valueName: "URL",
      help: "Another STUN or TURN server for everybody, such as stun:host:3478",
    },
    "ice-file": {
      kind: "path",
      valueName: "FILE",
      help:
        "JSON list of ICE servers with names and credentials, as RTCPeerConnection takes it",
    },
    "cert": {
      kind: "path",
      valueName: "FILE",
      help: "TLS certificate chain (PEM); needs --key",
    },
    "key": {
      kind: "path",
      valueName: "FILE",
      help: "TLS private key (PEM); needs --cert",
    },
    "redis": {
      kind: "string",
      env: "STREAMTOOL_REDIS_URL",
      valueName: "URL",
      help: "Be one of several servers that share rooms, redis://HOST:PORT",
    },
    "allow-origin": {
      kind: "string",
      repeatable: true,
      valueName: "ORIGIN",
      group: "advanced",
      help: "Pages from there may connect too, such as https://example.org",
    },
    "max-users": {
      kind: "integer",
      min: 1,
      max: 1000,
      default: 20,
      group: "advanced",
      help: "People in a room",
    },
    "max-rooms": {
      kind: "integer",
      min: 1,
      max: 1_000_000,
      default: 10_000,
      group: "advanced",
      help: "Rooms",
    },
    "max-connections-per-address": {
      kind: "integer",
      min: 1,
      max: 1_000_000,
      default: 250,
      group: "advanced",
      help: "Connections from one address",
    },
    "exit-with-stdin": EXIT_WITH_STDIN,
    "idle": {
      kind: "duration",
      default: "30m",
      group: "advanced",
      help: "A room in which nothing happens is removed after this",
    },
  },
});

/** The options of `signal`. */
export type SignalOptions = OptionsOf<typeof signal>;
