/**
 * The table of `rtsp-probe`.
 *
 * @module
 */

import { defineCommand } from "../command.ts";
import type { OptionsOf } from "../command.ts";
import { RTSP_CLIENT_FLAGS } from "../rtsp_flags.ts";

/** `streamtool rtsp-probe` */
export const rtspProbe = defineCommand({
  name: "rtsp-probe",
  summary: "Tells what an RTSP server offers at a URL",
  description:
    "Asks for methods and description and tries SETUP over UDP and TCP; plays nothing.",
  lifetime: "job",
  positionals: [
    {
      name: "url",
      required: true,
      help: "rtsp:// or rtsps:// URL; may bear a name and a password",
    },
  ],
  examples: [
    {
      comment: "What is there?",
      command: "streamtool rtsp-probe rtsp://127.0.0.1:8554/movie",
    },
    {
      comment: "The same for a program",
      command: "streamtool rtsp-probe rtsp://127.0.0.1:8554/movie --json",
    },
  ],
  flags: { ...RTSP_CLIENT_FLAGS },
});

/** The options of `rtsp-probe`. */
export type RtspProbeOptions = OptionsOf<typeof rtspProbe>;
