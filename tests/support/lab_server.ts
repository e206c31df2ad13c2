/**
 * A server of the course project's dialect as its students write it, with the
 * faults that they have. Written without our own protocol code.
 *
 * @module
 */

/** Bytes of a piece where a frame goes out in several packets. */
const PIECE = 1400;

/** How the server is to be wrong. */
export interface LabServerOptions {
  /** The film. */
  readonly frames: readonly Uint8Array[];
  /** Frames a second; 24 when left out. */
  readonly fps?: number;
  /** Answers without a Session line. */
  readonly noSession?: boolean;
  /** Line ending of answers. */
  readonly lineEnding?: "\n" | "\r\n";
  /** What stands in the timestamp. */
  readonly timestamp?: "unix" | "milliseconds" | "zero";
  /** Larger frames go out in pieces of 1,400 bytes. */
  readonly maxPacket?: number;
  /** Starts its numbers at 1 with each turn of the film. */
  readonly restartsAtOne?: boolean;
  /** Numbers of packets (all packets are counted from 1) that are not sent. */
  readonly drop?: (packet: number) => boolean;
  /** Ends its film instead of starting over. */
  readonly once?: boolean;
}

/** A running server. */
export interface LabServer extends AsyncDisposable {
  readonly url: string;
  /** Requests as they came. */
  readonly requests: string[];
  /** Packets numbered and either sent or dropped on purpose. */
  readonly packets: () => number;
}

/** Starts a server on a free port. */
export function startLabServer(options: LabServerOptions): LabServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const socket = Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.1",
    port: 0,
  });
  const requests: string[] = [];
  const connections = new Set<Deno.Conn>();
  let film: Film | undefined;
  const accepting = (async () => {
    for await (const connection of listener) {
      connections.add(connection);
      serve(connection).catch(() => {});
    }
  })();

  async function serve(connection: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(256); // as the students' servers read
    const decoder = new TextDecoder();
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) return;
      const request = decoder.decode(buffer.subarray(0, count));
      requests.push(request);
      const lines = request.split("\n");
      const [method = "", file = ""] = lines[0]!.split(" ");
      const cseq = lines[1]?.split(" ")[1] ?? "0";
      if (!["SETUP", "PLAY", "PAUSE", "TEARDOWN"].includes(method)) {
        continue; // what they do not know they do not answer
      }
      if (method === "SETUP") {
        if (file !== "movie.Mjpeg") {
          await answer(connection, "404 NOT FOUND", cseq, false);
          continue;
        }
        const port = Number(/client_port= (\d+)/.exec(lines[2] ?? "")?.[1]);
        film = new Film(options, socket, port);
      }
      if (method === "PLAY") film?.play();
      if (method === "PAUSE") film?.pause();
      if (method === "TEARDOWN") film?.pause();
      await answer(connection, "200 OK", cseq, options.noSession !== true);
    }
  }

  async function answer(
    connection: Deno.Conn,
    status: string,
    cseq: string,
    session: boolean,
  ): Promise<void> {
    const lines = [
      `RTSP/1.0 ${status}`,
      `CSeq: ${cseq}`,
      ...(session ? ["Session: 123456"] : []),
    ];
    const end = options.lineEnding ?? "\n";
    await connection.write(
      new TextEncoder().encode(lines.map((line) => line + end).join("")),
    );
  }

  const { port } = listener.addr as Deno.NetAddr;
  return {
    url: `rtsp://127.0.0.1:${port}/movie.Mjpeg`,
    requests,
    packets: () => film?.packets ?? 0,
    async [Symbol.asyncDispose]() {
      film?.pause();
      listener.close();
      for (const connection of connections) {
        try {
          connection.close();
        } catch {
          // the player was faster
        }
      }
      await accepting.catch(() => {});
      await film?.sending;
      socket.close();
    },
  };
}

class Film {
  packets = 0;
  sending: Promise<unknown> = Promise.resolve();
  readonly #options: LabServerOptions;
  readonly #socket: Deno.DatagramConn;
  readonly #port: number;
  #frame = 0;
  #sequence = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    options: LabServerOptions,
    socket: Deno.DatagramConn,
    port: number,
  ) {
    this.#options = options;
    this.#socket = socket;
    this.#port = port;
  }

  play(): void {
    this.#timer ??= setInterval(
      () => this.#next(),
      1000 / (this.#options.fps ?? 24),
    );
  }

  pause(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #next(): void {
    const { frames, restartsAtOne, maxPacket = 20_480, once } = this.#options;
    const jpeg = frames[this.#frame++];
    if (jpeg === undefined) {
      if (once) return this.pause();
      this.#frame = 0;
      if (restartsAtOne) this.#sequence = 0;
      return this.#next();
    }
    if (jpeg.length <= maxPacket) return this.#send(jpeg, false);
    for (let at = 0; at < jpeg.length; at += PIECE) {
      this.#send(jpeg.subarray(at, at + PIECE), at + PIECE >= jpeg.length);
    }
  }

  #send(payload: Uint8Array, marker: boolean): void {
    this.#sequence++;
    this.packets++;
    if (this.#options.drop?.(this.packets)) return;
    const packet = new Uint8Array(12 + payload.length);
    const view = new DataView(packet.buffer);
    packet[0] = 0x80;
    packet[1] = 26 | (marker ? 0x80 : 0);
    view.setUint16(2, this.#sequence & 0xffff);
    view.setUint32(4, this.#timestamp());
    packet.set(payload, 12);
    this.sending = this.sending.then(() =>
      this.#socket.send(packet, {
        transport: "udp",
        hostname: "127.0.0.1",
        port: this.#port,
      })
    );
  }

  #timestamp(): number {
    switch (this.#options.timestamp ?? "unix") {
      case "unix":
        return Math.floor(Date.now() / 1000) >>> 0;
      case "milliseconds":
        return Date.now() % 2 ** 32;
      case "zero":
        return 0;
    }
  }
}
