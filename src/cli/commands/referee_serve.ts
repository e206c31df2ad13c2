/**
 * The table of `referee-serve`.
 *
 * @module
 */

import { defineCommand } from "../command.ts";
import type { OptionsOf } from "../command.ts";
import { EXIT_WITH_STDIN, HOST_FLAG } from "../common_flags.ts";
import { ANALYSIS_FLAGS } from "../referee_analysis_flags.ts";
import { QUEUE_FLAGS } from "../referee_queue_flags.ts";
import { LIMIT_FLAGS, TOKEN_FILE_FLAG } from "../referee_flags.ts";

/** `streamtool referee-serve`. */
export const refereeServe = defineCommand({
  name: "referee-serve",
  summary:
    "Takes the frames of fencing phrases over a WebSocket and answers with a decision",
  description:
    "Clients stream to /stream or upload to /analyze; the page at / shows sessions and results. Frames " +
    "are on disk before they are acknowledged: a client whose connection broke goes on where it was, " +
    "even after the server was killed. What a recording leaves is in a folder of its own in --output-dir. " +
    "While it runs it reads words from standard input: list, results, status, help, quit.",
  lifetime: "server",
  commonEnv: { "log-level": "REFEREE_LOG_LEVEL" },
  examples: [
    {
      comment: "Serve this machine; the page is http://127.0.0.1:8080/",
      command: "streamtool referee-serve",
    },
    {
      comment: "Serve the hall, whoever knows the token",
      command: "streamtool referee-serve --host 0.0.0.0 --token-file token.txt",
    },
    {
      comment: "Let referee-worker processes of any machine analyse",
      command: "streamtool referee-serve --queue redis://127.0.0.1:6379",
    },
    {
      comment: "Keep recordings for a week, and at most 50 GB of them",
      command: "streamtool referee-serve --keep-for 168h --keep-bytes 50GB",
    },
  ],
  flags: {
    "host": {
      ...HOST_FLAG,
      env: "REFEREE_HOST",
      alsoEnv: "STREAMTOOL_HOST",
    },
    "port": {
      kind: "port",
      default: 8080,
      env: "REFEREE_PORT",
      help: "Port of the WebSocket and the page; 0 takes a free one",
    },
    "output-dir": {
      kind: "path",
      valueName: "DIR",
      default: "referee_results",
      env: "REFEREE_OUTPUT_DIR",
      help: "Folder for recordings and results; nothing is written elsewhere",
    },
    "token-file": TOKEN_FILE_FLAG,
    "cert": {
      kind: "path",
      valueName: "FILE",
      help: "Certificate (PEM): wss and https then",
    },
    "key": {
      kind: "path",
      valueName: "FILE",
      help: "Private key (PEM) of the certificate",
    },
    "keep-for": {
      kind: "duration",
      env: "REFEREE_KEEP_FOR",
      help: "Remove recordings that are older [they stay]",
    },
    "keep-bytes": {
      kind: "size",
      env: "REFEREE_KEEP_BYTES",
      help: "Remove the oldest recordings beyond this [they stay]",
    },
    "spill": {
      kind: "boolean",
      default: true,
      env: "REFEREE_SPILL",
      help:
        "Keep frames in memory only: nothing can be resumed and the memory limit is an error",
    },
    "resume-for": {
      kind: "duration",
      default: "1h",
      group: "advanced",
      env: "REFEREE_RESUME_FOR",
      help: "A session whose connection broke waits so long for its client",
    },
    "allow-host": {
      kind: "string",
      valueName: "NAME",
      repeatable: true,
      group: "advanced",
      help:
        "A name that the server goes by, besides its addresses and localhost",
    },
    ...ANALYSIS_FLAGS,
    ...QUEUE_FLAGS,
    ...LIMIT_FLAGS,
    "exit-with-stdin": EXIT_WITH_STDIN,
  },
});

/** The options of `referee-serve`. */
export type RefereeServeOptions = OptionsOf<typeof refereeServe>;
