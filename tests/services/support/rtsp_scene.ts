/**
 * A running RTSP server, and raw clients that see every byte of it.
 *
 * @module
 */

import { join } from "node:path";
import { JpegDepacketizer } from "../../../src/rtp/mod.ts";
import {
  decodeRtcpCompound,
  decodeRtpPacket,
  looksLikeRtcp,
  type RtcpPacket,
  type RtpPacket,
} from "../../../src/rtp/mod.ts";
import { parseSource } from "../../../src/media/mod.ts";
import {
  type RtspServeOptions,
  type RunningRtspServer,
  startRtspServer,
} from "../../../src/services/rtsp_server/mod.ts";
import { ffmpegPath, makeJpegs } from "../../support/clips.ts";
import { type TestContext, testContext } from "../../support/service.ts";
import { settled } from "../../support/wait.ts";

/** A server under test. */
export interface RtspScene {
  readonly running: RunningRtspServer;
  readonly context: TestContext;
  /** A folder of the test's own; `movie.mjpeg` is in it. */
  readonly dir: string;
  readonly port: number;
  /** `rtsp://127.0.0.1:port/path`. */
  url(path: string): string;
  /** A client that is closed with the scene. */
  connect(): Promise<RtspClient>;
}

/** What a scene may change. */
export type SceneOptions = Partial<Omit<RtspServeOptions, "sources">> & {
  /** Names in the folder, URLs; `movie.mjpeg` when left out. */
  readonly sources?: readonly string[];
  /** Frames of `movie.mjpeg`, 48 by default: two seconds. */
  readonly frames?: number;
  /** Puts more files into the folder before the server starts. */
  readonly prepare?: (dir: string) => Promise<void>;
};

