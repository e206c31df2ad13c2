/**
 * Many cheap viewers of one RTSP stream in one process, as the bench starts it:
 * `rtsp_viewers.ts URL udp|tcp COUNT SECONDS JOIN_MS`. Prints one line of JSON.
 *
 * It knows just enough RTSP to join, and looks at nothing but the RTP headers:
 * the machine's time shall be the server's.
 *
 * @module
 */

/** What the viewers saw, all together. */
export interface ViewersResult {
  /** Viewers that got pictures. */
  readonly viewers: number;
  /** Frames of all viewers within the measured time. */
  readonly frames: number;
  /** Fewest frames of one viewer. */
  readonly fewest: number;
  /** Packets missing between those that came. */
  readonly lost: number;
  /** PLAY's answer to the end of the first frame, ms. */
  readonly firstFrameP50: number;
  readonly firstFrameP99: number;
  readonly firstFrameMax: number;
  /** How far gaps between frames are off the frame time, ms. */
  readonly gapP50: number;
  readonly gapP99: number;
  readonly gapMax: number;
}

/** Looks at one viewer's packets. */
class Watcher {
  frames = 0;
  lost = 0;
  firstAt: number | undefined;
  readonly gaps: number[] = [];
  #sequence: number | undefined;
  #lastAt: number | undefined;

  packet(bytes: Uint8Array, at: number): void {
    const sequence = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    if (this.#sequence !== undefined) {
      this.lost += (sequence - this.#sequence - 1) & 0xffff;
    }
    this.#sequence = sequence;
    if ((bytes[at + 1]! & 0x80) === 0) return;
    const now = performance.now();
    this.firstAt ??= now;
    // The first frame of a shared stream comes at once: its gap says nothing.
    if (this.#lastAt !== undefined && this.frames > 1) {
      this.gaps.push(now - this.#lastAt);
    }
    this.#lastAt = now;
    this.frames++;
  }
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** A connection that answers requests and gives the rest to a watcher. */
class Viewer {
  readonly watcher = new Watcher();
  readonly #conn: Deno.TcpConn;
  readonly #url: string;
  #buffer = new Uint8Array(256 * 1024);
  #length = 0;
  #cseq = 0;
  #sockets: Deno.DatagramConn[] = [];
  playedAt = 0;

  private constructor(conn: Deno.TcpConn, url: string) {
    this.#conn = conn;
    this.#url = url;
  }

  static async join(url: string, transport: string): Promise<Viewer> {
    const { hostname, port } = new URL(url.replace(/^rtsp/, "http"));
    const conn = await Deno.connect({ hostname, port: Number(port) });
    conn.setNoDelay(true);
    const viewer = new Viewer(conn, url);
    const described = await viewer.#request(
      "DESCRIBE",
      url,
      "Accept: application/sdp\r\n",
    );
    const how = transport === "tcp"
      ? "RTP/AVP/TCP;unicast;interleaved=0-1"
      : `RTP/AVP;unicast;client_port=${viewer.#bind()}`;
    const setup = await viewer.#request(
      "SETUP",
      `${url}/${
        /a=control:(\S+)[\s\S]*a=control:(\S+)/.exec(described)?.[2] ??
          "trackID=0"
      }`,
      `Transport: ${how}\r\n`,
    );
    const session = /session: *([^;\r]+)/i.exec(setup)![1];
    viewer.#session = `Session: ${session}\r\n`;
    return viewer;
  }

  #session = "";

  async play(): Promise<void> {
    if (this.#sockets.length > 0) this.#receiveUdp(this.#sockets[0]!);
    await this.#request("PLAY", this.#url, `${this.#session}Range: npt=0-\r\n`);
    this.playedAt = performance.now();
    this.#receiveTcp().catch(() => {});
  }

  close(): void {
    this.#conn.close();
    for (const socket of this.#sockets) socket.close();
  }

  #bind(): string {
    for (;;) {
      const rtp = Deno.listenDatagram({
        transport: "udp",
        hostname: "127.0.0.1",
        port: 0,
      });
      const { port } = rtp.addr as Deno.NetAddr;
      try {
        if (port % 2 === 0) {
          const rtcp = Deno.listenDatagram({
            transport: "udp",
            hostname: "127.0.0.1",
            port: port + 1,
          });
          this.#sockets = [rtp, rtcp];
          return `${port}-${port + 1}`;
        }
      } catch {
        // The next one is taken.
      }
      rtp.close();
    }
  }

  async #receiveUdp(socket: Deno.DatagramConn): Promise<void> {
    const buffer = new Uint8Array(2048);
    try {
      for (;;) {
        await socket.receive(buffer);
        this.watcher.packet(buffer, 0);
      }
    } catch {
      // It was closed.
    }
  }

  async #receiveTcp(): Promise<void> {
    for (;;) {
      this.#takeFrames();
      const count = await this.#conn.read(this.#buffer.subarray(this.#length));
      if (count === null) return;
      this.#length += count;
    }
  }

