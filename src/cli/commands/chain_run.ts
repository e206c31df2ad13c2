/**
 * The table of `chain-run`.
 *
 * @module
 */

import { SENDING_FLAGS, SOURCE_FLAGS, WIRE_FLAGS } from "../chain_flags.ts";
import { defineCommand } from "../command.ts";
import type { OptionsOf } from "../command.ts";
import { FPS_FLAG, HOST_FLAG, QUALITY_FLAG } from "../common_flags.ts";

/** `streamtool chain-run` */
export const chainRun = defineCommand({
  name: "chain-run",
  summary:
    "Starts a coordinator and its peers as processes of this machine and shows them as one",
  lifetime: "server",
  positionals: [
    {
      name: "source",
      kind: "path",
      help:
        "Video file, rtsp:// or http:// URL, camera:0, pattern:640x480@24, or - for MJPEG on " +
        "standard input [pattern:640x480@24]",
    },
  ],
  examples: [
    {
      comment: "Watch a film go through four peers",
      command: "streamtool chain-run film.mp4 --open",
    },
    {
      comment:
        "Run ten seconds of the test picture through 16 peers, and tell whether all of it came",
      command:
        "streamtool chain-run --pattern --duration 10s --peers 16 --exit-at-end",
    },
  ],
  exitCodes: {
    1: "failed, or with --exit-at-end: a frame is missing at a peer",
  },
  flags: {
    "peers": {
      kind: "integer",
      min: 1,
      max: 64,
      default: 4,
      help: "How many peers, named A, B, C …",
    },
    "dir": {
      kind: "path",
      default: ".",
      valueName: "DIR",
      help: "Folder for the peers' frames and logs",
    },
    "exit-at-end": {
      kind: "boolean",
      help: "End when the end of the stream has reached every peer",
    },
    "host": HOST_FLAG,
    "port": {
      kind: "port",
      short: "p",
      default: 9000,
      env: "STREAMTOOL_PORT",
      help: "TCP port of the coordinator; 0 takes a free one",
    },
    "peer-port": {
      kind: "port",
      default: 10001,
      help:
        "UDP port of the first peer, the next ones follow; 0 takes free ones",
    },
    ...SOURCE_FLAGS,
    "fps": FPS_FLAG,
    "quality": QUALITY_FLAG,
    "loop": {
      kind: "boolean",
      help: "Start the video again when it ends",
    },
    "duration": {
      kind: "duration",
      help: "End the stream after this time",
    },
    "save": {
      kind: "boolean",
      default: true,
      help: "Do not save frames",
    },
    "keep": {
      kind: "integer",
      min: 1,
      help: "Keep only the newest N saved frames of each peer [all]",
    },
    "page": {
      kind: "boolean",
      default: true,
      help: "Serve no page",
    },
    "page-port": {
      kind: "port",
      default: 8090,
      env: "STREAMTOOL_PAGE_PORT",
      help: "Port of the page; 0 takes a free one",
    },
    ...SENDING_FLAGS,
    ...WIRE_FLAGS,
  },
});

/** The options of `chain-run`. */
export type ChainRunOptions = OptionsOf<typeof chainRun>;
