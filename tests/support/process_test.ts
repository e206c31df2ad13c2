import assert from "node:assert/strict";
import { freeTcpPort, freeUdpPortPair, freeUdpPorts } from "./ports.ts";
import { type RunningProcess, startProcess } from "./process.ts";
import { descendants, isRunning, processUsage } from "./process_table.ts";
import { settled, waitUntil } from "./wait.ts";

/** A Deno process that runs `source`. */
function run(source: string, options: { json?: boolean } = {}): RunningProcess {
  return startProcess(
    Deno.execPath(),
    ["eval", "--quiet", "--no-lock", source],
    options,
  );
}

/** Speaks NDJSON and answers words on standard input. */
const SPEAKER = `
  const say = (event) => console.log(JSON.stringify(event));
  say({ event: "listening", url: "http://127.0.0.1:1/" });
  console.error("a word of warning");
  for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    for (const word of chunk.trim().split("\\n")) {
      if (word === "quit") { say({ event: "end", frames: 3 }); Deno.exit(7); }
      if (word === "junk") console.log("not json");
      say({ event: "word", word });
    }
  }
`;

Deno.test("events are found before and after they arrive", async () => {
  await using speaker = run(SPEAKER, { json: true });
  const listening = await speaker.event("listening");
  assert.equal(listening.url, "http://127.0.0.1:1/");
  await speaker.write("one");
  await speaker.event(({ word }) => word === "one");
  const seen = speaker.events.length;
  await speaker.write("two");
  const next = await speaker.event("word", { from: seen });
  assert.equal(next.word, "two");
  assert.deepEqual(await speaker.event("listening"), listening);
});

Deno.test("the end carries the exit code and the last event", async () => {
  await using speaker = run(SPEAKER, { json: true });
  await speaker.write("quit");
  const { code } = await speaker.exited();
  assert.equal(code, 7);
  assert.deepEqual(speaker.events.at(-1), { event: "end", frames: 3 });
});

Deno.test("an event that never comes fails with the tail of standard error", async () => {
  await using speaker = run(SPEAKER, { json: true });
  await speaker.line("a word of warning");
  await assert.rejects(
    speaker.event("never", { within: 50 }),
    /wait longer for the event "never": 50 ms[^]*listening[^]*a word of warning/,
  );
});

Deno.test("waiting on a process that ends fails at once with its exit code", async () => {
  await using speaker = run(SPEAKER, { json: true });
  const waiting = assert.rejects(
    speaker.event("never"),
    /event "never": the process ended with code 7[^]*a word of warning/,
  );
  await speaker.write("quit");
  await waiting;
  await assert.rejects(speaker.event("never"), /the process has ended/);
});

Deno.test("a line of standard output that is not JSON fails who waits", async () => {
  await using speaker = run(SPEAKER, { json: true });
  await speaker.event("listening");
  const waiting = assert.rejects(speaker.event("never"), /"not json"/);
  await speaker.write("junk");
  await waiting;
});

Deno.test("text output is kept line by line", async () => {
  await using process = run('console.log("a\\nb"); console.log("end")');
  assert.equal(await process.line(/^e/), "end");
  await process.exited();
  assert.deepEqual(process.lines, ["a", "b", "end"]);
});

Deno.test("signals reach the process", async () => {
  await using process = run("console.log(1); setInterval(() => {}, 1e6)");
  await process.line("1");
  process.signal("SIGTERM");
  const { signal } = await process.exited();
  assert.equal(signal, "SIGTERM");
});

Deno.test("a disposed process is gone with all it started, and so is its folder", async () => {
  let parent: number;
  let children: number[];
  let cwd: string;
  {
    await using shell = startProcess("sh", ["-c", "sleep 600 & sleep 600"]);
    parent = shell.pid;
    children = await waitUntil(async () => {
      const found = await descendants(parent);
      return found.length === 2 && found;
    });
    cwd = shell.cwd;
    assert.ok(Deno.statSync(cwd).isDirectory);
  }
  for (const pid of [parent, ...children]) {
    await waitUntil(async () => !await isRunning(pid), {
      what: `${pid}'s end`,
    });
  }
  assert.throws(() => Deno.statSync(cwd), Deno.errors.NotFound);
});

Deno.test("an orphan that holds the pipes does not hold the test", async () => {
  await using shell = startProcess("sh", ["-c", "sleep 600 & echo $!"]);
  const orphan = Number(await shell.line(/\d/));
  const { code } = await shell.exited();
  assert.equal(code, 0);
  Deno.kill(orphan, "SIGKILL");
});

Deno.test("the usage of a process tells the CPU time and memory it takes", async () => {
  await using busy = run(`
    import process from "node:process";
    const memory = new Uint8Array(50_000_000).fill(1);
    for (let cpu = 0; cpu < 300_000;) {
      const { user, system } = process.cpuUsage();
      cpu = user + system;
    }
    console.log(memory.length);
    setInterval(() => {}, 1e6);
  `);
  await busy.line("50000000");
  const { cpuSeconds, rssBytes, peakRssBytes } = await busy.usage();
  assert.ok(cpuSeconds >= 0.25, `${cpuSeconds} s`);
  assert.ok(rssBytes > 50_000_000, `${rssBytes} bytes`);
  assert.ok(peakRssBytes >= rssBytes);
  await busy.kill();
  await assert.rejects(processUsage(busy.pid), /Cannot read the usage/);
});

Deno.test("free ports are different, and a pair is even", () => {
  assert.equal(new Set(freeUdpPorts(20)).size, 20);
  assert.equal(freeUdpPortPair() % 2, 0);
  assert.ok(freeTcpPort() > 0);
});

Deno.test("waiting has a limit and names what it waited for", async () => {
  await assert.rejects(
    waitUntil(() => false, { within: 20, what: "rain" }),
    /wait longer for rain: 20 ms/,
  );
  await assert.rejects(
    settled(new Promise(() => {}), { within: 20, what: "rain" }),
    /wait longer for rain: 20 ms/,
  );
  assert.equal(await settled(Promise.resolve(5)), 5);
  assert.equal(await waitUntil(() => 0), 0);
});
