import assert from "node:assert/strict";
import type { CommandContext } from "../../src/cli/command.ts";
import { runCommandLine } from "../../src/cli/main.ts";
import { formatBytes } from "../../src/cli/progress.ts";
import { FakeHost } from "./fake_host.ts";
import type { FakeHostOptions } from "./fake_host.ts";
import { sampleCommand } from "./sample_command.ts";

async function run(
  args: readonly string[],
  options: FakeHostOptions,
  body: (context: CommandContext, host: FakeHost) => void,
): Promise<FakeHost> {
  const host = new FakeHost(options);
  const command = sampleCommand((_, context) => {
    body(context, host);
    return Promise.resolve(0);
  });
  assert.equal(
    await runCommandLine(["sample", "x", ...args], [command], host),
    0,
  );
  return host;
}

/** Ten seconds of work, told ten times a second. */
function work(context: CommandContext, host: FakeHost): void {
  host.time = 0;
  const progress = context.progress("frames", 100);
  for (let i = 0; i <= 100; i++) {
    progress.update(i, "24.0 frames/s");
    host.time += 100;
  }
  progress.done("100 frames done");
  progress.update(101);
}

Deno.test("on a terminal progress is one line that changes and disappears", async () => {
  const host = await run(
    [],
    { stderrIsTerminal: true, env: { NO_COLOR: "1" } },
    work,
  );
  const shown = host.stderr.text.split("\r\x1b[K");
  assert.equal(shown.at(-1), "100 frames done\n");
  assert.match(shown.at(-2)!, /100 of 100/);
  assert.match(
    shown[51]!,
    /^frames {2}█{12}░{12} {2}50 of 100 \(50 %\) {2}24\.0 frames\/s$/,
  );
  for (const line of shown) assert.ok(line.length < 80, line);
});

Deno.test("a narrow terminal gets a line that fits", async () => {
  const host = await run([], {
    stderrIsTerminal: true,
    columns: 20,
    env: { NO_COLOR: "1" },
  }, work);
  for (const line of host.stderr.text.split("\r\x1b[K").slice(0, -2)) {
    assert.ok(line.length < 20, line);
  }
});

Deno.test("a line of the log pushes the bar down", async () => {
  const host = await run(
    [],
    { stderrIsTerminal: true, env: { NO_COLOR: "1" } },
    (context) => {
      const progress = context.progress("work", 2);
      progress.update(1);
      context.log.info("between");
      progress.done();
    },
  );
  const bar = "work  ████████████░░░░░░░░░░░░  1 of 2 (50 %)";
  assert.equal(
    host.stderr.text,
    `\r\x1b[K${bar}\r\x1b[K12:03:04.123 info  between\n${bar}\r\x1b[K`,
  );
});

Deno.test("a bar left behind by a failing command is taken away", async () => {
  const host = new FakeHost({ stderrIsTerminal: true, env: { NO_COLOR: "1" } });
  const command = sampleCommand((_, context) => {
    context.progress("work", 2).update(1);
    throw new Error("boom");
  });
  assert.equal(await runCommandLine(["sample", "x"], [command], host), 1);
  assert.ok(host.stderr.text.endsWith("\r\x1b[Kerror: boom\n"));
});

Deno.test("without a terminal, in CI and on a dumb one progress is a line each 5 s", async () => {
  const table: FakeHostOptions[] = [
    {},
    { stderrIsTerminal: true, env: { CI: "true", NO_COLOR: "1" } },
    { stderrIsTerminal: true, env: { TERM: "dumb" } },
  ];
  for (const options of table) {
    const host = await run([], options, work);
    assert.equal(
      host.stderr.text,
      "frames: 50 of 100 (50 %)  24.0 frames/s\n" +
        "frames: 100 of 100 (100 %)  24.0 frames/s\n100 frames done\n",
    );
  }
});

Deno.test("--no-progress and --quiet leave it out", async () => {
  for (const flag of ["--no-progress", "--quiet"]) {
    const host = await run([flag], { stderrIsTerminal: true }, work);
    assert.equal(host.stderr.text, "");
  }
});

Deno.test("under --json progress is an event a second and one at the end", async () => {
  const host = await run(["--json"], { stderrIsTerminal: true }, work);
  assert.equal(host.stderr.text, "");
  const events = host.events.filter(({ event }) => event === "progress");
  assert.equal(events.length, 12);
  assert.deepEqual(events[0], {
    event: "progress",
    label: "frames",
    value: 0,
    total: 100,
    note: "24.0 frames/s",
  });
  assert.equal(events.at(-1)!["value"], 100);
});

Deno.test("bytes are shown in units", async () => {
  const table = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [9949, "9.9 kB"],
    [9951, "10 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [40_000_000, "40 MB"],
    [5e15, "5000 TB"],
  ] as const;
  for (const [bytes, text] of table) assert.equal(formatBytes(bytes), text);
  const host = await run([], {}, (context, fake) => {
    const progress = context.progress("ffmpeg", undefined, "bytes");
    fake.time += 6000;
    progress.update(1_234_567);
    progress.done();
  });
  assert.equal(host.stderr.text, "ffmpeg: 1.2 MB\n");
});
