import assert from "node:assert/strict";
import {
  type Bytes,
  CHUNK_BYTES,
  deriveKeys,
  encodeRelayCredit,
  encodeRelayData,
  MAX_RELAY_CREDIT,
  readRelayFrame,
  RelayCredit,
  type RelayPort,
  relayTransport,
  SignalProtocolError,
} from "../../src/signaling/mod.ts";
import { assertSameBytes } from "../support/bytes.ts";
import { settled, waitUntil } from "../support/wait.ts";
import {
  joined,
  makeTestFilm,
  noise,
  random,
  transferTest,
} from "./support.ts";

/** Two ends with a relay between them that checks credit as the server does. */
function relayed(key: CryptoKey): {
  ports: [RelayPort, RelayPort];
  seen: Bytes[];
  worst: () => number;
} {
  const ports: RelayPort[] = [];
  const seen: Bytes[] = [];
  const credits = [new RelayCredit(), new RelayCredit()];
  let under = 0;
  let worst = 0;
  for (const me of [0, 1]) {
    const other = 1 - me;
    ports.push(relayTransport(
      {
        bufferedAmount: 0,
        close: () => queueMicrotask(() => ports[other]?.closed()),
        send(bytes) {
          const frame = readRelayFrame(bytes);
          if (frame.type === "credit") {
            assert.ok(credits[me]!.grant(frame.bytes), "too much was granted");
          } else {
            assert.ok(
              credits[other]!.take(bytes.length),
              "nothing was granted",
            );
            seen.push(bytes);
            under += bytes.length;
            worst = Math.max(worst, under);
          }
          queueMicrotask(() => {
            if (frame.type === "data") under -= bytes.length;
            ports[other]?.message(bytes);
          });
        },
      },
      key,
      random,
    ));
  }
  return { ports: ports as [RelayPort, RelayPort], seen, worst: () => worst };
}

transferTest(
  "a film comes through the relay, within the credit, and the relay sees none of it",
  async () => {
    const film = await makeTestFilm(noise(40 * CHUNK_BYTES));
    const { ports, seen, worst } = relayed(film.keys.message);
    const { receiver, chunks } = film.receiver();
    film.sender().attach(ports[0].transport);
    receiver.attach("a", ports[1].transport);
    await settled(receiver.complete);
    assertSameBytes(joined(chunks), film.bytes);
    assert.ok(worst() <= MAX_RELAY_CREDIT);
    const latin = new TextDecoder("latin1");
    for (const frame of seen) {
      assert.doesNotMatch(latin.decode(frame), /chunk-request|film\.mp4/);
    }
    receiver.close();
  },
);

transferTest("another key closes the relay", async () => {
  const { message } = await deriveKeys(random(32));
  const { ports } = relayed(message);
  const other = await deriveKeys(random(32));
  let closed = false;
  ports[1].transport.listen({ frame: () => {}, closed: () => closed = true });
  const sealed = relayTransport(
    {
      bufferedAmount: 0,
      close() {},
      send: (bytes) => ports[1].message(bytes),
    },
    other.message,
    random,
  );
  sealed.message(encodeRelayCredit(100_000));
  sealed.transport.send("hello");
  await waitUntil(() => closed);
});

Deno.test("frames that are none are refused", () => {
  for (
    const bad of [
      new Uint8Array(),
      Uint8Array.of(2),
      Uint8Array.of(0, 1),
      new Uint8Array(100_000).fill(1),
    ]
  ) assert.throws(() => readRelayFrame(bad), SignalProtocolError);
  assert.deepEqual(readRelayFrame(encodeRelayData(7, new Uint8Array())), {
    type: "data",
    payload: Uint8Array.of(7),
  });
});
