/**
 * What the runtime takes for the same bytes: asks for a stream, and does
 * nothing but read it. The bench starts it: `bare_receiver.ts URL udp|tcp`.
 *
 * @module
 */

/** Bytes read at a time, as the player does. */
const READ_BYTES = 64 * 1024;
/** A silent session would be ended after a minute. */
const KEEP_ALIVE_MS = 20_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

if (import.meta.main) {
  const [url = "", transport = "tcp"] = Deno.args;
  const { hostname, port } = new URL(url.replace(/^rtsp/, "http"));
  const conn = await Deno.connect({ hostname, port: Number(port) });
  const buffer = new Uint8Array(READ_BYTES);
  let cseq = 0;
  const send = (method: string, headers: string): Promise<number> =>
    conn.write(encoder.encode(
      `${method} ${url} RTSP/1.0\r\nCSeq: ${++cseq}\r\n${headers}\r\n`,
    ));
  const socket = transport === "udp"
    ? Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 })
    : undefined;
  const first = (socket?.addr as Deno.NetAddr | undefined)?.port ?? 0;
  await send(
    "SETUP",
    socket === undefined
      ? "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
      : `Transport: RTP/AVP;unicast;client_port=${first}-${first + 1}\r\n`,
  );
  const count = await conn.read(buffer) ?? 0;
  const answer = decoder.decode(buffer.subarray(0, count));
  const session = /^Session: *(\w+)/im.exec(answer)![1];
  await send("PLAY", `Session: ${session}\r\n`);
  setInterval(
    () => void send("OPTIONS", `Session: ${session}\r\n`),
    KEEP_ALIVE_MS,
  );
  console.log("playing");
  if (socket !== undefined) { for (;;) await socket.receive(buffer); }
  while (await conn.read(buffer) !== null);
}
