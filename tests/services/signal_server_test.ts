import assert from "node:assert/strict";
import { io } from "socket.io-client";
import {
  encodeBindingRequest,
  readBindingSuccess,
} from "../../src/signaling/mod.ts";
import { startTestSignal } from "../support/signal.ts";
import { settled, waitUntil } from "../support/wait.ts";

type Payload = Record<string, unknown>;

/** A plain Socket.IO client, as the original app has one. */
class Client implements Disposable {
  readonly got: { event: string; payload: Payload }[] = [];
  readonly #socket: ReturnType<typeof io>;

  constructor(url: string, options: Payload = {}) {
    this.#socket = io(url, {
      transports: ["websocket"],
      reconnection: false,
      forceNew: true,
      ...options,
    });
    this.#socket.onAny((event: string, payload: Payload) =>
      this.got.push({ event, payload })
    );
  }

  get id(): string {
    return this.#socket.id ?? "";
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  send(event: string, payload: unknown): void {
    this.#socket.emit(event, payload);
  }

  async event(name: string): Promise<Payload> {
    const found = await waitUntil(
      () => this.got.find(({ event }) => event === name),
      { what: `"${name}"`, within: 30_000 },
    );
    return found.payload;
  }

  async join(roomId: string, userName: string): Promise<Payload> {
    this.send("join-room", { roomId, userName });
    return await this.event("room-joined");
  }

  close(): void {
    this.#socket.disconnect();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

Deno.test("clients of the original app join, control, talk, signal and leave", async () => {
  await using server = await startTestSignal();
  using a = new Client(server.url);
  // The original app's client begins with polling.
  using b = new Client(server.url, { transports: ["polling", "websocket"] });
  const host = await a.join("ROOM01", "Anna");
  assert.equal(host.isHost, true);
  assert.equal(host.userId, a.id);
  const guest = await b.join("ROOM01", "Ben");
  assert.deepEqual(
    (guest.users as Payload[]).map((
      { id, name, isHost },
    ) => [id, name, isHost]),
    [[a.id, "Anna", true], [b.id, "Ben", false]],
  );
  assert.equal(((await a.event("user-joined")).user as Payload).name, "Ben");
  a.send("video-event", { roomId: "ROOM01", type: "play", time: 5 });
  const heard = await b.event("video-event-received");
  assert.deepEqual([heard.type, heard.time, heard.userId], ["play", 5, a.id]);
  b.send("chat-message", { roomId: "ROOM01", message: "hello" });
  for (const client of [a, b]) {
    const line = await client.event("chat-message-received");
    assert.deepEqual([line.userName, line.message], ["Ben", "hello"]);
  }
  b.send("join-stream-request", { roomId: "ROOM01" });
  const wanted = await a.event("join-stream-request");
  assert.equal(wanted.participantId, b.id);
  a.send("webrtc-offer", {
    roomId: "ROOM01",
    participantId: b.id,
    offer: { type: "offer", sdp: "v=0" },
  });
  const offer = await b.event("webrtc-offer");
  assert.equal(offer.fromUserId, a.id);
  assert.deepEqual(offer.offer, { type: "offer", sdp: "v=0" });
  b.send("video-event", { roomId: "ROOM01", type: "pause" });
  assert.equal(
    (await b.event("error")).message,
    "Only host can control video",
  );
  const room = await (await fetch(`${server.url}api/room/ROOM01`)).json();
  assert.equal(room.userCount, 2);
  a.close();
  assert.equal((await b.event("host-changed")).newHostId, b.id);
  assert.equal((await b.event("user-left")).userName, "Anna");
});

Deno.test("health, metrics, pages and cores are served; everything else is not", async () => {
  await using server = await startTestSignal();
  const get = async (path: string): Promise<[number, string, Headers]> => {
    const response = await fetch(server.url + path);
    return [response.status, await response.text(), response.headers];
  };
  const [health, body] = await get("health");
  assert.deepEqual([health, JSON.parse(body).status], [200, "ok"]);
  const [, metrics] = await get("metrics");
  assert.match(metrics, /^streamtool_signal_rooms 0$/m);
  const [missing, why] = await get("api/room/NOROOM");
  assert.deepEqual([missing, why], [404, '{"error":"Room not found"}']);
  const [page, html, headers] = await get("");
  assert.equal(page, 200);
  assert.match(html, /<title>Watch party/);
  assert.match(
    headers.get("content-security-policy") ?? "",
    /default-src 'self'/,
  );
  const [core, source, types] = await get("signaling/mod.ts");
  assert.equal(core, 200);
  assert.match(types.get("content-type") ?? "", /^text\/javascript/);
  // A page gets what a member needs, and nothing of the server.
  assert.match(source, /export \* from "\.\/party_client\.ts"/);
  assert.doesNotMatch(source, /room_table/);
  const [, stripped] = await get("signaling/playback.ts");
  assert.doesNotMatch(stripped, /interface|: number/);
  const [worker, , scope] = await get("pages/signal_worker.js");
  assert.deepEqual([worker, scope.get("service-worker-allowed")], [200, "/"]);
  for (
    const path of [
      "signaling/none.ts",
      "signaling/../services/share/host.ts",
      "signaling/..%2fweb%2fassets.ts",
      "nothing",
      "relay",
      "api/room/",
    ]
  ) assert.equal((await get(path))[0], 404, path);
  const post = await fetch(server.url, { method: "POST", body: "x" });
  assert.equal(post.status, 405);
  await post.body?.cancel();
});

Deno.test("STUN says under which address it was asked", async () => {
  await using server = await startTestSignal();
  const socket = Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.1",
    port: 0,
  });
  try {
    const id = crypto.getRandomValues(new Uint8Array(12));
    const to = {
      transport: "udp",
      hostname: "127.0.0.1",
      port: server.stunPort!,
    } as const;
    await socket.send(new Uint8Array(5), to); // no STUN gets no answer
    await socket.send(encodeBindingRequest(id), to);
    const [answer] = await settled(socket.receive());
    const { port } = socket.addr as Deno.NetAddr;
    assert.deepEqual(readBindingSuccess(answer, id), {
      address: Uint8Array.of(127, 0, 0, 1),
      port,
    });
  } finally {
    socket.close();
  }
});

