import assert from "node:assert/strict";
import {
  encodeBinaryEnd,
  encodeStrandcastEnd,
  encodeStrandcastFrame,
  Relay,
  STREAM_SILENCE_US,
} from "../../src/chain/mod.ts";
import { fakeJpeg, fragments, NOW_US } from "./support.ts";

const FRAME = fakeJpeg(300);

/** A relay with a clock that the test moves, and words for what came of a datagram. */
class Peer {
  readonly relay = new Relay();
  nowUs = NOW_US;

  /** "started 7, frame 3, end 4", or the reason of the drop. */
  #word(datagram: Uint8Array, fromUpstream: boolean): string {
    const { started, frame, end, drop, forward } = this.relay.receive(
      datagram,
      this.nowUs,
      fromUpstream,
    );
    frame?.jpeg.release();
    if (drop !== 0) return drop;
    assert.equal(forward, true);
    const words: string[] = [];
    if (started !== undefined) words.push(`started ${started}`);
    if (frame !== undefined) words.push(`frame ${frame.number}`);
    if (end !== undefined) words.push(`end ${end.frames}`);
    return words.join(", ");
  }

  /** Frame of a binary stream, in one datagram. */
  frame(streamId: number, number: number, fromUpstream = true): string {
    const [datagram] = fragments(FRAME, number, {
      streamId,
      fragmentBytes: 1000,
    });
    return this.#word(datagram!, fromUpstream);
  }

  end(streamId: number, frames: number, fromUpstream = true): string {
    return this.#word(encodeBinaryEnd(streamId, frames, NOW_US), fromUpstream);
  }

  /** Frame of a StrandCast stream, in one datagram. */
  chunk(frameNumber: number, fromUpstream = true): string {
    const [datagram] = encodeStrandcastFrame(FRAME, { frameNumber });
    return this.#word(datagram!, fromUpstream);
  }

  videoEnd(frames: number, fromUpstream = true): string {
    return this.#word(encodeStrandcastEnd(frames), fromUpstream);
  }

  wait(us: number): void {
    this.nowUs += us;
  }
}

Deno.test("a second stream plays after the first has ended", () => {
  const peer = new Peer();
  assert.equal(peer.frame(7, 0), "started 7, frame 0");
  assert.equal(peer.frame(7, 1), "frame 1");
  assert.equal(peer.end(7, 2), "end 2");
  assert.equal(peer.frame(8, 0), "started 8, frame 0");
  assert.equal(peer.relay.snapshot(peer.nowUs).framesReceived, 1);
  assert.equal(peer.relay.snapshot(peer.nowUs).framesInStream, null);
  assert.equal(peer.end(8, 1), "end 1");
});

Deno.test("stragglers of a stream that was replaced are stale, its end too", () => {
  const peer = new Peer();
  peer.frame(7, 0);
  peer.end(7, 2);
  peer.frame(8, 0);
  assert.equal(peer.frame(7, 1), "stale-stream");
  assert.equal(peer.end(7, 2), "stale-stream");
  peer.wait(2 * STREAM_SILENCE_US);
  assert.equal(peer.frame(7, 1), "stale-stream");
  assert.equal(peer.frame(8, 1), "frame 1");
});

Deno.test("a new stream of the upstream replaces one whose end was lost", () => {
  const peer = new Peer();
  peer.frame(7, 0);
  assert.equal(peer.frame(8, 0, true), "started 8, frame 0");
  assert.equal(peer.frame(7, 1), "stale-stream");
});

Deno.test("a stranger's stream does not end one that runs", () => {
  const peer = new Peer();
  peer.frame(7, 0);
  for (let number = 1; number < 200; number++) {
    assert.equal(peer.frame(666, number, false), "foreign-stream");
    assert.equal(peer.end(667, number, false), "foreign-stream");
    assert.equal(peer.videoEnd(1, false), "foreign-stream");
    assert.equal(peer.chunk(0, false), "foreign-stream");
    assert.equal(peer.frame(7, number), `frame ${number}`);
    peer.wait(33_000);
  }
});

Deno.test("a stranger's stream is taken after silence, and ours comes back at once", () => {
  const peer = new Peer();
  peer.frame(7, 0);
  peer.wait(STREAM_SILENCE_US);
  assert.equal(peer.frame(666, 0, false), "started 666, frame 0");
  peer.wait(1000);
  assert.equal(peer.frame(7, 40, true), "started 7, frame 40");
  assert.equal(peer.frame(666, 1, false), "stale-stream");
});

