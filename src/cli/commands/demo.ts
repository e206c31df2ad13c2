/**
 * The table of `demo`.
 *
 * @module
 */

import { defineCommand } from "../command.ts";
import type { OptionsOf } from "../command.ts";

/** `streamtool demo` */
export const demo = defineCommand({
  name: "demo",
  summary:
    "Makes a clip, sends it through a chain of four peers and shows it on a page",
  lifetime: "job",
  examples: [
    { comment: "Watch it in the browser", command: "streamtool demo --open" },
    {
      comment:
        "A short one, with the clip, the frames and the logs in a folder of yours",
      command: "streamtool demo --seconds 5 --dir demo",
    },
  ],
  exitCodes: {
    1: "failed, or a frame is missing at a peer",
  },
  flags: {
    "seconds": {
      kind: "number",
      min: 0.5,
      max: 600,
      default: 20,
      help: "Length of the clip",
    },
    "dir": {
      kind: "path",
      valueName: "DIR",
      help:
        "Folder for the clip and all that comes of it [a new temporary one]",
    },
    "page-port": {
      kind: "port",
      default: 8090,
      env: "STREAMTOOL_PAGE_PORT",
      help: "Port of the page; 0 takes a free one",
    },
  },
});

/** The options of `demo`. */
export type DemoOptions = OptionsOf<typeof demo>;
