/**
 * `rtsp-probe`: what a server offers at a URL.
 *
 * @module
 */

import { redact } from "../../log/mod.ts";
import { parseRtspUrl, RtspProtocolError } from "../../rtsp/mod.ts";
import { SdpProtocolError } from "../../sdp/mod.ts";
import type { ServiceContext } from "../context.ts";
import { PlayError } from "./player.ts";
import { Conversation } from "./probe_conversation.ts";
import { probeLab } from "./probe_lab.ts";
import type { ProbeOptions, ProbeResult } from "./probe_result.ts";

/**
 * Asks a server for its methods, its description and its transports.
 *
 * @throws {PlayError} when there is no server, or it refuses.
 * @throws {RtspProtocolError} when the URL is none.
 */
export async function probeRtsp(
  options: ProbeOptions,
  context: ServiceContext,
): Promise<ProbeResult> {
  const url = parseRtspUrl(options.url);
  const standard = await Conversation.open(url, options, context.signal);
  let asked = false;
  try {
    const result = await standard.probe();
    if (result !== undefined) return result;
    asked = true;
  } catch (error) {
    // Whoever answers nonsense to OPTIONS may speak the teaching dialect.
    const mayBeLab = error instanceof RtspProtocolError &&
      !standard.answered;
    if (!mayBeLab) throw asPlayError(options.url, error);
  } finally {
    standard.close();
  }
  context.signal.throwIfAborted();
  return await probeLab(options, context, asked);
}

function asPlayError(url: string, error: unknown): unknown {
  if (error instanceof PlayError) return error;
  if (
    error instanceof RtspProtocolError || error instanceof SdpProtocolError
  ) {
    return new PlayError(`Cannot probe ${redact(url)}: ${error.message}`);
  }
  return error;
}