/** Runs `use` with a server and closes everything after it. */
export async function withRtspServer(
  options: SceneOptions,
  use: (scene: RtspScene) => Promise<void>,
): Promise<void> {
  const { sources = ["movie.mjpeg"], frames = 48, prepare, ...rest } = options;
  const dir = await Deno.makeTempDir({ prefix: "streamtool_rtsp_" });
  const context = testContext();
  const clients: RtspClient[] = [];
  try {
    await writeMovie(join(dir, "movie.mjpeg"), frames);
    await prepare?.(dir);
    const named = sources.map((text) => {
      const spec = parseSource(text);
      return spec.kind !== "file" ? { text, spec } : {
        text,
        spec: { kind: "file" as const, path: join(dir, spec.path) },
      };
    });
    const running = await startRtspServer({
      host: "127.0.0.1",
      port: 0,
      rtpPort: 0,
      pagePort: undefined,
      fps: undefined,
      quality: undefined,
      loop: false,
      maxPacket: 20_480,
      tcpOnly: false,
      multicast: undefined,
      users: undefined,
      tls: undefined,
      sessionTimeout: 60,
      maxSessions: 1000,
      maxSessionsPerAddress: 250,
      maxConnections: 2000,
      onPlay: undefined,
      onStop: undefined,
      ffmpeg: await ffmpegPath(),
      ...rest,
      sources: named,
    }, context);
    try {
      const { port } = running.server;
      await use({
        running,
        context,
        dir,
        port,
        url: (path) => `rtsp://127.0.0.1:${port}${path}`,
        async connect() {
          const client = await RtspClient.connect(port);
          clients.push(client);
          return client;
        },
      });
    } finally {
      for (const client of clients) await client.close();
      context.abort();
      await running.close();
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Bare JPEGs one after another; small, every one different. */
export async function writeMovie(path: string, frames: number): Promise<void> {
  const jpegs = await makeJpegs({ frames, size: "160x120" });
  const bytes = new Uint8Array(
    jpegs.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const jpeg of jpegs) {
    bytes.set(jpeg, at);
    at += jpeg.length;
  }
  await Deno.writeFile(path, bytes);
}

/** A response, taken apart a little. */
export interface RawResponse {
  readonly status: number;
  /** Status line and headers, as they came. */
  readonly head: string;
  readonly body: string;
  /** A header's value; empty when there is none. */
  header(name: string): string;
}

/** What came on a channel. */
export type Arrival =
  | { readonly kind: "rtp"; readonly packet: RtpPacket }
  | { readonly kind: "rtcp"; readonly packets: readonly RtcpPacket[] };

const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");

/** One connection, raw. */
export class RtspClient {
  readonly conn: Deno.Conn;
  /** Media that came in `$` frames, in order. */
  readonly arrivals: Arrival[] = [];
  #buffer: Uint8Array = new Uint8Array(0);
  #closed = false;
  #cseq = 0;

  /** Takes a connection over. */
  constructor(conn: Deno.Conn) {
    this.conn = conn;
  }

  /** To a port of this machine. */
  static async connect(port: number): Promise<RtspClient> {
    return new RtspClient(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Sends bytes as they are. */
  async write(text: string | Uint8Array): Promise<void> {
    const bytes = typeof text === "string" ? encoder.encode(text) : text;
    for (let at = 0; at < bytes.length;) {
      at += await this.conn.write(bytes.subarray(at));
    }
  }

  /** Sends a request of the standard dialect and gives its response. */
  async request(
    method: string,
    uri: string,
    headers: Readonly<Record<string, string>> = {},
    body = "",
  ): Promise<RawResponse> {
    const lines = Object.entries(headers).map(([name, value]) =>
      `${name}: ${value}\r\n`
    ).join("");
    const length = body === "" ? "" : `Content-Length: ${body.length}\r\n`;
    await this.write(
      `${method} ${uri} RTSP/1.0\r\nCSeq: ${++this
        .#cseq}\r\n${lines}${length}\r\n${body}`,
    );
    return await this.response();
  }

  /** The next response; media before it goes to {@linkcode arrivals}. */
  async response(): Promise<RawResponse> {
    for (;;) {
      this.#takeFrames();
      const text = decoder.decode(this.#buffer);
      const end = text.indexOf("\r\n\r\n");
      if (end >= 0 && !text.startsWith("$")) {
        const head = text.slice(0, end + 2);
        const header = (name: string): string =>
          new RegExp(`^${name}: *(.*)\\r$`, "im").exec(head)?.[1] ?? "";
        const length = Number(header("Content-Length") || 0);
        if (text.length >= end + 4 + length) {
          this.#buffer = this.#buffer.subarray(end + 4 + length);
          return {
            status: Number(head.split(" ")[1]),
            head,
            body: text.slice(end + 4, end + 4 + length),
            header,
          };
        }
      }
      if (!await this.#read()) {
        throw new Error(`Cannot read a response: closed after "${text}"`);
      }
    }
  }

  /** Exactly `length` bytes of what comes next. */
  async bytes(length: number): Promise<string> {
    while (this.#buffer.length < length && await this.#read());
    const text = decoder.decode(this.#buffer.subarray(0, length));
    this.#buffer = this.#buffer.subarray(length);
    return text;
  }

  /** Reads media until `enough` says so, or the server closes. */
  async media(
    enough: (arrivals: readonly Arrival[]) => boolean,
  ): Promise<void> {
    for (;;) {
      this.#takeFrames();
      if (enough(this.arrivals) || !await this.#read()) return;
    }
  }

  /** The `$` frames as they are, from here on. */
  async *frames(): AsyncGenerator<{ channel: number; bytes: Uint8Array }> {
    for (;;) {
      const end = 4 + ((this.#buffer[2]! << 8) | this.#buffer[3]!);
      if (this.#buffer.length >= 4 && this.#buffer.length >= end) {
        const bytes = this.#buffer.slice(4, end);
        const channel = this.#buffer[1]!;
        this.#buffer = this.#buffer.subarray(end);
        yield { channel, bytes };
      } else if (!await this.#read()) return;
    }
  }

  /** Whether the server has closed the connection; reads until it does. */
  async closedByServer(): Promise<boolean> {
    try {
      while (await this.#read());
      return true;
    } catch {
      return true;
    }
  }

  #takeFrames(): void {
    while (this.#buffer[0] === 0x24 && this.#buffer.length >= 4) {
      const end = 4 + ((this.#buffer[2]! << 8) | this.#buffer[3]!);
      if (this.#buffer.length < end) return;
      this.arrivals.push(readArrival(this.#buffer.slice(4, end)));
      this.#buffer = this.#buffer.subarray(end);
    }
  }

  async #read(): Promise<boolean> {
    const chunk = new Uint8Array(65_536);
    const count = await settled(this.conn.read(chunk), {
      what: "bytes from the server",
    });
    if (count === null) return false;
    const joined = new Uint8Array(this.#buffer.length + count);
    joined.set(this.#buffer);
    joined.set(chunk.subarray(0, count), this.#buffer.length);
    this.#buffer = joined;
    return true;
  }

  /** DESCRIBE, SETUP over TCP; the response to SETUP and the session's id. */
  async setup(
    url: string,
    transport = "RTP/AVP/TCP;unicast;interleaved=0-1",
  ): Promise<{ session: string; setup: RawResponse }> {
    await this.request("DESCRIBE", url, { Accept: "application/sdp" });
    const setup = await this.request("SETUP", `${url}/trackID=0`, {
      Transport: transport,
    });
    return { session: setup.header("Session").split(";")[0]!, setup };
  }

  /** Closes it. */
  close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      try {
        this.conn.close();
      } catch {
        // The server was first.
      }
    }
    return Promise.resolve();
  }
}

/** Reads what came on a channel or port. */
export function readArrival(bytes: Uint8Array): Arrival {
  return looksLikeRtcp(bytes)
    ? { kind: "rtcp", packets: decodeRtcpCompound(bytes) }
    : { kind: "rtp", packet: decodeRtpPacket(bytes) };
}

/** The RTP packets among arrivals. */
export function rtpOf(arrivals: readonly Arrival[]): RtpPacket[] {
  return arrivals.flatMap((each) => each.kind === "rtp" ? [each.packet] : []);
}

/** The RTCP packets among arrivals. */
export function rtcpOf(arrivals: readonly Arrival[]): RtcpPacket[] {
  return arrivals.flatMap((each) => each.kind === "rtcp" ? each.packets : []);
}

/** Whether a goodbye is among them. */
export function hasBye(arrivals: readonly Arrival[]): boolean {
  return rtcpOf(arrivals).some(({ type }) => type === "bye");
}

/** The JPEGs that packets make up, with their timestamps. */
export function framesOf(
  packets: readonly RtpPacket[],
): { jpeg: Uint8Array; timestamp: number }[] {
  const depacketizer = new JpegDepacketizer();
  return packets.flatMap((packet) => {
    const frame = depacketizer.push(packet);
    return frame === undefined
      ? []
      : [{ jpeg: frame.jpeg, timestamp: packet.timestamp }];
  });
}

/** Reads `RTP-Info`. */
export function rtpInfo(
  response: RawResponse,
): { sequence: number; timestamp: number } {
  const value = response.header("RTP-Info");
  return {
    sequence: Number(/;seq=(\d+)/.exec(value)?.[1]),
    timestamp: Number(/;rtptime=(\d+)/.exec(value)?.[1]),
  };
}
