/**
 * The table of `referee-send`.
 *
 * @module
 */

import { defineCommand } from "../command.ts";
import type { OptionsOf } from "../command.ts";
import { EXIT_WITH_STDIN, FPS_FLAG } from "../common_flags.ts";
import { TOKEN_FILE_FLAG } from "../referee_flags.ts";

/** `streamtool referee-send`. */
export const refereeSend = defineCommand({
  name: "referee-send",
  summary:
    "Sends a fencing phrase and its signal file to a referee server and shows the decision",
  description:
    "The video is a file, rtsp:// or http://, camera:0 or pattern; pictures that are JPEG already are " +
    "sent as they are. Frames stay here until the server has them on disk, so a broken connection is " +
    "mended and loses nothing. With --scoring-box the signal is what the box says while the phrase is " +
    "recorded, up to its line that the recording ended. While it records it reads words from standard " +
    "input: stop, help, quit.",
  lifetime: "job",
  commonEnv: { "log-level": "REFEREE_LOG_LEVEL" },
  positionals: [
    {
      name: "server",
      help: "HOST:PORT, or a ws://, wss://, http:// or https:// URL " +
        "[127.0.0.1:8080]",
    },
  ],
  examples: [
    {
      comment: "Send a recorded phrase to this machine's server",
      command: "streamtool referee-send --video phrase.mp4 --signal phrase.txt",
    },
    {
      comment: "Record the camera and the scoring box on a serial port",
      command:
        "streamtool referee-send 10.0.0.5:8080 --camera 0 --scoring-box /dev/ttyUSB0",
    },
    {
      comment: "Go on with a phrase whose sender was ended",
      command:
        "streamtool referee-send --video p.mp4 --signal p.txt --session-id p --resume",
    },
  ],
  flags: {
    "video": {
      kind: "string",
      valueName: "SOURCE",
      help:
        "Video file, rtsp:// or http:// URL, camera:N, pattern, or - for MJPEG on standard input",
    },
    "camera": {
      kind: "integer",
      min: 0,
      max: 255,
      help: "Record camera N: the same as --video camera:N",
    },
    "signal": {
      kind: "path",
      valueName: "FILE",
      help: "The scoring box's file; - reads it from standard input meanwhile",
    },
    "scoring-box": {
      kind: "path",
      valueName: "DEVICE",
      help:
        "Serial port, pipe or growing log of the box, read while the phrase is recorded",
    },
    "duration": {
      kind: "duration",
      help: "End the recording after this",
    },
    "realtime": {
      kind: "boolean",
      help: "Send a file at its own rate, as a camera would",
    },
    "session-id": {
      kind: "string",
      valueName: "ID",
      help: "The phrase's name [phrase_ and the time]",
    },
    "encoding": {
      kind: "choice",
      choices: ["jpeg", "png", "raw"],
      synonyms: { jpg: "jpeg" },
      default: "jpeg",
      help: "How frames are sent; png and raw lose nothing and take more room",
    },
    "jpeg-quality": {
      kind: "integer",
      min: 1,
      max: 100,
      default: 85,
      help: "JPEG quality, 1 to 100, of what must be encoded",
    },
    "fps": FPS_FLAG,
    "output": {
      kind: "path",
      short: "o",
      valueName: "FILE",
      help: "Write the result there as JSON",
    },
    "mode": {
      kind: "choice",
      choices: ["auto", "stream", "upload"],
      default: "auto",
      help: "auto streams, and uploads where the server takes no streams",
    },
    "window": {
      kind: "integer",
      min: 1,
      max: 1024,
      words: ["auto"],
      default: "auto",
      help: "Frames under way without an ack; auto does as the server says",
    },
    "resume": {
      kind: "boolean",
      help: "Go on with what the server has of --session-id",
    },
    "swap-sides": {
      kind: "boolean",
      help: "Left and right are exchanged in the signal file",
    },
    "token-file": TOKEN_FILE_FLAG,
    "ca": {
      kind: "path",
      valueName: "FILE",
      group: "advanced",
      help: "Certificates to trust besides the system's, PEM",
    },
    "baud": {
      kind: "integer",
      min: 50,
      max: 4_000_000,
      default: 9600,
      group: "advanced",
      help: "Speed of the scoring box's serial port",
    },
    "exit-with-stdin": EXIT_WITH_STDIN,
  },
  exitCodes: {
    1: "no result: the video, the server or its analysis failed",
  },
});

/** The options of `referee-send`. */
export type RefereeSendCliOptions = OptionsOf<typeof refereeSend>;
