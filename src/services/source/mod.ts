/**
 * A SOURCE of any kind, for every service that plays one: what ffmpeg and files
 * give, and the streams of chain peers.
 *
 * @module
 */

import {
  type FrameSource,
  openSource,
  type OpenSourceOptions,
  type SourceSpec,
} from "../../media/mod.ts";
import { openChainSource } from "./chain_source.ts";

/**
 * Opens what `spec` names.
 *
 * @throws {MediaError} when the source cannot be read.
 * @throws {MissingProgramError} when it needs ffmpeg and there is none.
 * @throws the signal's reason when it aborts.
 */
export function openAnySource(
  spec: SourceSpec,
  options: OpenSourceOptions,
): Promise<FrameSource> {
  return spec.kind === "chain"
    ? openChainSource(spec, options)
    : openSource(spec, options);
}
