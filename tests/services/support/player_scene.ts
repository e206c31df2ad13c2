/**
 * A player under test: what it is told when a test says nothing, and what it
 * showed.
 *
 * @module
 */

import { join } from "node:path";
import { startRtspPlayer } from "../../../src/services/rtsp_player/mod.ts";
import type {
  PlayerReport,
  RtspPlayerOptions,
  RunningPlayer,
} from "../../../src/services/rtsp_player/mod.ts";
import { type TestContext, testContext } from "../../support/service.ts";

/** The options of a player of `url` without a page. */
export function playerOptions(
  url: string,
  more: Partial<RtspPlayerOptions> = {},
): RtspPlayerOptions {
  return {
    url,
    transport: "auto",
    dialect: "standard",
    rtpPort: undefined,
    latencyMs: 100,
    durationMs: undefined,
    start: undefined,
    username: undefined,
    password: undefined,
    caCerts: [],
    reconnect: true,
    saveDir: undefined,
    keep: undefined,
    record: undefined,
    write: undefined,
    host: "127.0.0.1",
    pagePort: undefined,
    ffmpeg: undefined,
    ...more,
  };
}

/** What a player did. */
export interface Played {
  readonly report: PlayerReport;
  readonly context: TestContext;
  /** The frames it saved, by number. */
  readonly saved: Map<number, Uint8Array>;
}

/** Plays to the stream's end, or until `during` is done; saves every frame. */
export async function playAndSave(
  url: string,
  more?: Partial<RtspPlayerOptions>,
  during?: (running: RunningPlayer, context: TestContext) => Promise<void>,
): Promise<Played> {
  const folder = await Deno.makeTempDir({ prefix: "streamtool_played_" });
  try {
    const saveDir = join(folder, "frames");
    const context = testContext();
    const running = await startRtspPlayer(
      playerOptions(url, { saveDir, ...more }),
      context,
    );
    try {
      if (during !== undefined) {
        await during(running, context);
        context.abort();
      }
    } finally {
      if (during !== undefined) context.abort();
      await running.finished;
    }
    const report = await running.close();
    const saved = new Map<number, Uint8Array>();
    for (const { name } of Deno.readDirSync(saveDir)) {
      const number = Number(/(\d+)\.jpg$/.exec(name)?.[1]);
      saved.set(number, Deno.readFileSync(join(saveDir, name)));
    }
    return { report, context, saved };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
