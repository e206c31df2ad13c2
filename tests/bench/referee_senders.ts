/**
 * Clients of a referee server in a process of their own: `referee_senders.ts
 * JSON`, see {@linkcode SendersOptions}. Prints a {@linkcode SendersResult}.
 *
 * They speak WebSocket over TCP themselves, with pictures that were masked before,
 * so that the server is what is measured.
 *
 * @module
 */

/** What the process is told. */
export interface SendersOptions {
  /** Where to stream to. */
  readonly url: string;
  readonly sessions: number;
  /** Frames of each session. */
  readonly frames: number;
  /** Files with JPEGs that are sent in turn. */
  readonly jpegs: readonly string[];
  readonly width: number;
  readonly height: number;
  /** Frames under way without an ack. */
  readonly window: number;
  /** Frames a second; 0 is as fast as can be. */
  readonly fps: number;
  /** Whether one ack may stand for several frames. */
  readonly cumulative: boolean;
  /** Sends the signal too, and waits for the result. */
  readonly finish: boolean;
}

/** What the process prints. */
export interface SendersResult {
  /** From the first frame to the last ack. */
  readonly seconds: number;
  readonly framesPerSecond: number;
  readonly acked: number;
  /** From a frame's sending to its ack, in milliseconds; of paced sessions only. */
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
  /** From the signal to the result, of each session. */
  readonly resultSeconds: readonly number[];
  /** Frames in the finished recordings. */
  readonly recorded: readonly number[];
}

const SIGNAL = new TextEncoder().encode(
  " 0.000s | Phrase recording started\n 1.000s | HIT: Right scores on Left!\n",
);

/** A masking key; any will do. */
const KEY = [0x12, 0x34, 0x56, 0x78];

/** A frame of a client (RFC 6455, section 5.2) with its payload masked. */
function clientFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const sizes = length < 126
    ? [0x80 | length]
    : length < 65_536
    ? [0xfe, length >> 8, length & 255]
    : [0xff, 0, 0, 0, 0, ...[24, 16, 8, 0].map((by) => (length >>> by) & 255)];
  const head = [0x80 | opcode, ...sizes, ...KEY];
  const frame = new Uint8Array(head.length + length);
  frame.set(head);
  for (let at = 0; at < length; at++) {
    frame[head.length + at] = payload[at]! ^ KEY[at & 3]!;
  }
  return frame;
}

