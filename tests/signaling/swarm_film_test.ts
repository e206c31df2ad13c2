import assert from "node:assert/strict";
import {
  type Bytes,
  CHUNK_BYTES,
  ChunkSet,
  encodeBlocks,
  encodeChannelMessage,
  encodeHaveBits,
  FilmReceiver,
  type FilmSender,
  FilmSwarm,
  type FilmTransport,
  memoryTransports,
  NONCE_BYTES,
  parseChannelMessage,
  type RtcLinks,
  type RtcLinksParts,
  sealChunk,
  SWARM_INDEX,
} from "../../src/signaling/mod.ts";
import { waitUntil } from "../support/wait.ts";
import {
  joined,
  makeTestFilm,
  noise,
  random,
  testClock,
  type TestFilm,
  transferTest,
} from "./support.ts";

const PATIENT = { within: 30_000 };
const FROM = { roomId: "ROOM01", fromUserId: "x" };

/** A swarm whose connections a test opens. */
function makeSwarm(film: TestFilm, uploads = true) {
  const chunks = new Map<number, Bytes>();
  const left = new Map<string, string>();
  const dropped: string[] = [];
  let events: Pick<RtcLinksParts, "wants" | "opened" | "closed"> | undefined;
  const swarm = new FilmSwarm({
    manifest: film.manifest,
    key: film.keys.film,
    from: { roomId: "ROOM01", fromUserId: "me" },
    read(chunk) {
      const bytes = chunks.get(chunk);
      return bytes === undefined
        ? Promise.reject(new Error("not here"))
        : Promise.resolve(bytes);
    },
    links(given) {
      events = given;
      const links: Partial<RtcLinks> = {
        offer: () => {},
        drop: (member) => void dropped.push(member),
        close: () => {},
      };
      return links as RtcLinks;
    },
    random,
    clock: testClock,
    uploads,
    onProblem: (member, reason) => left.set(member, reason),
  });
  const receiver = new FilmReceiver({
    manifest: film.manifest,
    pageKey: film.pageKey,
    key: film.keys.film,
    from: { roomId: "ROOM01", fromUserId: "me" },
    clock: testClock,
    store: {
      put: (chunk, bytes) => void chunks.set(chunk, bytes),
      get: (chunk) => chunks.get(chunk),
    },
    policy: swarm,
  });
  swarm.start(receiver);
  return {
    swarm,
    receiver,
    chunks,
    left,
    dropped,
    wants: (memberId: string) => events!.wants(memberId),
    /** The other end of a new connection with a member. */
    meet(memberId: string): FilmTransport {
      const [mine, its] = memoryTransports(queueMicrotask);
      events!.opened({ memberId, index: SWARM_INDEX, offered: false }, mine);
      return its;
    },
    close() {
      receiver.close();
      swarm.close();
    },
  };
}

function say(
  transport: FilmTransport,
  message: Parameters<typeof encodeChannelMessage>[0],
): void {
  transport.send(encodeChannelMessage(message, FROM, 0));
}

/** Says that it has all, and does with each request what a test wants. */
function pretend(
  film: TestFilm,
  transport: FilmTransport,
  asked: (chunk: number) => void,
): void {
  const { totalChunks } = film.manifest;
  const all = new ChunkSet(totalChunks);
  for (let chunk = 0; chunk < totalChunks; chunk++) all.add(chunk);
  const sender = film.sender(); // hashes are signed by the host: those are right
  transport.listen({
    frame(frame) {
      if (typeof frame !== "string") return;
      const message = parseChannelMessage(frame);
      if (message?.type === "chunk-request") asked(message.chunk);
      if (message?.type === "hash-request") {
        sender.hashPage(message.page).then((page) => transport.send(page));
      }
    },
    closed: () => {},
  });
  say(transport, { type: "stream-start", data: film.manifest });
  for (const frame of encodeHaveBits(all)) transport.send(frame);
}

/** A neighbour that has all and gives it. */
function honest(film: TestFilm, transport: FilmTransport): FilmSender {
  const sender = film.sender();
  const all = new ChunkSet(film.manifest.totalChunks);
  for (let chunk = 0; chunk < all.total; chunk++) all.add(chunk);
  sender.attach(transport);
  for (const frame of encodeHaveBits(all)) transport.send(frame);
  return sender;
}

