import assert from "node:assert/strict";
import {
  decodeBinaryDatagram,
  encodeBinaryEnd,
  encodeStrandcastChunk,
  encodeStrandcastEnd,
  encodeStrandcastFrame,
  encodeStrandcastText,
  Relay,
  type RelayOutcome,
} from "../../src/chain/mod.ts";
import { bytesOf, fakeJpeg, fragments, NOW_US } from "./support.ts";

const FRAME = fakeJpeg(1000);

/** An outcome as a test compares it; the frame's bytes are copied and released. */
function seen(outcome: RelayOutcome): Record<string, unknown> {
  const { frame, ...rest } = { ...outcome };
  const plain: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(rest)) {
    if (value !== undefined && value !== 0 && value !== false) {
      plain[key] = value;
    }
  }
  if (frame !== undefined) {
    const { jpeg, ...fields } = frame;
    plain["frame"] = { ...fields, bytes: jpeg.bytes.slice() };
    jpeg.release();
  }
  // The id 0 of a StrandCast stream says something too.
  if (outcome.started === 0) plain["started"] = 0;
  return plain;
}

function receive(
  relay: Relay,
  datagram: Uint8Array,
  nowUs = NOW_US,
  fromUpstream = true,
): Record<string, unknown> {
  return seen(relay.receive(datagram, nowUs, fromUpstream));
}

function textMessage(seq: number, origin = "A"): Uint8Array {
  const sender = origin;
  return encodeStrandcastText({
    type: "data",
    origin,
    seq,
    sender,
    message: "hi",
  });
}

Deno.test("fragments go on as they come and the last one makes the frame whole", () => {
  const relay = new Relay();
  const datagrams = fragments(FRAME, 12, { fragmentBytes: 400 });
  assert.deepEqual(receive(relay, datagrams[0]!), {
    forward: true,
    started: 7,
  });
  assert.deepEqual(receive(relay, datagrams[1]!), { forward: true });
  assert.deepEqual(receive(relay, datagrams[2]!), {
    forward: true,
    frame: {
      number: 12,
      streamId: 7,
      originTimeUs: NOW_US,
      wire: "binary",
      origin: "",
      bytes: FRAME,
    },
  });
});

Deno.test("what goes on carries our time of sending and is good at the next hop", () => {
  const first = new Relay();
  const second = new Relay();
  let whole = 0;
  for (const datagram of fragments(FRAME, 0)) {
    assert.equal(receive(first, datagram, NOW_US + 700)["forward"], true);
    const { hopTimeUs, originTimeUs } = decodeBinaryDatagram(datagram);
    assert.equal(hopTimeUs, (NOW_US + 700) % 2 ** 32);
    assert.equal(originTimeUs, NOW_US);
    const outcome = receive(second, datagram, NOW_US + 1500);
    if (outcome["frame"] !== undefined) whole++;
  }
  assert.equal(whole, 1);
  assert.equal(second.snapshot(NOW_US + 1500).hopLatency.p50, 0.8);
  assert.equal(second.snapshot(NOW_US + 1500).chainLatency.p50, 1.5);
});

Deno.test("latency is that of the fragment that came last", () => {
  const relay = new Relay();
  const early = fragments(FRAME, 0, { fragmentBytes: 600 });
  const late = fragments(FRAME, 0, {
    fragmentBytes: 600,
    nowUs: NOW_US + 8000,
  });
  receive(relay, early[0]!, NOW_US + 1000);
  receive(relay, late[1]!, NOW_US + 11_000);
  const { hopLatency, chainLatency } = relay.snapshot(NOW_US + 11_000);
  assert.deepEqual(hopLatency, { p50: 3, p99: 3, max: 3, count: 1 });
  assert.deepEqual(chainLatency, { p50: 3, p99: 3, max: 3, count: 1 });
});

Deno.test("the hop time may wrap around between sending and receipt", () => {
  const wrap = Math.ceil(NOW_US / 2 ** 32) * 2 ** 32;
  const relay = new Relay();
  for (const datagram of fragments(FRAME, 0, { nowUs: wrap - 300 })) {
    receive(relay, datagram, wrap + 200);
  }
  assert.equal(relay.snapshot(wrap + 200).hopLatency.p50, 0.5);
});

Deno.test("a duplicate is never forwarded, of a fragment or of a whole frame", () => {
  const relay = new Relay();
  const datagrams = fragments(FRAME, 0);
  for (const datagram of datagrams) {
    assert.equal(receive(relay, datagram)["forward"], true);
    assert.deepEqual(receive(relay, datagram), { drop: "duplicate" });
  }
  for (const datagram of datagrams) {
    assert.deepEqual(receive(relay, datagram), { drop: "duplicate" });
  }
  const { duplicates, datagramsReceived, framesReceived } = relay.snapshot(
    NOW_US,
  );
  assert.equal(duplicates, 2 * datagrams.length);
  assert.equal(datagramsReceived, 3 * datagrams.length);
  assert.equal(framesReceived, 1);
});

