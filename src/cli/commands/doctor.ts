/**
 * The table of `doctor`.
 *
 * @module
 */

import { defineCommand } from "../command.ts";
import type { OptionsOf } from "../command.ts";

/** `streamtool doctor` */
export const doctor = defineCommand({
  name: "doctor",
  summary:
    "Checks what this machine offers to the other commands, and tells what to do about it",
  lifetime: "job",
  examples: [
    { comment: "Look at everything", command: "streamtool doctor" },
    { comment: "For a script", command: "streamtool doctor --json" },
  ],
  exitCodes: { 1: "something that is needed does not work" },
  flags: {},
});

/** The options of `doctor`. */
export type DoctorOptions = OptionsOf<typeof doctor>;
