/**
 * A referee server in this process, and a client that speaks raw WebSocket:
 * what the documents' Python client sends, byte for byte of our own making.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { refereeLimits } from "../../../src/referee/mod.ts";
import {
  type RefereeServerOptions,
  type RunningReferee,
  startRefereeServer,
} from "../../../src/services/referee_server/mod.ts";
import { type TestContext, testContext } from "../../support/service.ts";
import { waitUntil } from "../../support/wait.ts";

/** A server with a folder of its own; both are gone at the end. */
export interface TestReferee extends AsyncDisposable {
  readonly server: RunningReferee;
  readonly context: TestContext;
  /** The output folder. */
  readonly folder: string;
  /** What `/streaming/stats` says. */
  stats(): Promise<Record<string, unknown>>;
  /** Names in the output folder, and below it in the spool. */
  artifacts(): Promise<string[]>;
  spooled(): Promise<string[]>;
}

/** Starts a server; `folder` is kept when it is given. */
export async function startReferee(
  options?: Partial<RefereeServerOptions>,
  folder?: string,
): Promise<TestReferee> {
  const outputDir = folder ?? await Deno.makeTempDir({ prefix: "referee_" });
  const context = testContext();
  const server = await startRefereeServer({
    host: "127.0.0.1",
    port: 0,
    outputDir,
    limits: refereeLimits(),
    spill: true,
    token: undefined,
    tls: undefined,
    allowedHosts: [],
    retention: { ageMs: undefined, bytes: undefined },
    resumeMs: 3_600_000,
    analyzer: undefined,
    ffmpeg: undefined,
    ...options,
  }, context);
  let closed = false;
  return {
    server,
    context,
    folder: outputDir,
    async stats(): Promise<Record<string, unknown>> {
      return await (await fetch(`${server.url}streaming/stats`)).json();
    },
    async artifacts(): Promise<string[]> {
      return (await names(outputDir)).filter((name) => name !== ".spool");
    },
    spooled: () => names(join(outputDir, ".spool")),
    async [Symbol.asyncDispose](): Promise<void> {
      if (closed) return;
      closed = true;
      await server.close();
      if (folder === undefined) {
        await Deno.remove(outputDir, { recursive: true });
      }
    },
  };
}

async function names(folder: string): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) found.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found.sort();
}

/** How long a message may take on a loaded machine: a worker is compiled for some of them. */
const PATIENCE_MS = 60_000;

/** A message of the server. */
// deno-lint-ignore no-explicit-any -- tests look into it as a client would
export type Json = any;

/** A WebSocket client made of a TCP connection. */
export class RawClient implements AsyncDisposable {
  /** Text messages that were read and not taken. */
  readonly inbox: Json[] = [];
  /** The close frame's code, when it came. */
  closeCode: number | undefined;
  /** Whether the connection is over. */
  ended = false;
  readonly #conn: Deno.Conn;
  readonly #reading: Promise<void>;
  #bytes = new Uint8Array();

  private constructor(conn: Deno.Conn, rest: Uint8Array) {
    this.#conn = conn;
    this.#bytes = rest.slice();
    this.#reading = this.#read();
  }

