import assert from "node:assert/strict";
import { join } from "node:path";
import { parseSource } from "../../src/media/mod.ts";
import {
  parseRefereeAddress,
  type RefereeSendOptions,
  type SendProgress,
  sendRecording,
} from "../../src/services/referee_client/mod.ts";
import { assertSameBytes } from "../support/bytes.ts";
import { makeClip, makeJpegs } from "../support/clips.ts";
import { testContext } from "../support/service.ts";
import { TcpRelay } from "../support/tcp_relay.ts";
import { waitUntil } from "../support/wait.ts";
import { makeCertificate } from "./support/certificate.ts";
import { SINGLE_LIGHT, startReferee } from "./support/referee.ts";

/** A clip and its signal in a folder that goes at the end. */
class Phrase implements AsyncDisposable {
  private constructor(
    readonly folder: string,
    readonly video: string,
    readonly signal: string,
  ) {}

  static async make(frames = 60, name = "phrase.avi"): Promise<Phrase> {
    const folder = await Deno.makeTempDir({ prefix: "phrase_" });
    const video = join(folder, name);
    await makeClip(video, { frames, size: "320x240", fps: 24 });
    const signal = join(folder, "phrase.txt");
    await Deno.writeFile(signal, SINGLE_LIGHT);
    return new Phrase(folder, video, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

function options(
  port: number,
  phrase: Phrase,
  changes: Partial<RefereeSendOptions> = {},
): RefereeSendOptions {
  return {
    server: parseRefereeAddress(`127.0.0.1:${port}`),
    source: parseSource(phrase.video),
    signal: { kind: "file", path: phrase.signal },
    durationMs: undefined,
    sessionId: "phrase",
    realtime: false,
    encoding: "jpeg",
    quality: 80,
    fps: undefined,
    window: "auto",
    resume: false,
    mode: "auto",
    swapSides: false,
    token: undefined,
    ca: undefined,
    ffmpeg: undefined,
    onProgress: () => {},
    ...changes,
  };
}

/** The pictures of the finished recording are those of the clip, bit for bit. */
async function assertSamePictures(url: string, frames: number): Promise<void> {
  const jpegs = await makeJpegs({ frames, size: "320x240" });
  for (const [number, jpeg] of jpegs.entries()) {
    const answer = await fetch(`${url}results/phrase/frames/${number}`);
    assertSameBytes(await answer.bytes(), jpeg, `picture ${number}`);
  }
}

Deno.test("a clip and its signal go to the server, and the result comes back", async () => {
  await using referee = await startReferee();
  await using phrase = await Phrase.make();
  const progress: SendProgress[] = [];
  const outcome = await sendRecording(
    options(referee.server.port, phrase, {
      onProgress: (one) => progress.push(one),
    }),
    testContext(),
  );
  assert.deepEqual(
    [
      outcome.mode,
      outcome.frames,
      outcome.refused,
      outcome.reconnects,
      outcome.result.winner,
    ],
    ["stream", 60, 0, 0, "right"],
  );
  assert.equal(outcome.validation?.valid, true);
  assert.equal(outcome.result.metadata.frame_count, 60);
  await assertSamePictures(referee.server.url, 60);
  const sent = progress.findLast((one) => one.phase === "send");
  assert.deepEqual([sent?.frames, sent?.totalFrames], [60, 60]);
  assert.ok(
    progress.some((one) => one.phase === "process" && one.stage === "decision"),
  );
});

Deno.test("lock-step, small windows and large ones give the same", async () => {
  await using referee = await startReferee();
  await using phrase = await Phrase.make(30);
  for (const window of [1, 3, 500]) {
    const outcome = await sendRecording(
      options(referee.server.port, phrase, { window }),
      testContext(),
    );
    assert.equal(outcome.frames, 30);
  }
});

Deno.test("when its connection is cut again and again, it goes on", async () => {
  await using referee = await startReferee();
  await using phrase = await Phrase.make(200);
  await using relay = new TcpRelay({ target: { port: referee.server.port } });
  let cuts = 0;
  const outcome = await sendRecording(
    options(relay.port, phrase, {
      onProgress: (one) => {
        if (
          one.phase !== "send" || cuts >= 3 ||
          one.frames < (cuts + 1) * 45 || relay.accepted !== cuts + 1
        ) {
          return;
        }
        cuts++;
        relay.cut();
      },
    }),
    testContext(),
  );
  assert.equal(cuts, 3);
  assert.ok(outcome.reconnects >= 3);
  assert.equal(outcome.result.metadata.frame_count, 200);
  assert.equal(outcome.validation?.valid, true);
  await assertSamePictures(referee.server.url, 200);
});

Deno.test("when the connection is cut while the result is made, it still comes", async () => {
  await using referee = await startReferee();
  await using phrase = await Phrase.make(30);
  await using relay = new TcpRelay({ target: { port: referee.server.port } });
  let cut = false;
  const outcome = await sendRecording(
    options(relay.port, phrase, {
      onProgress: (one) => {
        if (one.phase !== "process" || cut) return;
        cut = true;
        relay.cut();
      },
    }),
    testContext(),
  );
  assert.ok(cut);
  assert.equal(outcome.result.winner, "right");
});

Deno.test("a later run goes on with what an earlier one left", async () => {
  await using referee = await startReferee();
  await using phrase = await Phrase.make(100);
  const first = testContext();
  await assert.rejects(
    sendRecording(
      options(referee.server.port, phrase, {
        resume: true,
        onProgress: (one) => {
          if (one.phase === "send" && one.frames >= 40) first.abort();
        },
      }),
      first,
    ),
    { name: "AbortError" },
  );
  await referee.context.event("session-detached");
  const outcome = await sendRecording(
    options(referee.server.port, phrase, { resume: true }),
    testContext(),
  );
  assert.ok(outcome.frames < 61, `${outcome.frames} frames were sent again`);
  assert.equal(outcome.result.metadata.frame_count, 100);
  await assertSamePictures(referee.server.url, 100);
});

Deno.test("giving up throws the session away", async () => {
  await using referee = await startReferee();
  await using phrase = await Phrase.make(200);
  const context = testContext();
  await assert.rejects(
    sendRecording(
      options(referee.server.port, phrase, {
        onProgress: (one) => {
          if (one.phase === "send" && one.frames >= 20) context.abort();
        },
      }),
      context,
    ),
    { name: "AbortError" },
  );
  await waitUntil(async () => (await referee.spooled()).length === 0);
});

Deno.test("PNG and raw are made of the pictures where they are asked for", async () => {
  await using referee = await startReferee();
  await using phrase = await Phrase.make(20);
  for (const encoding of ["png", "raw"] as const) {
    const outcome = await sendRecording(
      options(referee.server.port, phrase, { encoding }),
      testContext(),
    );
    assert.deepEqual([outcome.frames, outcome.refused], [20, 0], encoding);
    assert.equal(
      outcome.result.metadata.video_codec,
      encoding === "png" ? "mpng" : "mjpeg",
    );
    const times =
      JSON.parse(await Deno.readTextFile(outcome.result.artifacts.frames!))
        .times;
    assert.ok(Math.abs(times[19] - 19 / 24) < 1e-5);
  }
});

Deno.test("an upload takes the file as it is", async () => {
  await using referee = await startReferee();
  await using phrase = await Phrase.make(30);
  const progress: SendProgress[] = [];
  const outcome = await sendRecording(
    options(referee.server.port, phrase, {
      mode: "upload",
      onProgress: (one) => progress.push(one),
    }),
    testContext(),
  );
  assert.deepEqual([outcome.mode, outcome.frames, outcome.result.winner], [
    "upload",
    30,
    "right",
  ]);
  assertSameBytes(
    await Deno.readFile(outcome.result.artifacts.video!),
    await Deno.readFile(phrase.video),
  );
  const last = progress.at(-1);
  assert.ok(last?.phase === "upload" && last.bytes === last.totalBytes);
});

Deno.test("what has no times of its own is given some before it is uploaded", async () => {
  await using referee = await startReferee();
  await using phrase = await Phrase.make(30, "phrase.mjpeg");
  const outcome = await sendRecording(
    options(referee.server.port, phrase, { mode: "upload", fps: 10 }),
    testContext(),
  );
  assert.ok(Math.abs(outcome.result.metadata.duration_seconds - 2.9) < 1e-3);
  const part = await sendRecording(
    options(referee.server.port, phrase, {
      mode: "upload",
      fps: 10,
      durationMs: 1000,
    }),
    testContext(),
  );
  assert.equal(part.result.metadata.frame_count, 10);
});

Deno.test("a server without streaming gets an upload, one that is not there an error", async () => {
  await using phrase = await Phrase.make(20);
  let uploads = 0;
  const old = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      if (new URL(request.url).pathname !== "/analyze") {
        return new Response("no such page", { status: 404 });
      }
      uploads++;
      const form = await request.formData();
      assert.equal((form.get("video") as File).name, "phrase.avi");
      return Response.json({
        winner: "left",
        metadata: { frame_count: 20 },
      });
    },
  );
  try {
    const outcome = await sendRecording(
      options(old.addr.port, phrase),
      testContext(),
    );
    assert.deepEqual([outcome.mode, outcome.result.winner, uploads], [
      "upload",
      "left",
      1,
    ]);
    await assert.rejects(
      sendRecording(
        options(old.addr.port, phrase, { mode: "stream" }),
        testContext(),
      ),
      { name: "WebSocketRefusedError" },
    );
  } finally {
    await old.shutdown();
  }
  await assert.rejects(
    sendRecording(options(old.addr.port, phrase), testContext()),
    /Cannot connect to ws:\/\/127\.0\.0\.1/,
  );
});

Deno.test("the server's refusals are told in its words", async () => {
  await using referee = await startReferee({ token: "a-token-of-some-length" });
  await using phrase = await Phrase.make(12);
  const { port } = referee.server;
  await assert.rejects(
    sendRecording(options(port, phrase), testContext()),
    /it answers 401/,
  );
  const right = { token: "a-token-of-some-length" };
  const outcome = await sendRecording(
    options(port, phrase, right),
    testContext(),
  );
  assert.equal(outcome.result.winner, "right");
  await sendRecording(
    options(port, phrase, { ...right, mode: "upload" }),
    testContext(),
  );
  await Deno.writeTextFile(phrase.video, "no video at all");
  await assert.rejects(
    sendRecording(
      options(port, phrase, { ...right, mode: "upload" }),
      testContext(),
    ),
    /the server answers 500, Cannot read "phrase\.avi"/,
  );
});

const tls = await makeCertificate();

Deno.test({
  name: "over TLS with a certificate of one's own (needs openssl)",
  ignore: tls === undefined,
  fn: async () => {
    await using referee = await startReferee({ tls: tls! });
    await using phrase = await Phrase.make(12);
    const server = parseRefereeAddress(
      `wss://localhost:${referee.server.port}`,
    );
    for (const mode of ["stream", "upload"] as const) {
      const outcome = await sendRecording(
        options(0, phrase, { server, mode, ca: tls!.cert }),
        testContext(),
      );
      assert.equal(outcome.result.winner, "right");
    }
    await assert.rejects(
      sendRecording(
        options(0, phrase, { server, mode: "stream" }),
        testContext(),
      ),
      { name: "WebSocketRefusedError" },
    );
  },
});

Deno.test("the scoring box's lines become the signal while the phrase is recorded", async () => {
  await using referee = await startReferee();
  await using phrase = await Phrase.make(60);
  let box!: ReadableStreamDefaultController<Uint8Array>;
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => void (box = controller),
  });
  const say = (line: string): void =>
    box.enqueue(new TextEncoder().encode(`${line}\r\n`));
  let said = 0;
  const outcome = await sendRecording(
    options(referee.server.port, phrase, {
      signal: { kind: "box", open: () => Promise.resolve(stream) },
      window: 1,
      onProgress: (one) => {
        if (one.phase !== "send") return;
        if (one.frames === 10 && said++ === 0) {
          say("HIT: Left scores on Right!");
        }
        if (one.frames === 30 && said++ === 1) {
          say("Scores -> Fencer 1: MISS, Fencer 2: HIT");
          say("Phrase recording ended");
        }
      },
    }),
    testContext(),
  );
  assert.equal(outcome.result.winner, "left");
  assert.ok(
    outcome.frames >= 30 && outcome.frames < 60,
    "the box ends the recording",
  );
  const text = await Deno.readTextFile(outcome.result.artifacts.signal!);
  assert.match(text, /^ 0\.000s \| Phrase recording started\n/);
  assert.match(text, /\| HIT: Left scores on Right!\n/);
});

Deno.test("addresses of servers, as people write them", () => {
  const cases: [string, string][] = [
    ["127.0.0.1", "ws://127.0.0.1:8080/stream"],
    ["referee.local:9000", "ws://referee.local:9000/stream"],
    ["ws://10.0.0.1:8080/stream", "ws://10.0.0.1:8080/stream"],
    ["http://10.0.0.1:8080/", "ws://10.0.0.1:8080/stream"],
    ["https://referee.example", "wss://referee.example/stream"],
    ["wss://referee.example:443/club/", "wss://referee.example/club/stream"],
    ["http://h:80/analyze", "ws://h/stream"],
    ["[::1]:8080", "ws://[::1]:8080/stream"],
  ];
  for (const [text, url] of cases) {
    assert.equal(parseRefereeAddress(text).stream.href, url, text);
  }
  assert.equal(
    parseRefereeAddress("wss://h:1/x").analyze.href,
    "https://h:1/x/analyze",
  );
  for (
    const text of [
      "",
      "ftp://h",
      "ws://",
      "a b",
      "ws://user:pw@h",
      "ws://h?token=x",
    ]
  ) {
    assert.throws(() => parseRefereeAddress(text), SyntaxError, text);
  }
});
