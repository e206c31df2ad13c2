import assert from "node:assert/strict";
import {
  ago,
  bitrate,
  bytes,
  clock,
  count,
  duration,
  frameNumber,
  latency,
  plural,
  short,
  text,
} from "../../src/web/static/pieces/format.js";

Deno.test("figures carry their unit and three digits", () => {
  const cases: [string, string][] = [
    [count(1234567), "1,234,567"],
    [plural(1, "peer"), "1 peer"],
    [plural(0, "peer"), "0 peers"],
    [frameNumber(0), "#0"],
    [frameNumber(-1), "–"],
    [short(0), "0"],
    [short(0.4236), "0.42"],
    [short(9.994), "9.99"],
    [short(9.996), "10.0"],
    [short(99.96), "100"],
    [text(duration(0.31)), "0.31 ms"],
    [text(duration(84.2)), "84.2 ms"],
    [text(duration(3200)), "3.20 s"],
    [text(latency({ p50: 1.5, p99: 8, count: 9 }, "p99")), "8.00 ms"],
    [text(latency({ p50: 0, p99: 0, count: 0 }, "p50")), "– ms"],
    [text(bitrate(850.4)), "850 kbit/s"],
    [text(bitrate(42_700)), "42.7 Mbit/s"],
    [text(bytes(999)), "999 B"],
    [text(bytes(1000)), "1.00 kB"],
    [text(bytes(999_600)), "1.00 MB"],
    [text(bytes(73_158_000)), "73.2 MB"],
    [text(bytes(5e15)), "5000 TB"],
    [clock(7.9), "0:07"],
    [clock(754), "12:34"],
    [clock(3723), "1:02:03"],
    [clock(-1), "0:00"],
    [ago(59.9), "59 s"],
    [ago(61), "1 min"],
    [ago(7300), "2 h"],
  ];
  for (const [actual, expected] of cases) assert.equal(actual, expected);
});
