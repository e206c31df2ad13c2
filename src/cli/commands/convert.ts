/**
 * The table of `convert`.
 *
 * @module
 */

import { defineCommand } from "../command.ts";
import type { OptionsOf } from "../command.ts";
import { FPS_FLAG, QUALITY_FLAG } from "../common_flags.ts";

/** `streamtool convert`; two arguments, as every converter has them. */
export const convert = defineCommand({
  name: "convert",
  summary: "Makes a MJPEG movie file of the course project from any video",
  description:
    "Such a file is JPEG pictures one after another; ascii and binary have each picture's length " +
    "in five digits or five bytes before it. It says no frame rate: servers play it at their own " +
    "(rtsp-serve --fps). A picture that is too large for its packet is encoded coarser; pictures " +
    "that are JPEG already and small enough stay as they are, byte for byte. Cut off, it leaves no file.",
  lifetime: "job",
  positionals: [
    {
      name: "in",
      kind: "path",
      required: true,
      help:
        "Video file, rtsp:// or http:// URL, camera:0, pattern:640x480@24, or - for MJPEG on " +
        "standard input",
    },
    {
      name: "out",
      kind: "path",
      required: true,
      help: "File to write, or - for standard output",
    },
  ],
  examples: [
    {
      comment: "Make the movie that the course's servers play",
      command:
        "streamtool convert film.mp4 movie.Mjpeg --size 640x480 --fps 24",
    },
    {
      comment: "Ten seconds of a test picture, lengths in binary",
      command:
        "streamtool convert pattern out.mjpeg --container binary --duration 10s",
    },
    {
      comment: "Plain JPEGs of any size to another program",
      command: "streamtool convert film.mp4 - --container raw | ffplay -",
    },
  ],
  flags: {
    "container": {
      kind: "choice",
      choices: ["ascii", "binary", "raw"],
      default: "ascii",
      help: "What stands before each picture: digits, bytes or nothing",
    },
    "fps": FPS_FLAG,
    "size": {
      kind: "string",
      valueName: "WxH",
      help: "Picture size, such as 640x480 [the source's]",
    },
    "quality": QUALITY_FLAG,
    "max-packet": {
      kind: "size",
      valueName: "SIZE",
      help:
        "Largest picture, so that it fits one packet [20480 bytes; raw: any]",
    },
    "start": {
      kind: "duration",
      help: "Skip this much of the source",
    },
    "duration": {
      kind: "duration",
      help: "Convert this much",
    },
  },
});

/** The options of `convert`. */
export type ConvertOptions = OptionsOf<typeof convert>;