/** A WebSocket whose server sends text in one piece each. */
class Connection {
  readonly #conn: Deno.TcpConn;
  #bytes = new Uint8Array();

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  static async open(url: URL): Promise<Connection> {
    const { hostname, port, pathname, host } = url;
    const conn = await Deno.connect({ hostname, port: Number(port) });
    conn.setNoDelay(true);
    const connection = new Connection(conn);
    await connection.write(
      new TextEncoder().encode(
        `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\n` +
          "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      ),
    );
    for (;;) {
      const text = new TextDecoder("latin1").decode(connection.#bytes);
      const end = text.indexOf("\r\n\r\n");
      if (end >= 0) {
        connection.#bytes = connection.#bytes.slice(end + 4);
        return connection;
      }
      if (!await connection.#read()) throw new Error("There is no server");
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      at += await this.#conn.write(bytes.subarray(at));
    }
  }

  async #read(): Promise<boolean> {
    const buffer = new Uint8Array(65_536);
    const count = await this.#conn.read(buffer);
    if (count === null) return false;
    const both = new Uint8Array(this.#bytes.length + count);
    both.set(this.#bytes);
    both.set(buffer.subarray(0, count), this.#bytes.length);
    this.#bytes = both;
    return true;
  }

  /** Text messages, until the server closes. */
  async *messages(): AsyncGenerator<string> {
    const decoder = new TextDecoder();
    for (;;) {
      for (;;) {
        const bytes = this.#bytes;
        const short = bytes[1] ?? 127;
        const head = short < 126 ? 2 : 4;
        if (bytes.length < head) break;
        const length = short < 126 ? short : bytes[2]! * 256 + bytes[3]!;
        if (bytes.length < head + length) break;
        const opcode = bytes[0]! & 15;
        const payload = bytes.subarray(head, head + length);
        this.#bytes = bytes.subarray(head + length);
        if (opcode === 1) yield decoder.decode(payload);
        else if (opcode === 8) return;
      }
      if (!await this.#read()) return;
    }
  }
}

/** A connection whose answers can be waited for. */
class Sender {
  readonly latencies: number[] = [];
  acked = 0;
  resultSeconds = 0;
  recorded = 0;
  readonly #connection: Connection;
  readonly #id: string;
  readonly #options: SendersOptions;
  readonly #sentAt: number[] = [];
  readonly #heard = new Set<string>();
  #wake: (() => void) | undefined;

  private constructor(
    connection: Connection,
    id: string,
    options: SendersOptions,
  ) {
    this.#connection = connection;
    this.#id = id;
    this.#options = options;
    this.#listen();
  }

  async #listen(): Promise<void> {
    for await (const text of this.#connection.messages()) this.#take(text);
    console.error(`${this.#id} was closed`);
    Deno.exit(1);
  }

  static async open(id: string, options: SendersOptions): Promise<Sender> {
    const connection = await Connection.open(new URL(options.url));
    const sender = new Sender(connection, id, options);
    const { width, height, frames, fps, cumulative } = options;
    await sender.#say({
      type: "session_start",
      session_id: id,
      width,
      height,
      fps: fps || 30,
      expected_frames: frames,
      ...(cumulative ? { cumulative_acks: true } : {}),
    });
    await sender.#until(() => sender.#heard.has("session_started"));
    return sender;
  }

  #say(message: Record<string, unknown>): Promise<void> {
    return this.#connection.write(textFrame(message));
  }

  #take(text: string): void {
    const message = JSON.parse(text);
    if (message.type === "frame_ack") {
      const now = performance.now();
      const upTo = message.acked ?? this.acked + 1;
      for (; this.acked < upTo; this.acked++) {
        this.latencies.push(now - this.#sentAt[this.acked]!);
      }
    } else if (message.type === "error") {
      console.error(text);
      Deno.exit(1);
    } else {
      this.#heard.add(message.type);
      if (message.type === "process_complete") {
        this.recorded = message.result.metadata.frame_count;
      }
    }
    this.#wake?.();
  }

  async #until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise<void>((resolve) => this.#wake = resolve);
  }

  async sendAll(jpegs: readonly Picture[]): Promise<void> {
    const { frames, window, fps } = this.#options;
    const begin = performance.now();
    for (let number = 0; number < frames; number++) {
      if (fps > 0) {
        const wait = begin + number * 1000 / fps - performance.now();
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      }
      await this.#until(() => number - this.acked < window);
      const jpeg = jpegs[number % jpegs.length]!;
      this.#sentAt.push(performance.now());
      await this.#connection.write(this.#announced(number, jpeg));
    }
    await this.#until(() => this.acked === frames);
  }

  /** Announcement and picture in one piece, built where the picture stands. */
  #announced(number: number, picture: Picture): Uint8Array {
    const head = textFrame({
      type: "frame",
      session_id: this.#id,
      frame_number: number,
      timestamp: number / (this.#options.fps || 30),
      encoding: "jpeg",
    });
    const from = PICTURE_AT - head.length;
    picture.set(head, from);
    return picture.subarray(from);
  }

  async finish(): Promise<void> {
    const { frames } = this.#options;
    await this.#say({
      type: "session_end",
      session_id: this.#id,
      total_frames: frames,
    });
    await this.#until(() => this.#heard.has("session_ended"));
    const begin = performance.now();
    await this.#say({
      type: "signal",
      session_id: this.#id,
      filename: "signal.txt",
      size: SIGNAL.length,
    });
    await this.#connection.write(clientFrame(2, SIGNAL));
    await this.#until(() => this.#heard.has("process_complete"));
    this.resultSeconds = (performance.now() - begin) / 1000;
  }
}

/** Room for the announcement in front of a picture. */
const PICTURE_AT = 512;

/** A frame of the WebSocket with room in front of it. */
type Picture = Uint8Array;

function pictureOf(jpeg: Uint8Array): Picture {
  const frame = clientFrame(2, jpeg);
  const picture = new Uint8Array(PICTURE_AT + frame.length);
  picture.set(frame, PICTURE_AT);
  return picture;
}

function textFrame(message: Record<string, unknown>): Uint8Array {
  return clientFrame(1, new TextEncoder().encode(JSON.stringify(message)));
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
}

if (import.meta.main) {
  const options = JSON.parse(Deno.args[0] ?? "{}") as SendersOptions;
  const jpegs = await Promise.all(
    options.jpegs.map((path) => Deno.readFile(path)),
  );
  const senders = await Promise.all(
    Array.from(
      { length: options.sessions },
      (_, index) => Sender.open(`s${Deno.pid}_${index}`, options),
    ),
  );
  const begin = performance.now();
  await Promise.all(
    senders.map((sender) => sender.sendAll(jpegs.map(pictureOf))),
  );
  const seconds = (performance.now() - begin) / 1000;
  const acked = senders.reduce((sum, one) => sum + one.acked, 0);
  if (options.finish) {
    await Promise.all(senders.map((sender) => sender.finish()));
  }
  const latencies = senders.flatMap(({ latencies }) => latencies)
    .sort((a, b) => a - b);
  const result: SendersResult = {
    seconds,
    framesPerSecond: acked / seconds,
    acked,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    worst: latencies.at(-1) ?? 0,
    resultSeconds: senders.map(({ resultSeconds }) => resultSeconds),
    recorded: senders.map(({ recorded }) => recorded),
  };
  console.log(JSON.stringify(result));
  Deno.exit(0);
}
