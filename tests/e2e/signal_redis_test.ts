import assert from "node:assert/strict";
import { io } from "socket.io-client";
import { startStreamtool } from "../support/process.ts";
import { hasRedis, startRedis } from "../support/redis.ts";
import { waitUntil } from "../support/wait.ts";

const PATIENT = { within: 60_000 };
/** More would only cost time here; the bench has 200. */
const ROOMS = 30;

type Payload = Readonly<Record<string, unknown>>;

/** A member that goes to the other server when it loses its own. */
class RoamingMember {
  readonly got = new Map<string, Payload[]>();
  #token: string | undefined;
  #socket: ReturnType<typeof io> | undefined;
  userId = "";
  isHost = false;
  joins = 0;

  constructor(
    readonly roomId: string,
    readonly name: string,
    readonly urls: string[],
    readonly hostKey?: string,
  ) {
    this.#connect();
  }

  #connect(): void {
    const socket = io(this.urls[0]!, {
      transports: ["websocket"],
      reconnection: false,
      forceNew: true,
    });
    this.#socket = socket;
    const again = (): void => {
      this.urls.push(this.urls.shift()!);
      setTimeout(() => this.#connect(), 200);
    };
    socket.on("connect", () => {
      socket.emit("join-room", {
        roomId: this.roomId,
        userName: this.name,
        resumable: true,
        ...(this.#token === undefined ? {} : { token: this.#token }),
        ...(this.hostKey === undefined ? {} : { hostKey: this.hostKey }),
      });
    });
    socket.on("connect_error", again);
    socket.on("disconnect", (reason: string) => {
      if (reason !== "io client disconnect") again();
    });
    socket.onAny((event: string, payload: Payload) => {
      if (event === "room-joined") {
        this.joins++;
        this.#token = String(payload.token);
        this.userId = String(payload.userId);
        this.isHost = payload.isHost === true;
      }
      const list = this.got.get(event) ?? [];
      list.push(payload);
      this.got.set(event, list);
    });
  }

  emit(event: string, payload: Payload): void {
    this.#socket?.emit(event, { roomId: this.roomId, ...payload });
  }

  last(event: string): Payload | undefined {
    return this.got.get(event)?.at(-1);
  }

  close(): void {
    this.#socket?.disconnect();
  }
}

Deno.test({
  name:
    "two servers are one, and rooms and their members outlive the loss of one",
  ignore: !hasRedis,
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using redis = await startRedis();
    function serve(): ReturnType<typeof startStreamtool> {
      return startStreamtool([
        "signal",
        ...["--port", "0", "--no-stun", "--redis", redis.url],
      ]);
    }
    await using first = serve();
    await using second = serve();
    const urls: string[] = [];
    for (const server of [first, second]) {
      const { url } = await server.event(
        ({ label }) => label === "Local",
        PATIENT,
      );
      urls.push(String(url));
    }
    const pairs: { host: RoamingMember; viewer: RoamingMember }[] = [];
    try {
      for (let index = 0; index < ROOMS; index++) {
        const room = `ROOM${String(index).padStart(2, "0")}`;
        // Half of the rooms are at home on the server that will be lost.
        const mine = index % 2 === 0 ? [...urls] : urls.toReversed();
        const host = new RoamingMember(room, "host", [...mine], `key${index}`);
        await waitUntil(() => host.joins === 1, PATIENT);
        const viewer = new RoamingMember(room, "viewer", mine.toReversed());
        pairs.push({ host, viewer });
      }
      for (const { host, viewer } of pairs) {
        await waitUntil(() => viewer.joins === 1, PATIENT);
        assert.equal(viewer.isHost, false);
        const users = viewer.last("room-joined")?.users as unknown[];
        assert.equal(users.length, 2);
        host.emit("video-event", { type: "seek", time: 77 });
        host.emit("room-settings", { sharedControl: true, password: "word" });
      }
      // What one says on its server reaches the other on the other.
      for (const { host, viewer } of pairs) {
        await waitUntil(() => viewer.last("playback") !== undefined, PATIENT);
        viewer.emit("ice-candidate", {
          participantId: host.userId,
          candidate: { sealed: "x" },
        });
        await waitUntil(
          () => host.last("ice-candidate")?.fromUserId === viewer.userId,
          PATIENT,
        );
      }
      // The other server sees what is kept of a room, and its password comes last.
      for (const { host, viewer } of pairs) {
        const room = `${viewer.urls[0]}api/room/${host.roomId}`;
        await waitUntil(async () => {
          const seen = await (await fetch(room)).json();
          assert.equal(seen.userCount, 2);
          return seen.locked;
        }, PATIENT);
      }
      const ids = pairs.map(({ host, viewer }) => [host.userId, viewer.userId]);
      first.signal("SIGKILL");
      for (const [index, { host, viewer }] of pairs.entries()) {
        await waitUntil(
          () => host.joins + viewer.joins === 3,
          { ...PATIENT, what: `room ${index} whole again` },
        );
        assert.deepEqual([host.userId, viewer.userId], ids[index]);
        // Who was there, still hears the room.
        host.emit("chat-message", { message: "still here?" });
        await waitUntil(
          () => viewer.last("chat-message-received") !== undefined,
          PATIENT,
        );
        const joined = [host, viewer].find(({ joins }) => joins === 2)!
          .last("room-joined")!;
        const { playback, settings } = joined as {
          playback: { position: number };
          settings: { sharedControl: boolean; locked: boolean };
        };
        assert.equal(playback.position, 77);
        assert.deepEqual(
          [settings.sharedControl, settings.locked],
          [true, true],
        );
      }
    } finally {
      for (const { host, viewer } of pairs) {
        host.close();
        viewer.close();
      }
    }
  },
});
