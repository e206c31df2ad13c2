/**
 * The table of `rtsp-play`.
 *
 * @module
 */

import { defineCommand } from "../command.ts";
import type { OptionsOf } from "../command.ts";
import { EXIT_WITH_STDIN, HOST_FLAG } from "../common_flags.ts";
import { RTSP_CLIENT_FLAGS } from "../rtsp_flags.ts";

/** `streamtool rtsp-play` */
export const rtspPlay = defineCommand({
  name: "rtsp-play",
  summary: "Plays a JPEG stream of an RTSP server on a page, and saves it",
  description:
    "Speaks the standard (RFC 2326, 2435) and the course project's dialect and finds out which. " +
    "It ends with the stream unless its page is open. While it runs it reads words from standard " +
    "input: setup, play, pause, stop, status, help, quit.",
  lifetime: "server",
  positionals: [
    {
      name: "url",
      required: true,
      help: "rtsp:// or rtsps:// URL; may bear a name and a password",
    },
  ],
  examples: [
    {
      comment: "Play, and open the page",
      command: "streamtool rtsp-play rtsp://127.0.0.1:8554/movie --open",
    },
    {
      comment: "Record ten seconds of a camera",
      command:
        "streamtool rtsp-play rtsp://camera/live --duration 10s --record out.mkv",
    },
    {
      comment: "Pass the pictures on",
      command:
        "streamtool rtsp-play rtsp://127.0.0.1:8554/movie -o - | ffplay -",
    },
    {
      comment: "A server of the course project",
      command:
        "streamtool rtsp-play rtsp://127.0.0.1:8554/movie.Mjpeg --dialect lab",
    },
  ],
  flags: {
    "transport": {
      kind: "choice",
      choices: ["auto", "udp", "tcp"],
      default: "auto",
      help: "How packets come; auto is UDP, and TCP when UDP does not work",
    },
    "dialect": {
      kind: "choice",
      choices: ["auto", "standard", "lab"],
      default: "auto",
      help: "Which RTSP the server speaks; lab is the course project's",
    },
    "latency": {
      kind: "duration",
      default: "100ms",
      help: "How long to wait for a missing packet",
    },
    "start": {
      kind: "duration",
      help: "Begin this far into the stream",
    },
    "duration": {
      kind: "duration",
      help: "End after playing this long",
    },
    "save": {
      kind: "path",
      valueName: "DIR",
      help: "Save each frame as DIR/frame_000001.jpg",
    },
    "keep": {
      kind: "integer",
      min: 1,
      help: "Keep only the newest N saved frames [all]",
    },
    "record": {
      kind: "path",
      valueName: "FILE",
      help: "Record the video, such as out.mkv, out.avi or out.mp4",
    },
    "output": {
      kind: "path",
      short: "o",
      valueName: "-",
      help: "- writes the pictures to standard output, as MJPEG",
    },
    ...RTSP_CLIENT_FLAGS,
    "page": {
      kind: "boolean",
      default: true,
      help: "Serve no page",
    },
    "page-port": {
      kind: "port",
      default: 0,
      env: "STREAMTOOL_PAGE_PORT",
      help: "Port of the page; 0 takes a free one",
    },
    "host": HOST_FLAG,
    "rtp-port": {
      kind: "port",
      group: "advanced",
      help: "UDP port for packets; the next one is for reports [a free pair]",
    },
    "reconnect": {
      kind: "boolean",
      default: true,
      group: "advanced",
      help: "Do not connect again when the connection is lost",
    },
    "exit-with-stdin": EXIT_WITH_STDIN,
  },
});

/** The options of `rtsp-play`. */
export type RtspPlayOptions = OptionsOf<typeof rtspPlay>;
