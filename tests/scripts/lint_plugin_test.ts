import assert from "node:assert/strict";
import { LEVELS } from "../../scripts/lint/place.ts";
import plugin from "../../scripts/lint_plugin.ts";

/** The ids of the rules that complain about `source` as the file `path`. */
function complaints(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, path, source)
    .map(({ id }) => id.replace("streamtool/", ""));
}

type Case = [path: string, source: string];

/** For each rule: what it refuses (one complaint each) and what it lets pass. */
const TABLE: Record<string, { refuses: Case[]; allows: Case[] }> = {
  "layers": {
    refuses: [
      ["src/bytes/x.ts", 'import { a } from "../log/mod.ts";'],
      ["src/jpeg/x.ts", 'import { a } from "../sdp/mod.ts";'],
      ["src/jpeg/x.ts", 'import { a } from "../rtp/mod.ts";'],
      ["src/rtsp/x.ts", 'import type { A } from "../chain/mod.ts";'],
      ["src/chain/x.ts", 'export { a } from "../net/mod.ts";'],
      ["src/chain/x.ts", 'export * from "../services/mod.ts";'],
      ["src/net/x.ts", 'import { a } from "../web/mod.ts";'],
      ["src/net/x.ts", 'const a = await import("../media/mod.ts");'],
      ["src/services/x.ts", 'import { a } from "../cli/mod.ts";'],
      ["src/cli/commands/x.ts", 'import { a } from "../../../main.ts";'],
      ["src/cli/commands/x.ts", 'import { a } from "../../../tests/a.ts";'],
      ["src/net/x.ts", 'import { a } from "../bytes/byte_reader.ts";'],
      ["src/cli/commands/x.ts", 'import { a } from "../../services/a/b.ts";'],
      [
        "src/cli/commands/x.ts",
        'import { a } from "../../services/chain_run/child.ts";',
      ],
      ["src/services/x.ts", 'import { a } from "../net/deep/mod.ts";'],
      ["src/web/pages/x.ts", 'import { a } from "../../net/mod.ts";'],
      ["main.ts", 'import { a } from "./src/cli/run.ts";'],
      ["mod.ts", 'export { a } from "./src/jpeg/markers.ts";'],
      ["scripts/x.ts", 'import { a } from "../src/cli/flags.ts";'],
      ["src/newcomer/x.ts", 'import { a } from "../bytes/mod.ts";'],
      ["src/net/x.ts", 'import { a } from "../newcomer/mod.ts";'],
    ],
    allows: [
      ["src/rtp/x.ts", 'import { a } from "../bytes/mod.ts";'],
      ["src/rtp/x.ts", 'import { a } from "./packet.ts";'],
      ["src/rtp/deep/x.ts", 'import { a } from "../packet.ts";'],
      ["src/services/x.ts", 'import { a } from "../net/mod.ts";'],
      ["src/cli/commands/x.ts", 'import { a } from "../flags.ts";'],
      ["src/cli/commands/x.ts", 'import { a } from "../../services/mod.ts";'],
      ["src/vision/x.ts", 'import { a } from "imagescript";'],
      [
        "src/cli/commands/x.ts",
        'import { a } from "../../services/chain_run/mod.ts";',
      ],
      ["src/services/a/x.ts", 'import { a } from "../b/c.ts";'],
      ["main.ts", 'import { a } from "./src/cli/mod.ts";'],
      ["mod.ts", 'export * from "./src/jpeg/mod.ts";'],
      ["mod.ts", 'export * from "./src/services/context.ts";'],
      [
        "tests/jpeg/x_test.ts",
        'import { a } from "../../src/jpeg/markers.ts";',
      ],
      ["tests/jpeg/x_test.ts", 'import { a } from "../support/fuzz.ts";'],
    ],
  },
  "pure-cores": {
    refuses: [
      ["src/bytes/x.ts", 'Deno.readFileSync("a");'],
      ["src/bytes/x.ts", "function f(a: Deno.Conn): void { f(a); }"],
      ["src/log/x.ts", 'console.error("a");'],
      ["src/log/x.ts", 'globalThis.console.error("a");'],
      ["src/jpeg/x.ts", "setTimeout(() => {}, 1);"],
      ["src/jpeg/x.ts", "globalThis.setTimeout(() => {}, 1);"],
      ["src/sdp/x.ts", "setInterval(() => {}, 1);"],
      ["src/rtp/x.ts", "export const now = Date.now();"],
      ["src/rtp/x.ts", "export const now = new Date();"],
      ["src/rtp/x.ts", "export const now = Date();"],
      ["src/rtp/x.ts", "export const clock = performance.now;"],
      ["src/vision/x.ts", "export const a = Math.random();"],
      ["src/vision/x.ts", 'export const a = Math["random"]();'],
      ["src/chain/x.ts", "crypto.getRandomValues(new Uint8Array(4));"],
      ["src/chain/x.ts", "export const id = globalThis.crypto.randomUUID();"],
      ["src/rtsp/x.ts", 'await fetch("http://a");'],
      ["src/referee/x.ts", 'new WebSocket("ws://a");'],
      ["src/signaling/x.ts", 'new Worker("a");'],
      ["src/signaling/x.ts", 'import { a } from "node:net";'],
      ["src/signaling/x.ts", 'import { randomBytes } from "node:crypto";'],
      ["src/signaling/x.ts", "export const a = process.env;"],
    ],
    allows: [
      ["src/bytes/x.ts", "export const a = new Date(0).toISOString();"],
      ["src/bytes/x.ts", "export const a = Math.max(1, 2);"],
      ["src/jpeg/x.ts", 'import { crc32, inflateSync } from "node:zlib";'],
      ["src/chain/x.ts", 'import { createHash } from "node:crypto";'],
      ["src/chain/x.ts", 'import type { Socket } from "node:net";'],
      [
        "src/chain/x.ts",
        'await crypto.subtle.digest("SHA-1", new Uint8Array());',
      ],
      [
        "src/rtsp/x.ts",
        "export function f(now: number): number { return now; }",
      ],
      ["src/net/x.ts", "setTimeout(() => {}, performance.now());"],
      ["src/services/x.ts", "export const id = crypto.randomUUID();"],
      ["tests/jpeg/x_test.ts", 'Deno.test("a", () => {});'],
    ],
  },
  "no-console": {
    refuses: [
      ["src/net/x.ts", 'console.log("a");'],
      ["src/services/x.ts", 'globalThis.console.warn("a");'],
      ["src/media/x.ts", "await Deno.stdout.write(new Uint8Array());"],
      ["src/media/x.ts", "await Deno.stderr.write(new Uint8Array());"],
      ["mod.ts", 'console.log("a");'],
    ],
    allows: [
      ["src/cli/x.ts", 'console.log("a");'],
      ["src/cli/x.ts", "await Deno.stdout.write(new Uint8Array());"],
      ["src/media/x.ts", "await Deno.stdin.read(new Uint8Array());"],
      ["src/web/pages/chain.ts", 'console.warn("a");'],
      ["scripts/x.ts", 'console.log("a");'],
      ["tests/bench/x.ts", 'console.log("a");'],
    ],
  },
  "no-any-interface-binding": {
    refuses: [
      ["src/net/x.ts", 'Deno.listen({ hostname: "0.0.0.0", port: 0 });'],
      ["src/net/x.ts", 'function f(host = "::"): void { f(host); }'],
      ["src/services/x.ts", 'export const a = { host: "0.0.0.0" };'],
      ["src/web/x.ts", 'export const a = options.host ?? "[::]";'],
    ],
    allows: [
      ["src/net/x.ts", 'Deno.listen({ hostname: "127.0.0.1", port: 0 });'],
      ["src/net/x.ts", 'export const any = host === "0.0.0.0";'],
      ["src/sdp/x.ts", 'export const address = "0.0.0.0";'],
      ["src/cli/flags.ts", 'export const a = "0.0.0.0";'],
      ["tests/net/x_test.ts", 'export const a = "0.0.0.0";'],
    ],
  },
  "no-listen-without-host": {
    refuses: [
      ["src/net/x.ts", "Deno.listen({ port: 0 });"],
      ["src/net/x.ts", 'Deno.listenDatagram({ port: 0, transport: "udp" });'],
      ["src/net/x.ts", "Deno.listenTls({ port: 0, cert, key });"],
      ["src/web/x.ts", "Deno.serve(handler);"],
      ["src/web/x.ts", "Deno.serve(() => new Response());"],
      ["src/web/x.ts", "Deno.serve({ port: 0 }, handler);"],
      ["src/web/x.ts", "server.listen(8080);"],
      ["src/web/x.ts", "server.listen(8080, () => {});"],
      ["tests/net/x_test.ts", "Deno.listen({ port: 0 });"],
    ],
    allows: [
      ["src/net/x.ts", "Deno.listen({ hostname, port: 0 });"],
      ["src/net/x.ts", "Deno.listen({ ...options });"],
      ["src/net/x.ts", "Deno.listen(options);"],
      ["src/net/x.ts", 'Deno.listen({ transport: "unix", path: "/tmp/a" });'],
      ["src/web/x.ts", "Deno.serve({ hostname, port: 0 }, handler);"],
      ["src/web/x.ts", "Deno.serve(options, handler);"],
      ["src/web/x.ts", 'server.listen(8080, "127.0.0.1");'],
      ["src/web/x.ts", "socket.listen(options);"],
    ],
  },
  "error-grammar": {
    refuses: [
      ["src/net/x.ts", 'throw new Error("failed");'],
      ["src/net/x.ts", 'throw new Error("Cannot open it.");'],
      ["src/net/x.ts", 'throw new TypeError("Cannot open it!");'],
      ["src/net/x.ts", "throw new Error(`cannot open ${path}`);"],
      ["src/net/x.ts", "throw new Error(`Cannot open ${path}.`);"],
      ["src/rtp/x.ts", 'throw new RtpError("bad-version", "version is 1");'],
      [
        "src/rtp/x.ts",
        'throw new RtpError("The version is 1.", "bad-version");',
      ],
      ["src/rtp/x.ts", 'throw new RtpError("Cannot read " + name + ".");'],
    ],
    allows: [
      ["src/net/x.ts", 'throw new Error("Cannot open it: no such file");'],
      ["src/net/x.ts", "throw new Error(`Cannot open ${path}`);"],
      ["src/net/x.ts", "throw new Error(`${what} is not there`);"],
      ["src/net/x.ts", "throw new Error(message);"],
      ["src/net/x.ts", "throw error;"],
      ["src/rtp/x.ts", 'throw new RtpError("bad-version", "Cannot read it");'],
      ["src/rtp/x.ts", 'throw new RtpError("bad-version", message);'],
      ["src/rtp/x.ts", 'throw new RtpError("Cannot read " + name);'],
      ["tests/net/x_test.ts", 'throw new Error("made up.");'],
    ],
  },
  "no-arrow-top-level-function": {
    refuses: [
      ["src/net/x.ts", "const f = () => 1; f();"],
      ["src/net/x.ts", "export const f = async () => {};"],
      ["src/net/x.ts", "export const f = function () {};"],
      ["tests/net/x_test.ts", "const f = () => 1; f();"],
      ["scripts/x.ts", "const f = () => 1; f();"],
    ],
    allows: [
      ["src/net/x.ts", "export function f(): void { const g = () => 1; g(); }"],
      ["src/net/x.ts", "export const table = { f: () => 1 };"],
      ["src/net/x.ts", "export const list = [1].map((n) => n);"],
    ],
  },
  "no-sleep-in-tests": {
    refuses: [
      [
        "tests/net/x_test.ts",
        "await new Promise((resolve) => setTimeout(resolve, 100));",
      ],
      [
        "tests/e2e/x_test.ts",
        "const sleeping = new Promise<void>((r) => { setTimeout(() => r(), 9); }); await sleeping;",
      ],
      [
        "tests/net/x_test.ts",
        'import { setTimeout as sleep } from "node:timers/promises"; await sleep(5);',
      ],
    ],
    allows: [
      [
        "tests/bench/x.ts",
        "await new Promise((resolve) => setTimeout(resolve, 100));",
      ],
      [
        "tests/support/x.ts",
        "await new Promise((resolve) => setTimeout(resolve, 100));",
      ],
      [
        "tests/net/x_test.ts",
        'await new Promise((_, reject) => setTimeout(() => reject(new Error("late")), 9));',
      ],
      [
        "src/net/x.ts",
        "await new Promise((resolve) => setTimeout(resolve, 100));",
      ],
    ],
  },
};

for (const [rule, { refuses, allows }] of Object.entries(TABLE)) {
  Deno.test(`the rule ${rule} refuses what breaks it`, () => {
    for (const [path, source] of refuses) {
      assert.deepEqual(complaints(path, source), [rule], `${path}: ${source}`);
    }
  });
  Deno.test(`the rule ${rule} lets the rest pass`, () => {
    for (const [path, source] of allows) {
      assert.deepEqual(complaints(path, source), [], `${path}: ${source}`);
    }
  });
}

Deno.test("every rule of the plugin is in the table of this test", () => {
  assert.deepEqual(Object.keys(plugin.rules), Object.keys(TABLE));
});

Deno.test("rules know a file by its absolute path and by its URL too", () => {
  const url = new URL("../../src/net/x.ts", import.meta.url);
  const source = 'import { a } from "../web/mod.ts";';
  assert.deepEqual(complaints(url.href, source), ["layers"]);
  assert.deepEqual(complaints(url.pathname, source), ["layers"]);
});

Deno.test("every folder of src has a level", () => {
  const root = new URL("../../src/", import.meta.url);
  for (const entry of Deno.readDirSync(root)) {
    if (entry.isDirectory) assert.ok(LEVELS.has(entry.name), entry.name);
  }
});
