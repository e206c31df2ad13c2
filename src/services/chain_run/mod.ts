/**
 * `chain-run`: coordinator and peers as processes of their own, from one
 * command.
 *
 * @module
 */

import type { PeerReport } from "../../chain/mod.ts";
import type { ServiceContext } from "../context.ts";
import {
  type Child,
  type ChildEvent,
  startChild,
  whenReady,
} from "../process/mod.ts";

/** Names of the first peers; later ones are numbered. */
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Options of {@linkcode runChain}. */
export interface ChainRunOptions {
  /** How many peers. */
  readonly peers: number;
  /** Folder that the peers' frames and logs go into. */
  readonly dir: string;
  /** Ends when the end of the stream has reached every peer. */
  readonly exitAtEnd: boolean;
  /** Address everything listens at. */
  readonly host: string;
  /** Coordinator's port; 0 takes a free one. */
  readonly port: number;
  /** UDP port of the first peer, the next ones follow; 0 takes free ones. */
  readonly peerPort: number;
  /** Peers save what they receive. */
  readonly save: boolean;
  /** Pages: the coordinator's port, 0 for a free one; `undefined` for none. */
  readonly pagePort: number | undefined;
  /** Arguments that go on to the coordinator: source, rate, quality, wire. */
  readonly coordinatorArgs: readonly string[];
  /** Arguments that go on to every peer. */
  readonly peerArgs: readonly string[];
  /** Program and arguments that start another process of this program. */
  readonly self: (
    args: readonly string[],
  ) => { readonly command: string; readonly args: readonly string[] };
  /** Told once when everything listens. */
  readonly onReady: (
    urls: { readonly address: string; readonly page: string | undefined },
  ) => void;
  /** Told each time the end of a stream has reached every peer. */
  readonly onDelivered?: (result: ChainRunResult) => void;
}

/** How a run ended. */
export interface ChainRunResult {
  /** Frames that the coordinator sent in the last stream. */
  readonly framesSent: number;
  /**
   * The peers' last reports, in chain order; only a name where one never
   * reported or was gone before the end.
   */
  readonly peers: readonly (Partial<PeerReport> & { readonly name: string })[];
  /** Whether a stream ended and every frame of it reached every peer. */
  readonly complete: boolean;
}

/** The name of peer `index`: A to Z, then peer27. */
export function peerName(index: number): string {
  return LETTERS[index] ?? `peer${index + 1}`;
}

/** The folder that a peer's frames go into. */
export function framesDirOf(dir: string, name: string): string {
  return `${dir}/peer_${name}_frames`;
}

/**
 * Starts a chain and waits for its end, or for the signal.
 *
 * @throws {Error} when a process does not come up; the others are gone then.
 */
export async function runChain(
  options: ChainRunOptions,
  context: ServiceContext,
): Promise<ChainRunResult> {
  await Deno.mkdir(options.dir, { recursive: true });
  const children: Child[] = [];
  const start = (
    name: string,
    args: readonly string[],
    onEvent: (event: ChildEvent) => void,
  ): Child => {
    const { self } = options;
    const child = startChild({ name, args, self, log: context.log, onEvent });
    children.push(child);
    return child;
  };
  try {
    return await run(options, context, start);
  } finally {
    // The coordinator first, so that it does not see a chain fall apart.
    const [coordinator, ...peers] = children;
    await coordinator?.stop();
    await Promise.all(peers.map((peer) => peer.stop()));
  }
}

async function run(
  options: ChainRunOptions,
  context: ServiceContext,
  start: (
    name: string,
    args: readonly string[],
    onEvent: (event: ChildEvent) => void,
  ) => Child,
): Promise<ChainRunResult> {
  const outcome = Promise.withResolvers<void>();
  let delivered: ChildEvent | undefined;
  const pageFlag = options.pagePort === undefined
    ? ["--no-page"]
    : ["--page-port", String(options.pagePort)];
  const coordinator = start("coordinator", [
    "chain-coordinator",
    ...options.coordinatorArgs,
    ...pageFlag,
    "--host",
    options.host,
    "--port",
    String(options.port),
    "--start-when",
    String(options.peers),
  ], (event) => {
    if (event.event !== "end") context.emit({ ...event, from: "coordinator" });
    if (event.event === "delivered") {
      delivered = event;
      options.onDelivered?.(resultOf(event, options.peers));
      if (options.exitAtEnd) outcome.resolve();
    }
    if (event.event === "stream-end" && typeof event.error === "string") {
      outcome.reject(new Error(event.error));
    }
  });
  const onAbort = (): void => outcome.resolve();
  context.signal.addEventListener("abort", onAbort, { once: true });
  if (context.signal.aborted) onAbort();
  outcome.promise.catch(() => {});
  coordinator.ended.then(() =>
    outcome.reject(
      new Error(
        `Cannot go on: the coordinator has ended: ${coordinator.lastError}`,
      ),
    )
  );

  const control = await whenReady(
    coordinator,
    context.signal,
    (event) => event.event === "listening" && event.label === "Peers",
  );
  const page = options.pagePort === undefined ? undefined : String(
    (await whenReady(
      coordinator,
      context.signal,
      (event) => event.event === "listening" && event.label === "Page",
    )).url,
  );
  const address = String(control.url).replace("tcp://", "");
  options.onReady({ address, page });
  for (let index = 0; index < options.peers; index++) {
    if (context.signal.aborted) break;
    await startPeer(index);
  }

  async function startPeer(index: number): Promise<void> {
    const name = peerName(index);
    const peer = start(name, [
      "chain-peer",
      name,
      String(options.peerPort === 0 ? 0 : options.peerPort + index),
      "--host",
      options.host,
      "--coordinator",
      address,
      ...options.peerArgs,
      "--frames-dir",
      framesDirOf(options.dir, name),
      "--log-file",
      `${options.dir}/peer_${name}.log`,
      ...(options.save ? [] : ["--no-save"]),
      ...(options.pagePort === undefined ? ["--no-page"] : []),
    ], (event) => {
      if (event.event !== "end") context.emit({ ...event, from: name });
    });
    peer.ended.then((code) => {
      if (!context.signal.aborted && code !== 0) {
        context.log.warn(`${name} ended with code ${code}`);
      }
    });
    await whenReady(
      peer,
      context.signal,
      (event) => event.event === "registered",
    );
  }

  await outcome.promise;
  context.signal.removeEventListener("abort", onAbort);
  return resultOf(delivered, options.peers);
}

function resultOf(
  delivered: ChildEvent | undefined,
  count: number,
): ChainRunResult {
  if (delivered === undefined) {
    return { framesSent: 0, peers: [], complete: false };
  }
  const framesSent = Number(delivered.frames);
  const reported = delivered.peers as ChainRunResult["peers"];
  const gone = Array.from({ length: count }, (_, index) => peerName(index))
    .filter((name) => !reported.some((report) => report.name === name))
    .map((name) => ({ name }));
  const peers: ChainRunResult["peers"] = [...reported, ...gone];
  return {
    framesSent,
    peers,
    complete: peers.every(({ framesReceived }) =>
      framesReceived === framesSent
    ),
  };
}
