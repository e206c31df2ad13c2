/**
 * The table of `referee-worker`.
 *
 * @module
 */

import { defineCommand } from "../command.ts";
import type { OptionsOf } from "../command.ts";
import { EXIT_WITH_STDIN } from "../common_flags.ts";
import { ANALYSIS_FLAGS } from "../referee_analysis_flags.ts";

const { analysis: _, ...FLAGS } = ANALYSIS_FLAGS;

/** `streamtool referee-worker`. */
export const refereeWorker = defineCommand({
  name: "referee-worker",
  summary:
    "Analyses the recordings that referee servers put on a queue in Redis",
  description:
    "Start as many as there are machines: each takes a recording when it is free, and results and progress " +
    "go back to the client that waits at its server. --output-dir has to be the same folder as the server's, " +
    "on a share that both see. A worker that is killed loses nothing: the next one takes its recording over " +
    "after --stalled-after. How pictures are looked at is said here, not at the server.",
  lifetime: "server",
  commonEnv: { "log-level": "REFEREE_LOG_LEVEL" },
  positionals: [
    {
      name: "queue",
      help: "redis://HOST:PORT, or rediss:// for TLS [redis://127.0.0.1:6379]",
    },
  ],
  examples: [
    {
      comment:
        "Work for the server of this machine that has --queue redis://127.0.0.1:6379",
      command: "streamtool referee-worker",
    },
    {
      comment: "Work for one elsewhere, on the folder that both see",
      command:
        "streamtool referee-worker redis://10.0.0.5:6379 --output-dir /mnt/phrases",
    },
  ],
  flags: {
    "output-dir": {
      kind: "path",
      valueName: "DIR",
      default: "referee_results",
      env: "REFEREE_OUTPUT_DIR",
      help: "The folder that is the server's --output-dir",
    },
    "jobs": {
      kind: "integer",
      min: 1,
      max: 64,
      default: 1,
      help: "Recordings at once",
    },
    "stalled-after": {
      kind: "duration",
      default: "30s",
      group: "advanced",
      help: "A worker that is silent for so long has lost its recording",
    },
    ...FLAGS,
    "exit-with-stdin": EXIT_WITH_STDIN,
  },
});

/** The options of `referee-worker`. */
export type RefereeWorkerCliOptions = OptionsOf<typeof refereeWorker>;