  #takeFrames(): void {
    let at = 0;
    while (this.#length - at >= 4 && this.#buffer[at] === 0x24) {
      const end = at + 4 +
        ((this.#buffer[at + 2]! << 8) | this.#buffer[at + 3]!);
      if (end > this.#length) break;
      if (this.#buffer[at + 1] === 0) this.watcher.packet(this.#buffer, at + 4);
      at = end;
    }
    this.#buffer.copyWithin(0, at, this.#length);
    this.#length -= at;
  }

  async #request(
    method: string,
    uri: string,
    headers: string,
  ): Promise<string> {
    await this.#conn.write(encoder.encode(
      `${method} ${uri} RTSP/1.0\r\nCSeq: ${++this.#cseq}\r\n${headers}\r\n`,
    ));
    for (;;) {
      // Some servers send frames before they answer PLAY.
      this.#takeFrames();
      const text = decoder.decode(this.#buffer.subarray(0, this.#length));
      const end = text.startsWith("$") ? -1 : text.indexOf("\r\n\r\n");
      const body = Number(/content-length: *(\d+)/i.exec(text)?.[1] ?? 0);
      if (end >= 0 && this.#length >= end + 4 + body) {
        this.#buffer.copyWithin(0, end + 4 + body, this.#length);
        this.#length -= end + 4 + body;
        if (!text.startsWith("RTSP/1.0 200")) {
          throw new Error(`${method}: ${text.split("\r\n")[0]}`);
        }
        return text;
      }
      const count = await this.#conn.read(this.#buffer.subarray(this.#length));
      if (count === null) throw new Error(`${method}: closed`);
      this.#length += count;
    }
  }
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[
    Math.min(sorted.length - 1, Math.floor(sorted.length * share))
  ] ??
    NaN;
}

if (import.meta.main) {
  const [url = "", transport = "tcp", count = "1", seconds = "5", join = "0"] =
    Deno.args;
  const viewers = await Promise.all(
    Array.from({ length: Number(count) }, async (_, index) => {
      const delay = index * Number(join) / Number(count);
      await new Promise((resolve) => setTimeout(resolve, delay));
      const viewer = await Viewer.join(url, transport);
      await viewer.play();
      return viewer;
    }),
  );
  console.log(JSON.stringify({ joined: viewers.length }));
  // What was sent while others were still joining is not measured.
  const before = viewers.map(({ watcher }) => watcher.frames);
  for (const { watcher } of viewers) watcher.gaps.length = 0;
  await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1000));
  const frames = viewers.map(({ watcher }, index) =>
    watcher.frames - before[index]!
  );
  const gaps = viewers.flatMap(({ watcher }) => watcher.gaps);
  const mean = Number(seconds) * 1000 /
    (frames.reduce((a, b) => a + b, 0) / viewers.length);
  const nominal = [24, 25, 30].map((fps) => 1000 / fps).reduce((a, b) =>
    Math.abs(a - mean) < Math.abs(b - mean) ? a : b
  );
  const off = gaps.map((gap) => Math.abs(gap - nominal)).sort((a, b) => a - b);
  const firsts = viewers.map(({ watcher, playedAt }) =>
    Math.max(0, (watcher.firstAt ?? Infinity) - playedAt)
  ).sort((a, b) => a - b);
  const result: ViewersResult = {
    viewers: viewers.filter(({ watcher }) => watcher.frames > 0).length,
    frames: frames.reduce((a, b) => a + b, 0),
    fewest: Math.min(...frames),
    lost: viewers.reduce((sum, { watcher }) => sum + watcher.lost, 0),
    firstFrameP50: percentile(firsts, 0.5),
    firstFrameP99: percentile(firsts, 0.99),
    firstFrameMax: firsts.at(-1) ?? NaN,
    gapP50: percentile(off, 0.5),
    gapP99: percentile(off, 0.99),
    gapMax: off.at(-1) ?? NaN,
  };
  console.log(JSON.stringify(result));
  for (const viewer of viewers) viewer.close();
  Deno.exit(0);
}