Deno.test("a page of elsewhere may not connect, unless it is allowed", async () => {
  await using server = await startTestSignal({
    allowedOrigins: ["https://friend.example"],
  });
  const status = async (origin: string): Promise<number> => {
    const response = await fetch(
      `${server.url}socket.io/?EIO=4&transport=polling`,
      { headers: { origin } },
    );
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await status("https://evil.example"), 403);
  assert.equal(await status("https://friend.example"), 200);
  assert.equal(await status(server.url.slice(0, -1)), 200);
});

Deno.test("junk, oversized payloads and outsiders are refused, and the server lives", async () => {
  await using server = await startTestSignal();
  using a = new Client(server.url);
  await a.join("ROOM01", "Anna");
  using junk = new Client(server.url);
  await waitUntil(() => junk.connected);
  for (const value of [undefined, null, 5, "x", [], {}, { roomId: {} }]) {
    for (const event of ["join-room", "video-event", "webrtc-offer"]) {
      junk.send(event, value);
    }
  }
  junk.send("webrtc-offer", {
    roomId: "ROOM01",
    participantId: a.id,
    offer: { sdp: "evil" },
  });
  await waitUntil(() =>
    junk.got.some(({ payload }) => payload?.message === "User not in room")
  );
  junk.send("chat-message", { roomId: "ROOM01", message: "x".repeat(300_000) });
  await waitUntil(() => !junk.connected, { what: "the end of the flood" });
  assert.equal(a.got.some(({ event }) => event === "webrtc-offer"), false);
  const relay = await fetch(`${server.url}relay/film/ROOM01?token=guess`, {
    headers: { range: "bytes=0-99" },
  });
  assert.equal(relay.status, 403);
  await relay.body?.cancel();
  const socket = new WebSocket(
    `${server.url.replace("http", "ws")}relay?ticket=guess`,
  );
  const refused = Promise.withResolvers<number>();
  socket.onclose = ({ code }) => refused.resolve(code);
  assert.equal(await settled(refused.promise), 1008);
  a.send("chat-message", { roomId: "ROOM01", message: "alive" });
  assert.equal((await a.event("chat-message-received")).message, "alive");
});

Deno.test("200 people join at once, ten to a room", async () => {
  await using server = await startTestSignal();
  const clients = Array.from({ length: 200 }, () => new Client(server.url));
  try {
    await Promise.all(
      clients.map((client, index) =>
        client.join(`ROOM${index % 20}`, `user ${index}`)
      ),
    );
    const { rooms, users, joins } = server.report();
    assert.deepEqual([rooms, users, joins], [20, 200, 200]);
  } finally {
    for (const client of clients) client.close();
  }
  await waitUntil(() => server.report().rooms === 0, { within: 30_000 });
});

Deno.test("a taken port is an error that names the remedy", async () => {
  await using server = await startTestSignal();
  await assert.rejects(
    startTestSignal({ port: server.port }),
    /the port is taken. Stop the program that has it, or pass --port 0/,
  );
  await assert.rejects(
    startTestSignal({ stunPort: server.stunPort }),
    /pass --stun-port 0/,
  );
});
