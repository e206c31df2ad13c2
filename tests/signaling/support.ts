/**
 * A room table and films for tests of the watch party's cores.
 *
 * @module
 */

import { createHash } from "node:crypto";
import {
  type Bytes,
  CHUNK_BYTES,
  type ClientEvent,
  createIdentity,
  createManifest,
  deriveKeys,
  type FilmManifest,
  FilmReceiver,
  type FilmReceiverParts,
  FilmSender,
  type HostIdentity,
  type PartyClock,
  type PartyKeys,
  type RoomAction,
  type RoomLimits,
  RoomTable,
  verifyManifest,
} from "../../src/signaling/mod.ts";
import { waitUntil } from "../support/wait.ts";

/** Something that a connection was sent. */
export interface Sent {
  readonly to: string;
  readonly event: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** A table whose time a test sets, and what it sends. */
export class TestRooms {
  now = 1_000_000;
  readonly sent: Sent[] = [];
  readonly disconnected: string[] = [];
  readonly relays: RoomAction[] = [];
  readonly table: RoomTable;
  #secrets = 0;

  constructor(limits: Partial<RoomLimits> = {}) {
    this.table = new RoomTable({
      limits,
      secret: () => `secret${++this.#secrets}`.padEnd(24, "x"),
      hash: (text) => createHash("sha256").update(text).digest("hex"),
    });
  }

  connect(...ids: readonly string[]): void {
    for (const id of ids) this.table.connect(id, `10.0.0.${id}`);
  }

  send(id: string, event: ClientEvent["type"], value: unknown): void {
    this.#take(this.table.receive(id, event, value, this.now));
  }

  /** Connects and joins room "ROOM01". */
  join(id: string, more: Record<string, unknown> = {}): void {
    this.connect(id);
    this.send(id, "join-room", { roomId: "ROOM01", userName: id, ...more });
  }

  disconnect(id: string): void {
    this.#take(this.table.disconnect(id, this.now));
  }

  pass(ms: number): void {
    this.now += ms;
    this.#take(this.table.handleTimeout(this.now));
  }

  /** Payloads of an event that a connection was sent, oldest first. */
  got(id: string, event: string): Sent["payload"][] {
    return this.sent.filter((one) => one.to === id && one.event === event)
      .map(({ payload }) => payload);
  }

  /** The last error that a connection was sent. */
  error(id: string): unknown {
    return this.got(id, "error").at(-1)?.message;
  }

  /** Names of the events that a connection was sent since the last call. */
  eventsOf(id: string): string[] {
    const mine = this.sent.filter(({ to }) => to === id)
      .map(({ event }) => event);
    this.sent.length = 0;
    return mine;
  }

  #take(actions: readonly RoomAction[]): void {
    for (const action of actions) {
      if (action.type === "send") {
        for (const to of action.to) {
          this.sent.push({ to, event: action.event, payload: action.payload });
        }
      } else if (action.type === "disconnect") {
        this.disconnected.push(action.socketId);
        this.#take(this.table.disconnect(action.socketId, this.now));
      } else this.relays.push(action);
    }
  }
}

/** The real clock: transfers are asynchronous anyway. */
export const testClock: PartyClock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Sealing and opening that native threads have not ended. */
let cryptoUnderWay = 0;
for (const name of ["encrypt", "decrypt", "digest", "sign"] as const) {
  const native = crypto.subtle[name].bind(crypto.subtle) as (
    ...args: unknown[]
  ) => Promise<unknown>;
  Object.defineProperty(crypto.subtle, name, {
    value: (...args: unknown[]): Promise<unknown> => {
      cryptoUnderWay++;
      return native(...args).finally(() => cryptoUnderWay--);
    },
  });
}

/**
 * A test of a transfer. What native threads compute ends in its own time after
 * the transfer was closed: before the next test, so that it gets no blame.
 */
export function transferTest(name: string, run: () => Promise<void>): void {
  Deno.test(name, async () => {
    await run();
    await waitUntil(() => cryptoUnderWay === 0, { what: "idle crypto" });
  });
}

/** Random bytes. */
export function random(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** Bytes that look like coded video: they do not shrink. */
export function noise(length: number): Bytes {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += CHUNK_BYTES) {
    crypto.getRandomValues(bytes.subarray(at, at + CHUNK_BYTES));
  }
  return bytes;
}

/** A film in memory and all that moves it. */
export interface TestFilm {
  readonly bytes: Bytes;
  readonly keys: PartyKeys;
  readonly identity: HostIdentity;
  readonly manifest: FilmManifest;
  readonly pageKey: CryptoKey;
  read(chunk: number): Promise<Bytes>;
  sender(parts?: { read?: (chunk: number) => Promise<Bytes> }): FilmSender;
  receiver(
    parts?: Partial<FilmReceiverParts>,
  ): { receiver: FilmReceiver; chunks: Map<number, Bytes> };
}

/** Makes a film of these bytes. */
export async function makeTestFilm(bytes: Bytes): Promise<TestFilm> {
  const keys = await deriveKeys(random(32));
  const identity = await createIdentity();
  function read(chunk: number): Promise<Bytes> {
    const from = chunk * CHUNK_BYTES;
    return Promise.resolve(bytes.slice(from, from + CHUNK_BYTES));
  }
  const manifest = await createManifest(
    {
      fileName: "film.mp4",
      fileSize: bytes.length,
      mimeType: "video/mp4",
      duration: 12.5,
    },
    read,
    identity,
  );
  const { key: pageKey } = await verifyManifest(manifest, identity.fingerprint);
  const from = { roomId: "ROOM01", fromUserId: "a" };
  return {
    bytes,
    keys,
    identity,
    manifest,
    pageKey,
    read,
    sender: (parts = {}) =>
      new FilmSender({
        manifest,
        identity,
        key: keys.film,
        read,
        random,
        clock: testClock,
        from,
        ...parts,
      }),
    receiver(parts = {}) {
      const chunks = new Map<number, Bytes>();
      const receiver = new FilmReceiver({
        manifest,
        pageKey,
        key: keys.film,
        from,
        clock: testClock,
        store: {
          put: (chunk, bytes) => void chunks.set(chunk, bytes),
          get: (chunk) => chunks.get(chunk),
        },
        ...parts,
      });
      return { receiver, chunks };
    },
  };
}

/** The chunks one after another. */
export function joined(chunks: ReadonlyMap<number, Bytes>): Uint8Array {
  const sorted = [...chunks].sort(([a], [b]) => a - b);
  const all = new Uint8Array(
    sorted.reduce((sum, [, { length }]) => sum + length, 0),
  );
  let at = 0;
  for (const [, bytes] of sorted) {
    all.set(bytes, at);
    at += bytes.length;
  }
  return all;
}
