/**
 * A peer under test between a coordinator that the test plays, an upstream and
 * a downstream.
 *
 * @module
 */

import { join } from "node:path";
import {
  BinaryFragmenter,
  encodeRegisterAnswer,
  encodeSessionMessage,
  type SessionMessage,
} from "../../../src/chain/mod.ts";
import {
  DatagramBatch,
  nowMicros,
  openUdpSocket,
  type UdpSocket,
  writeAll,
} from "../../../src/net/mod.ts";
import {
  type ChainPeerOptions,
  type RunningPeer,
  startChainPeer,
} from "../../../src/services/chain_peer/mod.ts";
import { type TestContext, testContext } from "../../support/service.ts";

/** What a test of a peer has at hand. */
export interface PeerScene {
  /** Folder of the peer's files. */
  readonly dir: string;
  readonly running: RunningPeer;
  readonly context: TestContext;
  /** Sends as the peer before would. */
  readonly upstream: UdpSocket;
  /** Receives as the peer after would. */
  readonly downstream: UdpSocket;
  /** Sends datagrams from `upstream`, or another socket. */
  send(datagrams: readonly Uint8Array[], from?: UdpSocket): Promise<void>;
  /** Says something over the session; only when there is one. */
  say(message: SessionMessage): Promise<void>;
}

/** How the coordinator that the test plays answers. */
export interface PeerSceneOptions extends Partial<ChainPeerOptions> {
  /** One of ours, with a session and an upstream that it names; else an existing one. */
  readonly session?: boolean;
}

/** StrandCast options of a peer that nobody asked for others. */
export const STRANDCAST = {
  dataEncoding: "hex",
  payload: "jpeg",
  zlibLevel: 6,
  maxDatagram: 60_000,
} as const;

/** Options of a peer `A` on free ports, with its files in `dir`. */
export function peerOptions(
  dir: string,
  coordinatorPort: number,
): ChainPeerOptions {
  return {
    name: "A",
    host: "127.0.0.1",
    udpPort: 0,
    coordinator: { hostname: "127.0.0.1", port: coordinatorPort },
    pagePort: undefined,
    framesDir: join(dir, "frames"),
    keep: undefined,
    logFile: join(dir, "peer_A.log"),
    record: undefined,
    wire: "auto",
    strandcast: STRANDCAST,
    ffmpeg: undefined,
  };
}

/** Runs `body` with a registered peer, and ends everything. */
export async function withPeer(
  { session = false, ...options }: PeerSceneOptions,
  body: (scene: PeerScene) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "streamtool_test_" });
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  using upstream = openUdpSocket({ hostname: "127.0.0.1", port: 0 });
  using downstream = openUdpSocket({ hostname: "127.0.0.1", port: 0 });
  const context = testContext();
  const running = await startChainPeer(
    { ...peerOptions(dir, port), ...options },
    context,
  );
  let heard: Promise<unknown> = Promise.resolve();
  try {
    using connection = await listener.accept();
    await connection.read(new Uint8Array(1000));
    await writeAll(
      connection,
      encodeRegisterAnswer({
        previous: undefined,
        previousHost: undefined,
        assigned: "A",
        binary: true,
        session,
      }, session),
    );
    if (session) {
      // Reports are read and dropped, as long as the connection is there.
      heard = new Response(connection.readable).arrayBuffer().catch(() => {});
    } else connection.close();
    const say = (message: SessionMessage): Promise<void> =>
      writeAll(connection, encodeSessionMessage(message));
    if (session) {
      const { hostname, port } = upstream.address;
      await say({ type: "upstream", name: null, host: hostname, port });
    }
    await context.event("registered");
    const to = { hostname: "127.0.0.1", port: running.peer.udpPort };
    await body({
      dir,
      running,
      context,
      upstream,
      downstream,
      send: async (datagrams, from = upstream) => {
        for (const datagram of datagrams) await from.sendOne(datagram, to);
      },
      say,
    });
  } finally {
    context.abort();
    await running.finished;
    await running.close();
    await heard;
    await Deno.remove(dir, { recursive: true });
  }
}

/** Tells the peer that `downstream` comes after it; gives its answer. */
export async function updateNext(
  { running, downstream }: PeerScene,
  extra: Record<string, unknown> = {},
): Promise<string> {
  using connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: running.peer.controlPort,
  });
  await connection.write(new TextEncoder().encode(JSON.stringify({
    cmd: "UPDATE_NEXT",
    next_name: "B",
    next_port: downstream.address.port,
    ...extra,
  })));
  const answer = new Uint8Array(10);
  const count = await connection.read(answer);
  return new TextDecoder().decode(answer.subarray(0, count ?? 0));
}

/** A frame's datagrams on our wire, sent at `nowUs`. */
export function binaryDatagrams(
  jpeg: Uint8Array,
  frame: number,
  stream: number,
  { fragmentBytes = 5000, nowUs = nowMicros() } = {},
): Uint8Array[] {
  const fragmenter = new BinaryFragmenter({ streamId: stream, fragmentBytes });
  const count = fragmenter.begin(jpeg, frame);
  return Array.from({ length: count }, (_, index) => {
    const out = new Uint8Array(fragmenter.datagramBytes);
    return out.subarray(0, fragmenter.write(index, nowUs, out, 0));
  });
}

/** The next `count` datagrams that come to `socket`. */
export async function receiveAll(
  socket: UdpSocket,
  count: number,
): Promise<Uint8Array[]> {
  const batch = new DatagramBatch(1, 65_536);
  const datagrams: Uint8Array[] = [];
  while (datagrams.length < count && await socket.receive(batch)) {
    datagrams.push(batch.datagram(0).slice());
  }
  return datagrams;
}

/** Adds to `into` what comes to `socket` until it is closed. */
export async function receiveInto(
  into: Uint8Array[],
  socket: UdpSocket,
): Promise<void> {
  const batch = new DatagramBatch(1, 65_536);
  while (await socket.receive(batch)) into.push(batch.datagram(0).slice());
}