Deno.test("when the upstream is not known, an interrupted stream comes back after silence", () => {
  const peer = new Peer();
  peer.frame(7, 0, false);
  peer.wait(STREAM_SILENCE_US);
  assert.equal(peer.frame(666, 0, false), "started 666, frame 0");
  assert.equal(peer.frame(7, 1, false), "stale-stream");
  peer.wait(STREAM_SILENCE_US);
  assert.equal(peer.frame(7, 2, false), "started 7, frame 2");
});

Deno.test("a stream that the coordinator announced is taken from anywhere", () => {
  const peer = new Peer();
  peer.frame(7, 0);
  assert.equal(peer.frame(8, 0, false), "foreign-stream");
  peer.relay.announceStream(8);
  assert.equal(peer.frame(8, 0, false), "started 8, frame 0");
});

Deno.test("beside a named upstream a hostile sender can do nothing", () => {
  const peer = new Peer();
  peer.relay.guardUpstream(true);
  peer.relay.announceStream(7);
  assert.equal(peer.frame(7, 0), "started 7, frame 0");
  for (let number = 1; number < 100; number++) {
    for (
      const word of [
        peer.frame(7, number, false),
        peer.frame(8, 0, false),
        peer.end(7, number + 1, false),
        peer.end(8, 1, false),
        peer.chunk(number, false),
        peer.videoEnd(number, false),
      ]
    ) assert.equal(word, "stranger");
    assert.equal(peer.frame(7, number), `frame ${number}`);
    peer.wait(33_333);
  }
  const { framesLost, framesInStream, drops } = peer.relay.snapshot(peer.nowUs);
  assert.deepEqual([framesLost, framesInStream], [0, null]);
  assert.equal(drops["stranger"], 99 * 6);
});

Deno.test("beside a named upstream that is silent, only the announced stream is taken", () => {
  const peer = new Peer();
  peer.relay.guardUpstream(true);
  assert.equal(peer.frame(7, 0, false), "stranger");
  peer.relay.announceStream(7);
  assert.equal(peer.frame(8, 0, false), "stranger");
  assert.equal(peer.chunk(0, false), "stranger");
  assert.equal(peer.end(7, 1, false), "stranger");
  assert.equal(peer.frame(7, 0, false), "started 7, frame 0");
  assert.equal(peer.frame(7, 1, false), "frame 1");
  assert.equal(peer.frame(7, 2, true), "frame 2");
  assert.equal(peer.frame(7, 3, false), "stranger");
  peer.wait(STREAM_SILENCE_US);
  assert.equal(peer.frame(8, 0, false), "stranger");
  assert.equal(peer.frame(7, 10, false), "frame 10");
});

Deno.test("a named upstream starts streams at once, and on StrandCast's wire too", () => {
  const peer = new Peer();
  peer.relay.guardUpstream(true);
  assert.equal(peer.frame(7, 0, true), "started 7, frame 0");
  assert.equal(peer.frame(8, 0, true), "started 8, frame 0");
  assert.equal(peer.chunk(0, true), "started 0, frame 0");
  assert.equal(peer.chunk(1, false), "stranger");
  assert.equal(peer.videoEnd(2, false), "stranger");
  assert.equal(peer.videoEnd(1, true), "end 1");
  peer.relay.guardUpstream(false);
  assert.equal(peer.chunk(0, false), "started 0, frame 0");
});

Deno.test("a new upstream goes on with the same stream", () => {
  const peer = new Peer();
  peer.frame(7, 0, true);
  assert.equal(peer.frame(7, 1, false), "frame 1");
  assert.equal(peer.frame(7, 30, false), "frame 30");
  assert.equal(peer.relay.snapshot(peer.nowUs).framesLost, 28);
});

Deno.test("very many fresh streams leave nothing behind", () => {
  const peer = new Peer();
  for (let streamId = 1; streamId < 20_000; streamId++) {
    const [part] = fragments(FRAME, 0, { streamId });
    peer.relay.receive(part!, peer.nowUs, true);
    assert.equal(peer.relay.framesInFlight, 1);
    assert.equal(peer.relay.bytesInFlight, FRAME.length);
  }
});

Deno.test("an end that cannot be is refused", () => {
  const peer = new Peer();
  for (let number = 0; number < 10; number++) peer.frame(7, number);
  assert.equal(peer.end(7, 9), "conflict");
  assert.equal(peer.end(7, 4_000_000_000), "frame-jump");
  assert.equal(peer.end(7, 10), "end 10");
  assert.equal(peer.end(7, 11), "conflict");
});

