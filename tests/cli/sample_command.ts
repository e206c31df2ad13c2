/**
 * A command with one flag of each kind, for tests.
 *
 * @module
 */

import { bindCommand, defineCommand } from "../../src/cli/command.ts";
import type {
  Command,
  CommandContext,
  OptionsOf,
} from "../../src/cli/command.ts";

/** The table. */
export const sample = defineCommand({
  name: "sample",
  summary: "Shows one flag of each kind",
  lifetime: "job",
  positionals: [
    { name: "first", required: true, help: "what comes first" },
    { name: "udp-port", kind: "port", help: "a port" },
  ],
  examples: [{ comment: "Run it", command: "streamtool sample x" }],
  flags: {
    "loop": { kind: "boolean", help: "again" },
    "save": { kind: "boolean", default: true, help: "do not save" },
    "name": { kind: "string", env: "SAMPLE_NAME", help: "a name" },
    "output": { kind: "path", short: "o", help: "where to" },
    "count": { kind: "integer", min: 1, max: 9, default: 3, help: "how many" },
    "fps": { kind: "number", min: 0.5, help: "how fast" },
    "fragment": {
      kind: "integer",
      min: 100,
      words: ["auto"],
      default: "auto",
      help: "how large",
    },
    "port": {
      kind: "port",
      short: "p",
      default: 9000,
      env: "STREAMTOOL_PORT",
      help: "where",
    },
    "limit": { kind: "size", default: "60KB", help: "at most" },
    "duration": { kind: "duration", help: "how long" },
    "wire": {
      kind: "choice",
      choices: ["auto", "binary"],
      default: "auto",
      help: "how",
    },
    "user": {
      kind: "string",
      repeatable: true,
      env: "SAMPLE_USERS",
      help: "who",
    },
  },
});

/** Its options. */
export type SampleOptions = OptionsOf<typeof sample>;

/** The command with a body of the test's choice. */
export function sampleCommand(
  run: (options: SampleOptions, context: CommandContext) => Promise<number>,
): Command {
  return bindCommand(sample, () => Promise.resolve({ run }));
}
