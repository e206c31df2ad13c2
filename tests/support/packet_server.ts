/**
 * An RTSP server that sends over UDP exactly the datagrams it is told to, right
 * or wrong, and then says goodbye. Written without our own RTSP code.
 *
 * @module
 */

/** A running server. */
export interface PacketServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Methods in the order they came. */
  readonly methods: string[];
  /** Receiver reports and whatever else came to the RTCP port. */
  readonly reports: Uint8Array[];
  /** Sends a request of the server's own to the newest player. */
  ask(text: string): Promise<void>;
}

/** What it does. */
export interface PacketServerOptions {
  /** The datagrams of each frame's time. */
  readonly frames: readonly (readonly Uint8Array[])[];
  /** Frames a second. */
  readonly fps: number;
  /** The goodbye; none leaves the player in silence. */
  readonly bye?: Uint8Array | undefined;
  /** What answers end lines with. */
  readonly lineEnding?: "\r\n" | "\n";
  /** Answers DESCRIBE with this status and Location. */
  readonly redirect?: { readonly status: number; readonly to: string };
  /** Lines added to the description. */
  readonly sdp?: readonly string[];
}

/** Starts it on 127.0.0.1. */
export function startPacketServer(options: PacketServerOptions): PacketServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const rtp = bind();
  const rtcp = bind();
  const methods: string[] = [];
  const reports: Uint8Array[] = [];
  const open = new Set<Deno.Conn>();
  const stop = new AbortController();
  const tasks: Promise<unknown>[] = [];
  const eol = options.lineEnding ?? "\r\n";
  const sdp = [
    ...["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=packets", "t=0 0"],
    ...["a=control:*", "m=video 0 RTP/AVP 26", "a=control:track"],
    ...(options.sdp ?? [`a=framerate:${options.fps}`]),
    "",
  ].join("\r\n");
  let newest: Deno.Conn | undefined;

  async function serve(connection: Deno.Conn): Promise<void> {
    open.add(connection);
    newest = connection;
    const buffer = new Uint8Array(8192);
    let clientPort = 0;
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) return;
      // An answer to a question of ours may stand before a request.
      const request = new TextDecoder().decode(buffer.subarray(0, count))
        .split("\r\n\r\n").find((text) => /^[A-Z_]+ /.test(text));
      if (request === undefined) continue;
      const method = request.split(" ")[0]!;
      methods.push(method);
      const cseq = /^CSeq: (\d+)/im.exec(request)?.[1];
      const transport = /^Transport: (.*)$/im.exec(request)?.[1]?.trim();
      const wanted = /client_port=(\d+)/.exec(transport ?? "")?.[1];
      if (wanted !== undefined) clientPort = Number(wanted);
      const redirected = method === "DESCRIBE" ? options.redirect : undefined;
      const body = method === "DESCRIBE" && redirected === undefined ? sdp : "";
      const lines = [
        `RTSP/1.0 ${redirected?.status ?? 200} X`,
        `CSeq: ${cseq}`,
        ...(redirected === undefined ? [] : [`Location: ${redirected.to}`]),
        ...(method === "SETUP"
          ? [
            "Session: 7",
            `Transport: ${transport};server_port=${portOf(rtp)}-${
              portOf(rtcp)
            }`,
          ]
          : []),
        ...(body === ""
          ? []
          : ["Content-Type: application/sdp", `Content-Length: ${sdp.length}`]),
      ];
      await connection.write(
        new TextEncoder().encode(lines.join(eol) + eol + eol + body),
      );
      if (method === "PLAY") tasks.push(send(clientPort));
    }
  }

  async function send(clientPort: number): Promise<void> {
    const to = (add: number): Deno.NetAddr => ({
      transport: "udp",
      hostname: "127.0.0.1",
      port: clientPort + add,
    });
    const startedAt = performance.now();
    for (const [index, datagrams] of options.frames.entries()) {
      const due = startedAt + index * 1000 / options.fps;
      await sleepUntil(due, stop.signal);
      if (stop.signal.aborted) return;
      for (const datagram of datagrams) {
        await rtp.send(datagram, to(0)).catch(() => {});
      }
    }
    const end = startedAt + options.frames.length * 1000 / options.fps + 300;
    await sleepUntil(end, stop.signal);
    if (options.bye !== undefined && !stop.signal.aborted) {
      await rtcp.send(options.bye, to(1)).catch(() => {});
    }
  }

  const accepting = (async () => {
    for await (const connection of listener) {
      tasks.push(serve(connection).catch(() => {}));
    }
  })();
  tasks.push(
    (async () => {
      for await (const [bytes] of rtcp) reports.push(bytes);
    })().catch(() => {}),
  );
  return {
    port,
    url: `rtsp://127.0.0.1:${port}/packets`,
    methods,
    reports,
    async ask(text) {
      await newest!.write(new TextEncoder().encode(text));
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      listener.close();
      rtp.close();
      rtcp.close();
      for (const connection of open) {
        try {
          connection.close();
        } catch {
          // the player was faster
        }
      }
      await accepting.catch(() => {});
      await Promise.all(tasks);
    },
  };
}

function bind(): Deno.DatagramConn {
  return Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.1",
    port: 0,
  });
}

function portOf(socket: Deno.DatagramConn): number {
  return (socket.addr as Deno.NetAddr).port;
}

function sleepUntil(time: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(0, time - performance.now()));
    signal.addEventListener("abort", done, { once: true });
  });
}
