/**
 * The table of `chain-coordinator`.
 *
 * @module
 */

import { SENDING_FLAGS, SOURCE_FLAGS, WIRE_FLAGS } from "../chain_flags.ts";
import { defineCommand } from "../command.ts";
import type { OptionsOf } from "../command.ts";
import {
  EXIT_WITH_STDIN,
  FPS_FLAG,
  HOST_FLAG,
  QUALITY_FLAG,
} from "../common_flags.ts";

/** `streamtool chain-coordinator` */
export const chainCoordinator = defineCommand({
  name: "chain-coordinator",
  summary: "Sends a video into a chain of peers and keeps the chain together",
  description:
    "While it runs it reads words from standard input: startVideo, stopVideo, list, status, help, quit.",
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
      comment: "Send a film as soon as four peers are there",
      command: "streamtool chain-coordinator film.mp4 --start-when 4",
    },
    {
      comment: "Send the first camera as soon as one peer is there",
      command: "streamtool chain-coordinator --camera 0 --start-when 1",
    },
    {
      comment: "Speak to existing StrandCast peers only",
      command: "streamtool chain-coordinator film.mp4 --wire strandcast",
    },
  ],
  flags: {
    "host": HOST_FLAG,
    "port": {
      kind: "port",
      short: "p",
      default: 9000,
      env: "STREAMTOOL_PORT",
      help: "TCP port peers register at; 0 takes a free one",
    },
    ...SOURCE_FLAGS,
    "start-when": {
      kind: "integer",
      min: 1,
      max: 1000,
      valueName: "N",
      help: "Start the video when N peers are there [at startVideo]",
    },
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
    "exit-with-stdin": EXIT_WITH_STDIN,
    ...SENDING_FLAGS,
    ...WIRE_FLAGS,
  },
});

/** The options of `chain-coordinator`. */
export type ChainCoordinatorOptions = OptionsOf<typeof chainCoordinator>;
