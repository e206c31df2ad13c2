import assert from "node:assert/strict";
import { assertSameBytes } from "../support/bytes.ts";
import { startStreamtool } from "../support/process.ts";
import { noise } from "../signaling/support.ts";

const PATIENT = { within: 60_000 };

Deno.test("signal, share and share --join: a film goes from process to process, byte by byte", async () => {
  await using signal = startStreamtool([
    "signal",
    ...["--port", "0", "--stun-port", "0"],
  ]);
  const { url } = await signal.event(
    (event) => event.label === "Local",
    PATIENT,
  );
  const bytes = noise(4_000_000);
  await Deno.writeFile(`${signal.cwd}/film.mp4`, bytes);
  await using host = startStreamtool([
    "share",
    `${signal.cwd}/film.mp4`,
    ...["--server", String(url), "--name", "cinema"],
  ]);
  const { link } = await host.event("link", PATIENT);
  await using viewer = startStreamtool([
    "share",
    ...["--join", String(link), "-o", `${signal.cwd}/out.mp4`],
  ]);
  const end = await viewer.event("end", PATIENT);
  assert.equal(end.bytes, bytes.length);
  assert.equal((await viewer.status).code, 0);
  assertSameBytes(await Deno.readFile(`${signal.cwd}/out.mp4`), bytes);
  host.signal("SIGTERM");
  assert.equal((await host.status).code, 0);
  signal.signal("SIGTERM");
  assert.equal((await signal.status).code, 0);
});

for (
  const [args, message] of [
    [["share"], /give a FILE to host, or --join LINK/],
    [["share", "--join", "x"], /say where to with -o FILE/],
    [["share", "a.mp4", "--join", "x"], /Cannot host and --join at once/],
    [["share", "a.mp4", "-o", "b"], /Cannot use --output without --join/],
    [["signal", "--cert", "c.pem"], /pass --key too/],
  ] as const
) {
  Deno.test(`${args.join(" ")} is a usage error`, async () => {
    await using process = startStreamtool(args, { json: false });
    assert.equal((await process.status).code, 2);
    assert.match(process.errorLines.join("\n"), message);
  });
}
