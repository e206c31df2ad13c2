import assert from "node:assert/strict";
import { createLogger, FloodCounter } from "../../src/log/mod.ts";

function collect() {
  const lines: string[] = [];
  const log = createLogger({
    level: "debug",
    format: "json",
    write: (line) => {
      const { level, message } = JSON.parse(line);
      lines.push(`${level} ${message}`);
    },
    now: () => new Date(0),
    color: false,
  });
  return { log, lines };
}

Deno.test("the first event is told at once, a second's worth together", () => {
  const { log, lines } = collect();
  const flood = new FloodCounter(log);
  for (let now = 0; now < 1000; now += 10) {
    flood.count("dropped {n} datagram{s}", now, 3);
  }
  assert.deepEqual(lines, ["warn dropped 3 datagrams"]);
  flood.count("dropped {n} datagram{s}", 1000, 3);
  assert.deepEqual(lines, [
    "warn dropped 3 datagrams",
    "warn dropped 300 datagrams",
  ]);
});

Deno.test("flush tells what is due and only that", () => {
  const { log, lines } = collect();
  const flood = new FloodCounter(log, { level: "info", interval: 100 });
  flood.count("{n} late frame{s}", 0);
  flood.count("{n} late frame{s}", 1);
  flood.flush(50);
  assert.deepEqual(lines, ["info 1 late frame"]);
  flood.flush(100);
  assert.deepEqual(lines, ["info 1 late frame", "info 1 late frame"]);
  flood.flush(300);
  assert.equal(lines.length, 2);
});

Deno.test("close tells what is left", () => {
  const { log, lines } = collect();
  const flood = new FloodCounter(log);
  flood.count("{n} a", 0);
  flood.count("{n} a", 1, 4);
  flood.count("{n} b", 1);
  flood.close();
  flood.close();
  assert.deepEqual(lines, ["warn 1 a", "warn 1 b", "warn 4 a"]);
});

Deno.test("a hundred thousand different messages make few lines", () => {
  const { log, lines } = collect();
  const flood = new FloodCounter(log);
  for (let i = 0; i < 100_000; i++) flood.count(`message ${i}`, 5);
  flood.close();
  assert.ok(lines.length < 70, String(lines.length));
  assert.equal(lines.at(-1), "warn 99935 other events");
});
