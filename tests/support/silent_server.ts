/**
 * An RTSP server whose UDP packets never arrive, as behind a firewall. Over
 * TCP it sends one picture again and again. Written without our own RTSP code.
 *
 * @module
 */

/** Frames a second over TCP. */
const FPS = 24;

/** A running server. */
export interface SilentServer extends AsyncDisposable {
  readonly url: string;
  /** Methods in the order they came. */
  readonly methods: string[];
}

/** Starts it; `packets` are the RTP packets of one picture, whose numbers and times it sets. */
export function startSilentServer(
  packets: readonly Uint8Array[],
): SilentServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const methods: string[] = [];
  const open = new Set<Deno.Conn>();
  const timers = new Set<ReturnType<typeof setInterval>>();
  const sdp =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=silent\r\nt=0 0\r\na=control:*\r\n" +
    "m=video 0 RTP/AVP 26\r\na=control:track\r\na=framerate:24\r\n";

  async function serve(connection: Deno.Conn): Promise<void> {
    open.add(connection);
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(8192);
    let overTcp = false;
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) return;
      const bytes = buffer.subarray(0, count);
      if (bytes[0] === 0x24) continue; // a receiver report
      const request = decoder.decode(bytes);
      const method = request.split(" ")[0]!;
      methods.push(method);
      const cseq = /^CSeq: (\d+)/im.exec(request)?.[1];
      const transport = /^Transport: (.*)$/im.exec(request)?.[1]?.trim();
      overTcp ||= transport?.includes("TCP") === true;
      const headers = [
        `RTSP/1.0 200 OK`,
        `CSeq: ${cseq}`,
        ...(method === "SETUP"
          ? [
            "Session: 7",
            `Transport: ${transport}${overTcp ? "" : ";server_port=9-10"}`,
          ]
          : []),
        ...(method === "DESCRIBE"
          ? ["Content-Type: application/sdp", `Content-Length: ${sdp.length}`]
          : []),
      ];
      await connection.write(
        new TextEncoder().encode(
          `${headers.join("\r\n")}\r\n\r\n${method === "DESCRIBE" ? sdp : ""}`,
        ),
      );
      if (method === "PLAY" && overTcp) stream(connection);
    }
  }

  function stream(connection: Deno.Conn): void {
    let sequence = 0;
    let frame = 0;
    let writing: Promise<unknown> = Promise.resolve();
    timers.add(setInterval(() => {
      frame++;
      for (const packet of packets) {
        const bytes = new Uint8Array(packet.length + 4);
        const view = new DataView(bytes.buffer);
        bytes.set([0x24, 0]);
        view.setUint16(2, packet.length);
        bytes.set(packet, 4);
        view.setUint16(6, sequence++ & 0xffff);
        view.setUint32(8, frame * 90_000 / FPS);
        writing = writing.then(() => connection.write(bytes)).catch(() => {});
      }
    }, 1000 / FPS));
  }

  const accepting = (async () => {
    for await (const connection of listener) {
      serve(connection).catch(() => {});
    }
  })();
  return {
    url: `rtsp://127.0.0.1:${port}/silent`,
    methods,
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearInterval(timer);
      listener.close();
      for (const connection of open) {
        try {
          connection.close();
        } catch {
          // the player was faster
        }
      }
      await accepting.catch(() => {});
    },
  };
}
