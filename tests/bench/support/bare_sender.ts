/**
 * What the runtime takes to send the same bytes: answers viewers with as little
 * RTSP as they need, and sends each the same frame again and again, as any
 * Deno program would: one `write` a frame over TCP, one `send` a packet over
 * UDP. The bench starts it: `bare_sender.ts FRAME_BYTES FPS`.
 *
 * @module
 */

/** Payload of a packet, and the headers before it. */
const PACKET_BYTES = 1400;
/** The `$`, the channel and the length of an interleaved frame. */
const INTERLEAVED_BYTES = 4;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Interleaved frames on channel 0 that look enough like RTP for the viewers. */
function makeFrame(bytes: number): Uint8Array<ArrayBuffer> {
  const count = Math.ceil(bytes / PACKET_BYTES);
  const stride = INTERLEAVED_BYTES + PACKET_BYTES;
  const frame = new Uint8Array(count * stride);
  for (let index = 0; index < count; index++) {
    const header = index === count - 1 ? 0x9a : 0x1a;
    frame.set(
      [0x24, 0, PACKET_BYTES >> 8, PACKET_BYTES & 255, 0x80, header],
      index * stride,
    );
  }
  return frame;
}

/** Answers until PLAY; gives the port of a viewer over UDP, 0 over TCP. */
async function greet(conn: Deno.TcpConn): Promise<number> {
  const buffer = new Uint8Array(4096);
  let port = 0;
  for (;;) {
    const count = await conn.read(buffer);
    if (count === null) throw new Error("Cannot greet: the viewer is gone");
    const request = decoder.decode(buffer.subarray(0, count));
    const cseq = /CSeq: *(\d+)/.exec(request)?.[1];
    const transport = /Transport: *(\S+)/.exec(request)?.[1] ?? "";
    port = Number(/client_port=(\d+)/.exec(transport)?.[1] ?? port);
    await conn.write(encoder.encode(
      `RTSP/1.0 200 OK\r\nCSeq: ${cseq}\r\nSession: 1\r\n` +
        `Transport: ${transport}\r\n\r\n`,
    ));
    if (request.startsWith("PLAY")) return port;
  }
}

if (import.meta.main) {
  const [frameBytes, fps] = Deno.args.map(Number);
  const frame = makeFrame(frameBytes!);
  const stride = INTERLEAVED_BYTES + PACKET_BYTES;
  const packets = Array.from(
    { length: frame.length / stride },
    (_, index) =>
      frame.subarray(index * stride + INTERLEAVED_BYTES, (index + 1) * stride),
  );
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const socket = Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.1",
    port: 0,
  });
  const overTcp = new Set<Deno.TcpConn>();
  const overUdp: Deno.NetAddr[] = [];
  console.log("port", (listener.addr as Deno.NetAddr).port);
  const start = performance.now();
  const send = async (number: number): Promise<void> => {
    for (const conn of overTcp) {
      conn.write(frame).catch(() => overTcp.delete(conn));
    }
    for (const to of overUdp) {
      for (const packet of packets) await socket.send(packet, to);
    }
    const due = start + number * 1000 / fps!;
    setTimeout(
      () => void send(number + 1),
      Math.max(0, due - performance.now()),
    );
  };
  void send(1);
  for await (const conn of listener) {
    conn.setNoDelay(true);
    greet(conn).then((port) => {
      if (port === 0) overTcp.add(conn);
      else overUdp.push({ transport: "udp", hostname: "127.0.0.1", port });
    }).catch(() => {});
  }
}