Deno.test("an end shows once, and its copies go on up to a limit", () => {
  const relay = new Relay();
  for (const datagram of fragments(FRAME, 0)) receive(relay, datagram);
  const end = encodeBinaryEnd(7, 1, NOW_US);
  assert.deepEqual(receive(relay, end, NOW_US + 900), {
    forward: true,
    end: { streamId: 7, frames: 1, wire: "binary", origin: "" },
  });
  assert.equal(
    decodeBinaryDatagram(end).hopTimeUs,
    (NOW_US + 900) % 2 ** 32,
  );
  for (let copy = 2; copy <= 8; copy++) {
    assert.deepEqual(receive(relay, end), { forward: true });
  }
  assert.deepEqual(receive(relay, end), { drop: "duplicate" });
  assert.equal(relay.snapshot(NOW_US).framesInStream, 1);
});

Deno.test("an end alone is a stream that was missed", () => {
  assert.deepEqual(receive(new Relay(), encodeBinaryEnd(7, 30, NOW_US)), {
    forward: true,
    started: 7,
    end: { streamId: 7, frames: 30, wire: "binary", origin: "" },
  });
  assert.deepEqual(receive(new Relay(), encodeStrandcastEnd(30)), {
    forward: true,
    started: 0,
    end: { streamId: 0, frames: 30, wire: "strandcast", origin: "coordinator" },
  });
});

Deno.test("the coordinator's own word of the end counts as the first copy", () => {
  const relay = new Relay();
  for (const datagram of fragments(FRAME, 0)) receive(relay, datagram);
  const end = { streamId: 7, frames: 1, wire: "binary" as const, origin: "" };
  assert.deepEqual(relay.receiveEnd(7, 1, NOW_US), end);
  assert.equal(relay.receiveEnd(7, 1, NOW_US), undefined);
  assert.deepEqual(receive(relay, encodeBinaryEnd(7, 1, NOW_US)), {
    forward: true,
  });
  assert.deepEqual(relay.receiveEnd(8, 40, NOW_US), {
    ...end,
    streamId: 8,
    frames: 40,
  });
  assert.equal(relay.receiveEnd(7, 1, NOW_US), undefined);
  assert.equal(relay.receiveEnd(0, 1, NOW_US), undefined);
});

Deno.test("the coordinator's word ends what comes over an existing peer, too", () => {
  const relay = new Relay();
  const [chunk] = encodeStrandcastFrame(FRAME, { frameNumber: 0 });
  receive(relay, chunk!);
  const end = relay.receiveEnd(1234, 1, NOW_US);
  assert.deepEqual(end, {
    streamId: 0,
    frames: 1,
    wire: "strandcast",
    origin: "",
  });
});

Deno.test("a word of the end between two datagrams leaves the outcome alone", () => {
  const relay = new Relay();
  const datagrams = fragments(FRAME, 0, { fragmentBytes: 1000 });
  const outcome = relay.receive(datagrams[0]!, NOW_US, true);
  relay.receiveEnd(7, 1, NOW_US);
  assert.equal(outcome.frame?.number, 0);
  assert.equal(outcome.end, undefined);
  outcome.frame?.jpeg.release();
});

Deno.test("nothing of the other wire is forwarded to a next peer that does not read it", () => {
  const [chunk] = encodeStrandcastFrame(FRAME, { frameNumber: 0 });
  const cases = [
    { wire: undefined, binary: true, strandcast: true },
    { wire: "binary", binary: true, strandcast: false },
    { wire: "strandcast", binary: false, strandcast: true },
  ] as const;
  for (const { wire, binary, strandcast } of cases) {
    const first = new Relay();
    first.setDownstreamWire(wire);
    for (const datagram of fragments(FRAME, 0)) {
      const before = decodeBinaryDatagram(datagram).hopTimeUs;
      const outcome = first.receive(datagram, NOW_US + 9, true);
      assert.equal(outcome.forward, binary);
      const { hopTimeUs } = decodeBinaryDatagram(datagram);
      assert.equal(hopTimeUs - before, binary ? 9 : 0);
    }
    const end = first.receive(encodeBinaryEnd(7, 1, NOW_US), NOW_US, true);
    assert.equal(end.forward, binary);
    assert.equal(end.end?.frames, 1);
    const second = new Relay();
    second.setDownstreamWire(wire);
    const outcome = second.receive(chunk!, NOW_US, true);
    assert.equal(outcome.forward, strandcast);
    assert.deepEqual(outcome.frame?.jpeg.bytes, FRAME);
    const last = second.receive(encodeStrandcastEnd(1), NOW_US, true);
    assert.equal(last.forward, strandcast);
  }
});

