/**
 * A stream through four peers whose hops are bad on purpose.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  DEFAULT_FRAGMENT_BYTES,
  type RelayFrame,
} from "../../../src/chain/mod.ts";
import {
  DatagramBatch,
  nowMicros,
  openUdpSocket,
  sleepUntil,
} from "../../../src/net/mod.ts";
import { FrameSender } from "../../../src/services/chain/frame_sender.ts";
import { RelayLoop } from "../../../src/services/chain_peer/relay_loop.ts";
import type { Impairment } from "../../support/impairment.ts";
import { LossyRelay } from "../../support/lossy_relay.ts";
import { makeJpegs } from "../../support/clips.ts";
import { STRANDCAST } from "./peer_scene.ts";

const LOCAL = { hostname: "127.0.0.1", port: 0 };
const HOPS = 4;
/** Frames of a stream unless told otherwise. */
export const FRAMES = 240;
const FRAME_TIME_US = 20_000;

/** What came of a stream over four bad hops. */
export interface Outcome {
  /** Whole frames at each peer. */
  readonly whole: number[];
  /** Datagrams that each hop's sender sent, first and again. */
  readonly datagrams: number[];
  /** Datagrams of one frame. */
  readonly fragments: number;
  /** Whether every whole frame was the one that was sent. */
  readonly intact: boolean;
}

/** Plays a stream through four peers; every hop is as bad as `hop` says, both ways. */
export async function play(
  hop: Impairment,
  { frames = FRAMES, backward = hop, parityPercent = 0 } = {},
): Promise<Outcome> {
  await using cleanup = new AsyncDisposableStack();
  const [jpeg] = await makeJpegs({ frames: 1, size: "640x480" });
  assert.ok(jpeg);
  const origin = cleanup.use(openUdpSocket(LOCAL));
  const sender = new FrameSender(origin, STRANDCAST);
  const whole: number[] = [];
  let intact = true;
  const ends: Promise<void>[] = [];
  const relays: LossyRelay[] = [];
  let before: { next: FrameSender["next"] } = sender;
  for (let i = 0; i < HOPS; i++) {
    const socket = cleanup.use(openUdpSocket(LOCAL));
    const seen = new Set<number>();
    const { promise, resolve } = Promise.withResolvers<void>();
    whole.push(0);
    const loop = new RelayLoop(socket, STRANDCAST, {
      started() {},
      frame(frame: RelayFrame) {
        seen.add(frame.number);
        whole[i] = seen.size;
        intact &&= frame.jpeg.bytes.length === jpeg.length &&
          frame.jpeg.bytes.every((byte, at) => byte === jpeg[at]);
      },
      ended: () => resolve(),
      text() {},
      stranger() {},
    });
    const relay = cleanup.use(
      new LossyRelay({
        target: socket.address,
        seed: i + 1,
        forward: hop,
        backward,
      }),
    );
    relays.push(relay);
    before.next = {
      name: String(i),
      address: { hostname: "127.0.0.1", port: relay.port },
      wire: "binary",
    };
    before = loop;
    ends.push(promise);
    const running = loop.run();
    cleanup.defer(async () => {
      socket.close();
      await running;
    });
  }
  const { answering, close } = answerQuestions(origin, sender);
  sender.parityPercent = parityPercent;
  sender.beginStream(7);
  const startUs = nowMicros();
  const never = new AbortController().signal;
  for (let number = 0; number < frames; number++) {
    const dueUs = startUs + number * FRAME_TIME_US;
    await sleepUntil(dueUs);
    await sender.sendFrame(
      { bytes: jpeg, number, dueUs, frameTimeUs: FRAME_TIME_US },
      never,
    );
  }
  await sender.sendEnd(frames);
  await Promise.all(ends);
  const datagrams = relays.map(({ forward }) => forward.received);
  close();
  await answering;
  const fragments = Math.ceil(jpeg.length / DEFAULT_FRAGMENT_BYTES);
  return { whole, datagrams, fragments, intact };
}

function answerQuestions(
  socket: ReturnType<typeof openUdpSocket>,
  sender: FrameSender,
): { answering: Promise<void>; close: () => void } {
  const answering = (async () => {
    const batch = new DatagramBatch(8, 2048);
    while (await socket.receive(batch)) {
      for (let i = 0; i < batch.count; i++) {
        sender.receive(batch.datagram(i), batch.sources[i]);
      }
    }
    await sender.settled();
  })();
  return { answering, close: () => socket.close() };
}
