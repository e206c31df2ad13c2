import assert from "node:assert/strict";
import { join } from "node:path";
import { openUdpSocket } from "../../src/net/mod.ts";
import { startStreamtool } from "../support/process.ts";
import { portOf, reportsOf, startChain } from "./support/chain.ts";

const SECRET = "correct horse battery staple";
const FRAMES = 60;

/** A file with a secret, for this test only. */
async function keyFile(secret: string): Promise<{
  path: string;
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const dir = await Deno.makeTempDir({ prefix: "streamtool_key_" });
  const path = join(dir, "key");
  await Deno.writeTextFile(path, `${secret}\n`);
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}

/** Words of a request that nobody with a key sent, and what comes back. */
async function ask(address: string, words: unknown): Promise<string> {
  const [hostname = "", port] = address.split(":");
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(new TextEncoder().encode(JSON.stringify(words)));
  const buffer = new Uint8Array(4096);
  const count = await connection.read(buffer) ?? 0;
  return new TextDecoder().decode(buffer.subarray(0, count));
}

Deno.test("a chain with a key plays to who has it, refuses the others, and drops what is forged", async () => {
  await using key = await keyFile(SECRET);
  await using other = await keyFile("another secret, as long");
  const withKey = ["--key-file", key.path];
  await using chain = await startChain(FRAMES, [...withKey, "--verbose"]);
  const a = await chain.peer("A", [...withKey, "--verbose"]);
  const b = await chain.peer("B", withKey);

  const refused = [
    { args: [], words: /has a key\. Start the peer with --key-file/ },
    { args: ["--key-file", other.path], words: /has another key/ },
  ];
  for (const { args, words } of refused) {
    await using stranger = startStreamtool([
      ...["chain-peer", "X", "0", "--coordinator", chain.address],
      ...["--no-page", ...args],
    ]);
    assert.notEqual((await stranger.exited()).code, 0);
    assert.match(stranger.errorLines.join("\n"), words);
  }
  for (
    const request of [
      { type: "list" },
      { type: "register", name: "X", port: 9, session: true },
      { type: "register", name: "X", port: 9 },
    ]
  ) assert.match(await ask(chain.address, request), /has a key/);

  // B's control port is told by nobody but the coordinator where to send.
  using connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: await portOf(b, "Control"),
  });
  await connection.write(new TextEncoder().encode(
    '{"cmd": "UPDATE_NEXT", "next_name": "X", "next_port": 9}',
  ));
  assert.equal(await connection.read(new Uint8Array(10)), null);

  // What is no video of the coordinator's does not harm what is.
  using hostile = openUdpSocket({ hostname: "127.0.0.1", port: 0 });
  const to = { hostname: "127.0.0.1", port: await portOf(b, "Video") };
  await chain.coordinator.write("startVideo");
  await chain.coordinator.event("stream-start");
  for (let i = 0; i < 2000; i++) {
    await hostile.sendOne(new Uint8Array(1400).fill(i), to);
  }
  const delivered = await chain.coordinator.event("delivered");
  const reports = reportsOf(delivered);
  assert.deepEqual(
    reports.map(({ name, framesReceived, framesSaved }) => [
      name,
      framesReceived,
      framesSaved,
    ]),
    [["A", FRAMES, FRAMES], ["B", FRAMES, FRAMES]],
  );

  // Nobody says the secret, nor where a peer that is to be told stands.
  const said = [chain.coordinator, a, b]
    .flatMap(({ errorLines, events }) => [
      ...errorLines,
      ...events.map((event) => JSON.stringify(event)),
    ]).join("\n");
  assert.ok(!said.includes(SECRET));
});

Deno.test("a key on one side only, too short, or for the wrong wire is told with the remedy", async () => {
  await using key = await keyFile(SECRET);
  await using short = await keyFile("hunter2");
  const cases: readonly (readonly [string[], RegExp])[] = [
    [["--key-file", short.path], /it has 7 bytes and not 16 to 65536/],
    [["--key-file", "/nowhere/key"], /it cannot be read/],
    [["--key-file", key.path, "--wire", "strandcast"], /has no place for one/],
  ];
  for (const [args, words] of cases) {
    await using process = startStreamtool(
      ["chain-coordinator", "--port", "0", "--no-page", ...args],
      { json: false },
    );
    assert.equal((await process.exited()).code, 2);
    const said = process.errorLines.join("\n");
    assert.match(said, words);
    assert.ok(!said.includes("hunter2"));
  }
  await using open = await startChain(2);
  await using peer = startStreamtool([
    ...["chain-peer", "A", "0", "--coordinator", open.address, "--no-page"],
    ...["--key-file", key.path],
  ]);
  assert.equal((await peer.exited()).code, 1);
  assert.match(peer.errorLines.join("\n"), /its coordinator has no key/);
});