  /** Shakes hands; throws with the answer's first line when the server does not want to. */
  static async connect(
    port: number,
    { path = "/stream", headers = "", tls }: {
      path?: string;
      headers?: string;
      tls?: string;
    } = {},
  ): Promise<RawClient> {
    const conn = tls === undefined
      ? await Deno.connect({ hostname: "127.0.0.1", port })
      : await Deno.connectTls({ hostname: "localhost", port, caCerts: [tls] });
    await writeAll(
      conn,
      new TextEncoder().encode(
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\n` +
          "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
          `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}\r\n`,
      ),
    );
    let head = new Uint8Array();
    const buffer = new Uint8Array(4096);
    for (;;) {
      const count = await conn.read(buffer);
      assert.ok(count !== null, "the server closed instead of answering");
      head = joined(head, buffer.subarray(0, count));
      const text = new TextDecoder("latin1").decode(head);
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) continue;
      if (!text.startsWith("HTTP/1.1 101 ")) {
        conn.close();
        throw new Error(text.slice(0, text.indexOf("\r\n")));
      }
      return new RawClient(conn, head.subarray(end + 4));
    }
  }

  /** Sends one JSON message. */
  async say(message: unknown): Promise<void> {
    const text = typeof message === "string"
      ? message
      : JSON.stringify(message);
    await writeAll(this.#conn, wsFrame(1, new TextEncoder().encode(text)));
  }

  /** Sends one binary message. */
  async bytes(bytes: Uint8Array): Promise<void> {
    await writeAll(this.#conn, wsFrame(2, bytes));
  }

  /** Sends whatever bytes, as they are. */
  async raw(bytes: Uint8Array): Promise<void> {
    await writeAll(this.#conn, bytes);
  }

  /** Sends a frame as the documents' client does: metadata, then bytes. */
  async frame(
    session_id: string,
    frame_number: number,
    bytes: Uint8Array,
    extra: Record<string, unknown> = {},
  ): Promise<void> {
    await this.say({
      type: "frame",
      session_id,
      frame_number,
      timestamp: frame_number / 30,
      encoding: "jpeg",
      quality: 85,
      size: bytes.length,
      ...extra,
    });
    await this.bytes(bytes);
  }

  /** The next text message. */
  async next(): Promise<Json> {
    await waitUntil(() => this.inbox.length > 0 || this.ended, {
      what: "a message",
      within: PATIENCE_MS,
    });
    const message = this.inbox.shift();
    assert.ok(
      message !== undefined,
      `the connection is over with ${this.closeCode}`,
    );
    return message;
  }

  /** The next message of a type; those before it are dropped. */
  async until(type: string): Promise<Json> {
    for (;;) {
      const message = await this.next();
      if (message.type === type) return message;
    }
  }

  /** Waits for the end; gives the close frame's code. */
  async closed(): Promise<number | undefined> {
    await waitUntil(() => this.ended, {
      what: "the end of the connection",
      within: PATIENCE_MS,
    });
    return this.closeCode;
  }

  /** Cuts the connection without a word. */
  async cut(): Promise<void> {
    try {
      this.#conn.close();
    } catch {
      // The server was faster.
    }
    await this.#reading;
  }

  /** Cuts at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.cut();
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(65_536);
    for (;;) {
      this.#takeFrames();
      const count = await this.#conn.read(buffer).catch(() => null);
      if (count === null) break;
      this.#bytes = joined(this.#bytes, buffer.subarray(0, count));
    }
    this.ended = true;
  }

  #takeFrames(): void {
    for (;;) {
      const bytes = this.#bytes;
      if (bytes.length < 2) return;
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      const short = bytes[1]! & 0x7f;
      const head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (bytes.length < head) return;
      const length = short < 126
        ? short
        : short === 126
        ? view.getUint16(2)
        : Number(view.getBigUint64(2));
      if (bytes.length < head + length) return;
      const payload = bytes.subarray(head, head + length);
      const opcode = bytes[0]! & 0x0f;
      if (opcode === 1) {
        this.inbox.push(JSON.parse(new TextDecoder().decode(payload)));
      } else if (opcode === 8) {
        this.closeCode = (payload[0]! << 8) | payload[1]!;
        this.raw(wsFrame(8, payload)).catch(() => {}); // the goodbye is answered
      }
      this.#bytes = bytes.slice(head + length);
    }
  }
}

/** A client's WebSocket frame, masked as RFC 6455 wants it. */
export function wsFrame(
  opcode: number,
  payload: Uint8Array,
  final = true,
): Uint8Array<ArrayBuffer> {
  const head = [
    (final ? 0x80 : 0) | opcode,
    0x80 |
    (payload.length < 126
      ? payload.length
      : payload.length < 65_536
      ? 126
      : 127),
  ];
  const lengthBytes = payload.length < 126
    ? 0
    : payload.length < 65_536
    ? 2
    : 8;
  for (let byte = lengthBytes - 1; byte >= 0; byte--) {
    head.push(Math.floor(payload.length / 256 ** byte) % 256);
  }
  const key = [0x12, 0x34, 0x56, 0x78];
  const frame = new Uint8Array(head.length + 4 + payload.length);
  frame.set([...head, ...key]);
  for (let at = 0; at < payload.length; at++) {
    frame[head.length + 4 + at] = payload[at]! ^ key[at & 3]!;
  }
  return frame;
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await conn.write(bytes.subarray(at));
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** A scoring box's file of a phrase in which only one fencer scored. */
export const SINGLE_LIGHT: Uint8Array = new TextEncoder().encode(
  [
    " 0.000s | Phrase recording started",
    " 0.500s | HIT: Right scores on Left!",
    " 0.900s | Phrase recording ended",
    "Scores -> Fencer 1: HIT, Fencer 2: MISS",
    "",
  ].join("\n"),
);
