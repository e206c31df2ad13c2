/**
 * A coordinator under test and the peers that the test plays.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  ControlReader,
  encodeControlRequest,
  encodeSessionMessage,
  type JsonObject,
  parseSessionMessage,
  type PeerReport,
  type SessionMessage,
} from "../../../src/chain/mod.ts";
import { closeQuietly, writeAll } from "../../../src/net/mod.ts";
import {
  type ChainCoordinatorOptions,
  type RunningCoordinator,
  startChainCoordinator,
} from "../../../src/services/chain_coordinator/mod.ts";
import { type TestContext, testContext } from "../../support/service.ts";
import { waitUntil } from "../../support/wait.ts";
import { STRANDCAST } from "./peer_scene.ts";

/** Half a second of a small moving picture. */
export const COORDINATOR_OPTIONS: ChainCoordinatorOptions = {
  source: { kind: "pattern", width: 128, height: 96, fps: 30 },
  sourceLabel: "pattern",
  host: "127.0.0.1",
  port: 0,
  pagePort: undefined,
  startWhen: undefined,
  fps: undefined,
  quality: 80,
  loop: false,
  durationMs: 500,
  wire: "auto",
  strandcast: STRANDCAST,
  fragmentBytes: "auto",
  ffmpeg: undefined,
};

/** Runs `body` with a coordinator and ends it. */
export async function withCoordinator(
  options: Partial<ChainCoordinatorOptions>,
  body: (
    running: RunningCoordinator,
    context: TestContext,
    port: number,
  ) => Promise<void>,
): Promise<void> {
  const context = testContext();
  const running = await startChainCoordinator(
    { ...COORDINATOR_OPTIONS, ...options },
    context,
  );
  try {
    await body(running, context, running.coordinator.port);
  } finally {
    context.abort();
    await running.close();
  }
}

/** What an existing peer does: one object there, one back, both ends close. */
export async function ask(port: number, message: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(message));
  return await new Response(connection.readable).text().catch(() => "");
}

const IDLE_REPORT: Omit<PeerReport, "name"> = {
  state: "waiting",
  upstream: null,
  downstream: null,
  wire: null,
  streamId: 0,
  frameNumber: -1,
  framesReceived: 0,
  framesLost: 0,
  duplicates: 0,
  corrupt: 0,
  invalidFrames: 0,
  framesSaved: 0,
  framesNotSaved: 0,
  datagramsForwarded: 0,
  datagramsReceived: 0,
  bytesReceived: 0,
  fps: 0,
  kbps: 0,
  width: 0,
  height: 0,
  hopLatency: { p50: 0, p99: 0, max: 0, count: 0 },
  chainLatency: { p50: 0, p99: 0, max: 0, count: 0 },
  framesInStream: null,
};

/** A peer with a session that the test plays: registers, reports, remembers what it hears. */
export class SessionPeer implements AsyncDisposable {
  /** What the coordinator said after its answer. */
  readonly messages: SessionMessage[] = [];
  /** The coordinator's answer to `register`. */
  readonly answer: JsonObject;
  /** What its reports say, besides that it is there; may be changed. */
  report: Partial<PeerReport> = {};
  readonly #connection: Deno.TcpConn;
  readonly #listening: Promise<void>;
  readonly #reporting: ReturnType<typeof setInterval>;

  private constructor(
    connection: Deno.TcpConn,
    reader: ControlReader,
    answer: JsonObject,
    name: string,
  ) {
    this.#connection = connection;
    this.answer = answer;
    this.#listening = this.#listen(reader);
    this.#reporting = setInterval(() => {
      const report = { ...IDLE_REPORT, ...this.report, name };
      this.#say({ type: "report", report }).catch(() => {});
    }, 200);
  }

  /** Registers `name` over a session from `hostname`'s side of this machine. */
  static async join(
    port: number,
    name: string,
    { hostname = "127.0.0.1", udpPort = 10_001 } = {},
  ): Promise<SessionPeer> {
    const connection = await Deno.connect({ hostname, port });
    await writeAll(
      connection,
      encodeControlRequest({
        type: "register",
        name,
        port: udpPort,
        controlPort: 1,
        binary: true,
        page: undefined,
        bufferBytes: undefined,
        session: true,
      }),
    );
    const reader = new ControlReader();
    const answer = await next(connection, reader);
    assert.ok(answer !== undefined, "the coordinator did not answer");
    return new SessionPeer(connection, reader, answer, name);
  }

  /** The newest message of that type, when there is one or comes one for which `holds`. */
  message<Type extends SessionMessage["type"]>(
    type: Type,
    holds: (message: SessionMessage & { type: Type }) => boolean = () => true,
  ): Promise<SessionMessage & { type: Type }> {
    return waitUntil(
      () =>
        this.messages.findLast((message) =>
          message.type === type &&
          holds(message as SessionMessage & { type: Type })
        ),
      { what: `a message "${type}"` },
    ) as Promise<SessionMessage & { type: Type }>;
  }

  /** Goes without a word. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#reporting);
    closeQuietly(this.#connection);
    await this.#listening;
  }

  #say(message: SessionMessage): Promise<void> {
    return writeAll(this.#connection, encodeSessionMessage(message));
  }

  async #listen(reader: ControlReader): Promise<void> {
    try {
      for (;;) {
        const object = await next(this.#connection, reader);
        if (object === undefined) return;
        this.messages.push(parseSessionMessage(object));
      }
    } catch {
      // The connection was closed.
    }
  }
}

async function next(
  connection: Deno.TcpConn,
  reader: ControlReader,
): Promise<JsonObject | undefined> {
  const buffer = new Uint8Array(4096);
  for (;;) {
    const object = reader.next();
    if (object !== undefined) return object;
    const count = await connection.read(buffer);
    if (count === null) return undefined;
    reader.push(buffer.subarray(0, count));
  }
}
