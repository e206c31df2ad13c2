/**
 * `--publish` of `streamtool rtsp-serve`.
 *
 * @module
 */

import type { ServiceContext } from "../../services/context.ts";
import { RtspPublisher } from "../../services/rtsp_publisher/mod.ts";
import type { RtspServer } from "../../services/rtsp_server/mod.ts";
import { UsageError } from "../errors.ts";
import { readCredentials } from "../rtsp_flags.ts";
import type { RtspServeOptions } from "./rtsp_serve.ts";

/** A stream that is pushed elsewhere. */
export interface Push {
  /** Rejects when it cannot be published; settles never otherwise. */
  readonly failed: Promise<never>;
  /** Resolves when nothing is left of it, after its signal aborted. */
  readonly over: Promise<void>;
}

/**
 * Pushes the only stream of `server` where `--publish` says.
 *
 * @throws {UsageError} when there are several streams, or the URL is none.
 */
export async function startPush(
  options: RtspServeOptions,
  server: RtspServer,
  context: ServiceContext,
): Promise<Push | undefined> {
  const url = options.publish;
  if (url === undefined) return undefined;
  if (!/^rtsps?:\/\/[^/\s]+\/\S/i.test(url)) {
    throw new UsageError(
      `Cannot publish to "${url}": it is no rtsp:// or rtsps:// URL with a path, such as rtsp://media.example/live`,
    );
  }
  const { streams } = server.report();
  const [stream] = streams;
  const media = stream === undefined ? undefined : server.media(stream.path);
  if (media === undefined || streams.length > 1) {
    throw new UsageError(
      `Cannot publish ${streams.length} streams with --publish: serve one SOURCE, or start one command for each`,
    );
  }
  const publisher = new RtspPublisher(
    {
      url,
      transport: options.publishTransport,
      ...await readCredentials({
        user: options.publishUser,
        passwordFile: options.publishPasswordFile,
        ca: options.publishCa,
      }),
    },
    media,
    stream!.name,
    context,
  );
  const run = publisher.run();
  return {
    failed: new Promise((_, reject) => run.catch(reject)),
    over: run.catch(() => {}),
  };
}
