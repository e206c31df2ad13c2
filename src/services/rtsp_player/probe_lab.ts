/**
 * `rtsp-probe` where a server speaks the teaching dialect.
 *
 * @module
 */

import { redact } from "../../log/mod.ts";
import type { ServiceContext } from "../context.ts";
import { USER_AGENT } from "./connect.ts";
import { Link } from "./link.ts";
import { PlayError } from "./player.ts";
import type { ProbeOptions, ProbeResult } from "./probe_result.ts";

/** Milliseconds that the teaching dialect's SETUP may take. */
const LAB_TIMEOUT_MS = 5000;

/**
 * SETUP in the teaching dialect, given up at once; `silent` when the server has
 * already said nothing to the standard.
 *
 * @throws {PlayError} when it speaks neither.
 */
export async function probeLab(
  options: ProbeOptions,
  { signal }: ServiceContext,
  silent: boolean,
): Promise<ProbeResult> {
  let ready = false;
  const link = new Link({
    ...options,
    transport: "udp",
    dialect: "lab",
    rtpPort: undefined,
    latencyMs: 0,
    start: undefined,
    paused: true,
    userAgent: USER_AGENT,
  }, {
    described: () => {},
    ready: () => {
      ready = true;
      link.teardown();
    },
    playing: () => {},
    paused: () => {},
    fallback: () => {},
    frame: () => {},
    streamEnded: () => {},
  });
  const giveUp = (): void => link.teardown();
  const timer = setTimeout(giveUp, LAB_TIMEOUT_MS);
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    const outcome = await link.run();
    signal.throwIfAborted();
    if (!ready) {
      throw new PlayError(
        outcome.type === "failed" && !silent
          ? outcome.message
          : `Cannot probe ${
            redact(options.url)
          }: the server answers neither the standard nor the teaching dialect`,
      );
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
  return {
    url: redact(options.url),
    dialect: "lab",
    server: null,
    methods: ["SETUP", "PLAY", "PAUSE", "TEARDOWN"],
    name: null,
    duration: null,
    tracks: [{
      type: "video",
      codecs: ["JPEG"],
      payloadTypes: [26],
      protocol: "RTP/UDP",
      url: redact(options.url),
      fps: null,
      width: null,
      height: null,
      playable: true,
    }],
    transports: { udp: 200 },
    authentication: null,
    roundTripMs: null,
  };
}