Deno.test("StrandCast's frames come through, unchanged bytes go on", () => {
  for (const encoding of ["hex", "base64"] as const) {
    for (const payload of ["jpeg", "pickle"] as const) {
      const relay = new Relay();
      const datagrams = encodeStrandcastFrame(FRAME, {
        frameNumber: 0,
        encoding,
        payload,
        maxDatagram: 800,
        origin: "camera 1",
      });
      const outcomes = datagrams.map((datagram) => {
        const before = datagram.slice();
        const outcome = receive(relay, datagram);
        assert.deepEqual(datagram, before);
        assert.equal(outcome["forward"], true);
        return outcome;
      });
      assert.equal(outcomes[0]!["started"], 0);
      assert.deepEqual(outcomes.at(-1)!["frame"], {
        number: 0,
        streamId: 0,
        originTimeUs: 0,
        wire: "strandcast",
        origin: "camera 1",
        bytes: FRAME,
      });
      const snapshot = relay.snapshot(NOW_US);
      assert.equal(snapshot.wire, "strandcast");
      assert.equal(snapshot.hopLatency.count, 0);
    }
  }
});

Deno.test("a StrandCast frame that holds no picture is counted and stops here", () => {
  const relay = new Relay();
  const chunk = {
    type: "video_frame",
    origin: "c",
    frameNumber: 0,
    index: 0,
    total: 1,
    data: "00",
  } as const;
  const outcome = receive(relay, encodeStrandcastChunk(chunk));
  assert.deepEqual(outcome, { drop: "bad-payload", started: 0 });
  assert.equal(relay.snapshot(NOW_US).invalidFrames, 1);
});

Deno.test("a text message shows once by origin and number, and goes on unchanged", () => {
  const relay = new Relay();
  const expected = {
    forward: true,
    text: { type: "data", origin: "A", seq: 1, sender: "A", message: "hi" },
  };
  assert.deepEqual(receive(relay, textMessage(1)), expected);
  assert.deepEqual(receive(relay, textMessage(1)), { drop: "duplicate" });
  assert.notEqual(receive(relay, textMessage(2))["text"], undefined);
  assert.notEqual(receive(relay, textMessage(1, "B"))["text"], undefined);
  // Only the newest thousand are remembered.
  for (let seq = 10; seq < 2000; seq++) receive(relay, textMessage(seq));
  assert.deepEqual(receive(relay, textMessage(1)), expected);
  assert.equal(relay.snapshot(NOW_US).wire, null);
});

Deno.test("the figures are those of the stream", () => {
  const relay = new Relay();
  const quiet = relay.snapshot(NOW_US);
  assert.deepEqual([quiet.wire, quiet.streamId, quiet.frameNumber], [
    null,
    0,
    -1,
  ]);
  let nowUs = NOW_US;
  let datagrams = 0;
  for (let number = 0; number < 60; number++) {
    for (const datagram of fragments(FRAME, number, { nowUs })) {
      // Frame 30 loses a fragment, frame 40 is missing.
      if (number === 40 || (number === 30 && datagrams++ % 10 === 3)) continue;
      receive(relay, datagram, nowUs + 400);
    }
    nowUs += 1_000_000 / 30;
  }
  receive(relay, bytesOf("junk"), nowUs);
  receive(relay, encodeBinaryEnd(7, 60, nowUs), nowUs);
  const snapshot = relay.snapshot(nowUs);
  assert.equal(snapshot.wire, "binary");
  assert.equal(snapshot.streamId, 7);
  assert.equal(snapshot.frameNumber, 59);
  assert.equal(snapshot.framesReceived, 58);
  assert.equal(snapshot.framesLost, 2);
  assert.equal(snapshot.framesInStream, 60);
  assert.equal(snapshot.corrupt, 1);
  assert.equal(snapshot.drops["unknown-wire"], 1);
  assert.equal(snapshot.bytesReceived, 58 * FRAME.length);
  assert(Math.abs(snapshot.fps - 29) < 1.5, String(snapshot.fps));
  assert(Math.abs(snapshot.kbps - 232) < 12, String(snapshot.kbps));
  assert.deepEqual(snapshot.hopLatency, {
    p50: 0.4,
    p99: 0.4,
    max: 0.4,
    count: 58,
  });
  assert.equal(snapshot.hopLatencyRelative, false);
});

Deno.test("closing lets go of the frames in flight", () => {
  const relay = new Relay();
  receive(relay, fragments(FRAME, 0)[0]!);
  assert.equal(relay.framesInFlight, 1);
  assert.equal(relay.bytesInFlight, FRAME.length);
  relay.close();
  assert.equal(relay.framesInFlight, 0);
  assert.equal(relay.bytesInFlight, 0);
});
