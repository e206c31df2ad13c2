import assert from "node:assert/strict";
import {
  createLogger,
  type LoggerOptions,
  silentLogger,
} from "../../src/log/mod.ts";

const TIME = new Date(2025, 0, 2, 12, 3, 4, 123);

function collect(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const log = createLogger({
    level: "debug",
    format: "text",
    write: (line) => lines.push(line),
    now: () => TIME,
    color: false,
    ...options,
  });
  return { log, lines };
}

Deno.test("a text line has time, level, component, message and fields", () => {
  const { log, lines } = collect();
  log.child("chain-peer B").warn("dropped 3 datagrams", {
    from: "127.0.0.1:9",
    why: "bad checksum",
  });
  log.info("ready");
  assert.deepEqual(lines, [
    '12:03:04.123 warn  chain-peer B  dropped 3 datagrams from=127.0.0.1:9 why="bad checksum"',
    "12:03:04.123 info  ready",
  ]);
});

Deno.test("a JSON line is one object with the fields beside time, level and message", () => {
  const { log, lines } = collect({ format: "json" });
  log.child("net").error("cannot\nbind", { port: 9000, level: "mine" });
  assert.equal(lines.length, 1);
  assert.deepEqual(JSON.parse(lines[0]!), {
    time: TIME.toISOString(),
    level: "error",
    component: "net",
    message: "cannot\nbind",
    port: 9000,
    level_: "mine",
  });
});

Deno.test("each level lets through itself and what is more severe", () => {
  const table = [
    ["debug", ["d", "i", "w", "e"]],
    ["info", ["i", "w", "e"]],
    ["warn", ["w", "e"]],
    ["error", ["e"]],
    ["silent", []],
  ] as const;
  for (const [level, expected] of table) {
    const { log, lines } = collect({ level });
    log.debug("d");
    log.info("i");
    log.warn("w");
    log.error("e");
    assert.deepEqual(lines.map((line) => line.slice(-1)), expected, level);
    assert.equal(log.isEnabled("info"), expected.includes("i" as never), level);
  }
});

Deno.test("a child of a child carries both names", () => {
  const { log, lines } = collect();
  log.child("chain-peer B").child("control").debug("x");
  assert.equal(lines[0], "12:03:04.123 debug chain-peer B/control  x");
});

Deno.test("colours are written only when asked for", () => {
  const { log, lines } = collect({ color: true });
  log.error("x");
  assert.ok(lines[0]!.includes("\x1b[31merror\x1b[0m"));
  const plain = collect();
  plain.log.error("x");
  assert.ok(!plain.lines[0]!.includes("\x1b"));
});

Deno.test("what a stranger sends stays on its line and drives no terminal", () => {
  const hostile =
    "B\n12:00:00.000 error forged\r\x1b[2J\x07\u009b31m\u202egnp.exe\u2028\ud800";
  for (const format of ["text", "json"] as const) {
    const { log, lines } = collect({ format });
    log.child(hostile).info(hostile, { [hostile]: hostile });
    assert.equal(lines.length, 1);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(lines[0]!, /[\x00-\x1f\x7f-\x9f\u2028\u202e]/);
    assert.ok(lines[0]!.isWellFormed());
  }
});

Deno.test("credentials never reach a line", () => {
  for (const format of ["text", "json"] as const) {
    const { log, lines } = collect({ format });
    log.info("opening rtsp://admin:hun@ter2@cam/1?token=hunter2&x=1", {
      url: new URL("http://u:hunter2@h/"),
      password: "hunter2",
      apiToken: "hunter2",
      nested: { "proxy-authorization": "Basic hunter2" },
      header: "Authorization: Digest username=u, response=hunter2",
      error: new Error("401 for https://x:hunter2@h/"),
    });
    assert.doesNotMatch(lines[0]!, /hunter2|ter2/);
    assert.match(lines[0]!, /rtsp:\/\/\*\*\*@cam\/1\?token=\*\*\*&x=1/);
  }
});

Deno.test("any value becomes a bounded line", () => {
  const cycle: Record<string, unknown> = { name: "loop" };
  cycle["self"] = cycle;
  const values = {
    cycle,
    big: 10n,
    bytes: new Uint8Array(70_000),
    long: "x".repeat(100_000),
    many: Array.from({ length: 10_000 }, (_, i) => i),
    nan: NaN,
    date: new Date(NaN),
    none: null,
    missing: undefined,
    work: () => 1,
    error: new RangeError("too far"),
  };
  for (const format of ["text", "json"] as const) {
    const { log, lines } = collect({ format });
    log.info("values", values);
    assert.ok(lines[0]!.length < 20_000, String(lines[0]!.length));
    assert.match(lines[0]!, /70000 bytes/);
    assert.match(lines[0]!, /RangeError: too far/);
  }
});

Deno.test("the silent logger and its children say nothing is enabled", () => {
  silentLogger.child("x").error("nothing");
  assert.equal(silentLogger.child("x").isEnabled("error"), false);
});
