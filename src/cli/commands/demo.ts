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
    "Runs all systems at once on a clip it makes, and shows them on one page",
  description:
    "Each part is processes of this program, with commands that the page has to copy. In a terminal it goes on until Ctrl+C, elsewhere it ends when each part has shown that it works.",
  lifetime: "job",
  examples: [
    { comment: "Watch it in the browser", command: "streamtool demo --open" },
    {
      comment:
        "A short one, with the clip, the frames and the logs in a folder of yours",
      command: "streamtool demo --once --seconds 5 --dir demo",
    },
  ],
  exitCodes: {
    1: "failed, or a part did not show that it works",
  },
  flags: {
    "once": {
      kind: "boolean",
      help:
        "End when each part has shown that it works [where standard output is no terminal]",
    },
    "stay": {
      kind: "boolean",
      help: "Go on until Ctrl+C [in a terminal]",
    },
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
