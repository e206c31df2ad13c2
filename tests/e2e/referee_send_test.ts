import assert from "node:assert/strict";
import { join } from "node:path";
import type { JsonEvent, RunningProcess } from "../support/process.ts";
import { freeTcpPort } from "../support/ports.ts";
import { TcpRelay } from "../support/tcp_relay.ts";
import { waitUntil } from "../support/wait.ts";
import { makePhrase, startSend, startServe } from "./support/referee.ts";

/** Frames that the one live session of a server has. */
async function framesAt(url: string): Promise<number> {
  const { sessions } = await (await fetch(`${url}api/referee`)).json();
  return sessions[0]?.frames_received ?? 0;
}

/** The end of a sender that got its result. */
async function resultOf(process: RunningProcess): Promise<JsonEvent> {
  const end = await process.event("end", { within: 60_000 });
  assert.equal(end.code, 0, JSON.stringify(end));
  assert.equal((await process.exited()).code, 0);
  return end;
}

Deno.test("a clip and its signal: the result for people, for programs and in a file", async () => {
  await using server = await startServe();
  await using phrase = await makePhrase();
  const { video, signal } = phrase;
  await using people = startSend(
    server.port,
    ["--video", video, "--signal", signal, "-o", "result.json"],
    { json: false },
  );
  assert.equal((await people.exited()).code, 0);
  const text = people.lines.join("\n");
  assert.match(text, /^Winner +right fencer$/m);
  assert.match(text, /^Reason +Only the right fencer scored$/m);
  assert.match(text, /^Confidence +certain, 100 %$/m);
  assert.match(text, /^Sent +60 frames, .* frames\/s\)$/m);
  const stored = JSON.parse(
    await Deno.readTextFile(join(people.cwd, "result.json")),
  );
  assert.equal(stored.winner, "right");

  await using program = startSend(server.port, [
    ...["--video", video, "--signal", signal, "--session-id", "phrase"],
  ]);
  const end = await resultOf(program);
  assert.deepEqual(
    [end.mode, end.frames, end.refused, end.reconnects, end.session],
    ["stream", 60, 0, 0, "phrase"],
  );
  const { result } = await program.event("result");
  assert.deepEqual(
    result,
    await (await fetch(`${server.url}results/phrase`)).json(),
  );
  assert.ok(program.events.some(({ event }) => event === "progress"));
});

Deno.test("a connection that is cut is mended, and nothing is lost", async () => {
  await using server = await startServe();
  await using phrase = await makePhrase(600);
  await using relay = new TcpRelay({
    target: { port: server.port },
    forward: { bytesPerSecond: 4_000_000 },
  });
  await using process = startSend(relay.port, [
    ...["--video", phrase.video, "--signal", phrase.signal],
    ...["--session-id", "phrase", "--window", "4"],
  ]);
  await waitUntil(async () => await framesAt(server.url) >= 20);
  relay.cut();
  const end = await resultOf(process);
  assert.ok(Number(end.reconnects) >= 1);
  const { result } = await process.event("result");
  assert.equal(
    (result as { metadata: { frame_count: number } }).metadata.frame_count,
    600,
  );
});