Deno.test("an end that the stream disproves is forgotten, and the real one shows", () => {
  const peer = new Peer();
  peer.frame(7, 0);
  assert.equal(peer.end(7, 2, false), "end 2");
  assert.equal(peer.frame(7, 1), "frame 1");
  assert.equal(peer.relay.snapshot(peer.nowUs).framesInStream, 2);
  assert.equal(peer.frame(7, 2), "frame 2");
  assert.equal(peer.relay.snapshot(peer.nowUs).framesInStream, null);
  assert.equal(peer.end(7, 3), "end 3");
});

Deno.test("frame numbers far away are not believed while the stream runs", () => {
  const peer = new Peer();
  peer.frame(7, 100);
  assert.equal(peer.frame(7, 4_000_000_000, false), "frame-jump");
  assert.equal(peer.frame(7, 10, false), "stale");
  assert.equal(peer.frame(7, 101), "frame 101");
  peer.wait(60 * STREAM_SILENCE_US);
  assert.equal(peer.frame(7, 2000), "frame 2000");
  assert.equal(peer.relay.snapshot(peer.nowUs).framesLost, 2001 - 100 - 3);
});

Deno.test("a stranger who drags the numbers away loses half a second at most", () => {
  const peer = new Peer();
  for (let number = 0; number < 30; number++) peer.frame(7, number);
  assert.equal(peer.frame(7, 300, false), "frame 300");
  let back = 0;
  for (let number = 30; number < 60; number++) {
    if (peer.frame(7, number) === `frame ${number}`) back ||= number;
    peer.wait(33_333);
  }
  assert(back > 30 && back <= 46, String(back));
  assert.equal(
    peer.relay.snapshot(peer.nowUs).framesLost,
    Math.max(0, back - 31),
  );
});

Deno.test("StrandCast: frame 0 after an end is a new stream", () => {
  const peer = new Peer();
  assert.equal(peer.chunk(0), "started 0, frame 0");
  assert.equal(peer.chunk(1), "frame 1");
  assert.equal(peer.videoEnd(2), "end 2");
  assert.equal(peer.videoEnd(2), "");
  assert.equal(peer.chunk(0), "started 0, frame 0");
  assert.equal(peer.chunk(0), "duplicate");
  assert.equal(peer.chunk(1), "frame 1");
  assert.equal(peer.videoEnd(2), "end 2");
});

Deno.test("StrandCast: a late frame after the end is still of the same stream", () => {
  const peer = new Peer();
  peer.chunk(0);
  assert.equal(peer.videoEnd(3), "end 3");
  assert.equal(peer.chunk(2), "frame 2");
  assert.equal(peer.relay.snapshot(peer.nowUs).framesLost, 1);
  assert.equal(peer.chunk(1), "frame 1");
  assert.equal(peer.relay.snapshot(peer.nowUs).framesLost, 0);
});

Deno.test("StrandCast: numbers that fall far back are a new stream", () => {
  const peer = new Peer();
  peer.chunk(500);
  assert.equal(peer.chunk(3, false), "stale");
  assert.equal(peer.chunk(3, true), "started 0, frame 3");
  assert.equal(peer.chunk(4, false), "frame 4");
});

Deno.test("StrandCast: frame 0 after silence is a new stream, though no end came", () => {
  const peer = new Peer();
  for (let number = 0; number < 20; number++) peer.chunk(number);
  assert.equal(peer.chunk(0), "stale");
  peer.wait(STREAM_SILENCE_US);
  assert.equal(peer.chunk(0), "started 0, frame 0");
});

Deno.test("StrandCast: stragglers of the stream before do not drag the new one away", () => {
  const peer = new Peer();
  for (let number = 0; number < 100; number++) peer.chunk(number);
  peer.videoEnd(100);
  assert.equal(peer.chunk(0), "started 0, frame 0");
  assert.equal(peer.chunk(99), "stale");
  assert.equal(peer.videoEnd(100), "stale");
  for (let number = 1; number < 120; number++) {
    assert.equal(peer.chunk(number), `frame ${number}`);
    peer.wait(1000);
  }
  assert.equal(peer.videoEnd(120), "end 120");
});

Deno.test("the wire may change with the stream", () => {
  const peer = new Peer();
  assert.equal(peer.frame(7, 0), "started 7, frame 0");
  assert.equal(peer.chunk(0), "started 0, frame 0");
  assert.equal(peer.frame(7, 1), "stale-stream");
  assert.equal(peer.chunk(1), "frame 1");
  assert.equal(peer.frame(9, 1), "started 9, frame 1");
});