transferTest(
  "who gives wrong chunks, has not what it says, says nothing or drips is left within five seconds",
  async () => {
    const film = await makeTestFilm(noise(200 * CHUNK_BYTES));
    const me = makeSwarm(film);
    const began = performance.now();
    try {
      const poison = me.meet("poison");
      const wrong = noise(CHUNK_BYTES);
      const filmId = Uint8Array.fromHex(film.manifest.filmId);
      pretend(film, poison, async (chunk) => {
        const sealed = await sealChunk(
          film.keys.film,
          { filmId, chunk },
          wrong,
          random(NONCE_BYTES),
        );
        for (const frame of encodeBlocks(chunk, sealed)) poison.send(frame);
      });
      const liar = me.meet("liar");
      pretend(
        film,
        liar,
        (chunk) => say(liar, { type: "chunk-missing", chunk }),
      );
      pretend(film, me.meet("silent"), () => {});
      const drip = me.meet("drip");
      let stop = false;
      pretend(film, drip, async (chunk) => {
        const plain = await film.read(chunk);
        const sealed = await sealChunk(
          film.keys.film,
          { filmId, chunk },
          plain,
          random(NONCE_BYTES),
        );
        const [first] = encodeBlocks(chunk, sealed);
        const again = (): void => {
          if (stop) return;
          drip.send(first!);
          testClock.after(500, again);
        };
        again();
      });
      await waitUntil(
        () => ["poison", "silent", "drip"].every((name) => !me.wants(name)),
        PATIENT,
      );
      const seconds = (performance.now() - began) / 1000;
      stop = true;
      assert.ok(seconds < 10, `${seconds} s`); // the bar is 5; others use this machine too
      assert.equal(me.left.get("silent"), "it does not give what it has");
      assert.equal(me.left.get("drip"), "it does not give what it has");
      assert.ok(me.dropped.includes("silent"));
      assert.ok(me.receiver.refusedChunks >= 3);
      assert.equal(me.chunks.size, 0);
      // An honest one comes, and all is well.
      const good = honest(film, me.meet("good"));
      await waitUntil(() => me.chunks.size === 200, PATIENT);
      assert.deepEqual(joined(me.chunks), film.bytes);
      good.close();
    } finally {
      me.close();
    }
  },
);

transferTest("what one has taken it gives, and says what it has", async () => {
  const film = await makeTestFilm(noise(60 * CHUNK_BYTES));
  const me = makeSwarm(film);
  const good = honest(film, me.meet("good"));
  try {
    await waitUntil(() => me.chunks.size === 60, PATIENT);
    const other = makeSwarm(film);
    try {
      // Two ends of one connection carry both directions.
      const relay = (from: FilmTransport, to: FilmTransport): void =>
        from.listen({ frame: (frame) => to.send(frame), closed: () => {} });
      const [mine, its] = [me.meet("other"), other.meet("me")];
      relay(mine, its);
      relay(its, mine);
      await waitUntil(() => other.chunks.size === 60, PATIENT);
      assert.deepEqual(joined(other.chunks), film.bytes);
      assert.equal(other.swarm.neighbours()[0]?.chunks, 60);
      assert.ok(me.swarm.totals().sent > 60 * CHUNK_BYTES);
      assert.deepEqual(other.swarm.health(3), [2, 2, 2]);
      assert.equal(other.swarm.status().have, 1);
    } finally {
      other.close();
    }
  } finally {
    good.close();
    me.close();
  }
});

transferTest(
  "a neighbour with another film is no neighbour, and who may not upload says nothing",
  async () => {
    const film = await makeTestFilm(noise(20 * CHUNK_BYTES));
    const me = makeSwarm(film, false);
    try {
      const stranger = me.meet("stranger");
      let closed = false;
      let binary = 0;
      stranger.listen({
        frame: (frame) => {
          if (typeof frame !== "string") binary++;
        },
        closed: () => closed = true,
      });
      say(stranger, {
        type: "stream-start",
        data: { ...film.manifest, filmId: "0".repeat(32) },
      });
      await waitUntil(() => closed, PATIENT);
      assert.equal(me.swarm.neighbours().length, 0);
      assert.equal(binary, 0);
      assert.equal(me.swarm.status().uploads, false);
    } finally {
      me.close();
    }
  },
);