Deno.test("a server that is killed and comes back gets the rest of the phrase", async () => {
  const folder = await Deno.makeTempDir({ prefix: "referee_back_" });
  const port = freeTcpPort();
  try {
    const before = await startServe({ folder, port });
    await using sender = startSend(port, [
      ...["--video", "pattern:320x240@30", "--duration", "4s"],
      ...["--signal", "-", "--session-id", "live"],
    ]);
    {
      await using server = before;
      await waitUntil(async () => await framesAt(server.url) >= 15);
      server.process.signal("SIGKILL");
      await server.process.exited();
    }
    await using server = await startServe({ folder, port });
    const end = await resultOf(sender);
    assert.ok(Number(end.reconnects) >= 1);
    const result = await (await fetch(`${server.url}results/live`)).json();
    assert.equal(result.metadata.frame_count, end.frames);
    assert.equal(result.streaming_stats.missing_frames, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a sender that is killed goes on with --resume where it was", async () => {
  await using server = await startServe();
  await using phrase = await makePhrase(600);
  await using relay = new TcpRelay({
    target: { port: server.port },
    forward: { bytesPerSecond: 3_000_000 },
  });
  const args = [
    ...["--video", phrase.video, "--signal", phrase.signal],
    ...["--session-id", "phrase", "--resume"],
  ];
  {
    await using first = startSend(relay.port, args);
    await waitUntil(async () => await framesAt(server.url) >= 30);
    first.signal("SIGKILL");
    await first.exited();
  }
  await waitUntil(async () => {
    const report = await (await fetch(`${server.url}api/referee`)).json();
    return report.parked_sessions === 1;
  });
  await using second = startSend(server.port, args);
  const end = await resultOf(second);
  assert.ok(Number(end.frames) < 600, `all ${end.frames} were sent again`);
  const { result } = await second.event("result");
  assert.equal(
    (result as { metadata: { frame_count: number } }).metadata.frame_count,
    600,
  );
});

Deno.test("uploads, and other encodings, come to the same winner", async () => {
  await using server = await startServe();
  await using phrase = await makePhrase(30);
  for (
    const more of [
      ["--mode", "upload"],
      ["--encoding", "png"],
      ["--encoding", "raw", "--window", "1"],
      ["--swap-sides"],
    ]
  ) {
    await using process = startSend(server.port, [
      ...["--video", phrase.video, "--signal", phrase.signal, ...more],
    ]);
    const end = await resultOf(process);
    assert.equal(
      end.winner,
      more[0] === "--swap-sides" ? "left" : "right",
      more.join(" "),
    );
    assert.equal(end.mode, more[1] === "upload" ? "upload" : "stream");
  }
});

Deno.test("the scoring box is heard while the phrase is recorded: a growing log, and standard input", async () => {
  await using server = await startServe();
  const lines = [
    "Phrase recording started",
    "HIT: Right scores on Left!",
    "Phrase recording ended",
  ];
  const log = join(server.process.cwd, "box.log");
  await Deno.writeTextFile(log, "HIT: Left scores on Right!\n"); // yesterday's
  await using follower = startSend(server.port, [
    ...["--video", "pattern:160x120@30", "--session-id", "log"],
    ...["--scoring-box", log],
  ]);
  await waitUntil(async () => await framesAt(server.url) >= 15);
  for (const line of lines) {
    await Deno.writeTextFile(log, `${line}\n`, { append: true });
  }
  assert.equal((await resultOf(follower)).winner, "right");

  await using typist = startSend(server.port, [
    ...["--video", "pattern:160x120@30", "--session-id", "typed"],
    ...["--signal", "-"],
  ]);
  await waitUntil(async () => await framesAt(server.url) >= 15);
  for (const line of lines) await typist.write(line);
  assert.equal((await resultOf(typist)).winner, "right");
});

Deno.test("Ctrl-C gives the phrase up: exit 130 and nothing stays on the server", async () => {
  await using server = await startServe();
  await using sender = startSend(server.port, [
    ...["--video", "pattern:160x120@30", "--duration", "60s"],
    ...["--signal", "-", "--session-id", "given-up"],
  ]);
  await waitUntil(async () => await framesAt(server.url) >= 5);
  sender.signal("SIGINT");
  assert.equal((await sender.exited()).code, 130);
  await server.process.event("session-aborted");
  await waitUntil(async () =>
    (await Array.fromAsync(Deno.readDir(join(server.folder, ".spool"))))
      .length === 0
  );
});

Deno.test("mistakes and failures are one line and their exit code", async () => {
  await using server = await startServe({
    env: { REFEREE_TOKEN: "a-token-of-some-length" },
  });
  await using phrase = await makePhrase(12);
  const { video, signal } = phrase;
  const dead = freeTcpPort();
  const both = ["--video", video, "--signal", signal];
  for (
    const [port, args, code, reason] of [
      [server.port, [], 2, /pass --video/],
      [server.port, ["--video", video], 2, /pass --signal/],
      [server.port, [...both, "--camera", "0"], 2, /choose one/],
      [server.port, [...both, "--resume"], 2, /pass --session-id/],
      [server.port, [...both, "--window", "0"], 2, /--window/],
      [
        server.port,
        ["--camera", "0", "--signal", signal],
        2,
        /pass --duration/,
      ],
      [server.port, ["--video", "-", "--signal", "-"], 2, /standard input/],
      [server.port, both, 1, /401/],
      [dead, both, 1, /Cannot connect to ws:/],
      [
        server.port,
        ["--video", "/nowhere.mp4", "--signal", signal],
        1,
        /nowhere\.mp4/,
      ],
      [
        server.port,
        ["--video", video, "--signal", "/nowhere.txt"],
        1,
        /nowhere\.txt/,
      ],
    ] as const
  ) {
    await using process = startSend(port, args, { json: false });
    assert.equal((await process.exited()).code, code, args.join(" "));
    assert.match(process.errorLines.join("\n"), reason);
  }
  const token = join(phrase.folder, "token");
  await Deno.writeTextFile(token, "a-token-of-some-length\n");
  await using right = startSend(server.port, [...both, "--token-file", token]);
  assert.equal((await resultOf(right)).winner, "right");
  assert.ok(!JSON.stringify(right.events).includes("a-token"));
});

Deno.test("a signal that says nothing is no call, not a failure", async () => {
  await using server = await startServe();
  await using phrase = await makePhrase(12);
  await Deno.writeTextFile(phrase.signal, "nothing of use\n");
  await using process = startSend(server.port, [
    ...["--video", phrase.video, "--signal", phrase.signal],
  ]);
  assert.equal((await resultOf(process)).winner, "none");
});
