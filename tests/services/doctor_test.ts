import assert from "node:assert/strict";
import { openUdpSocket } from "../../src/net/mod.ts";
import { examine } from "../../src/services/doctor/mod.ts";
import type { Check, DoctorOptions } from "../../src/services/doctor/mod.ts";

async function look(
  options: Partial<DoctorOptions> = {},
): Promise<Map<string, Check>> {
  const checks = examine({
    folder: ".",
    tcpPorts: [],
    udpPorts: [],
    env: (name) => Deno.env.get(name),
    ...options,
  });
  const byName = new Map<string, Check>();
  for await (const check of checks) byName.set(check.name, check);
  return byName;
}

Deno.test("on a machine that can run the tests nothing that is needed fails", async () => {
  const checks = await look();
  assert.deepEqual([...checks.keys()], [
    "runtime",
    "ffmpeg",
    "TCP ports",
    "UDP ports",
    "UDP loopback",
    "UDP path",
    "UDP buffers",
    "browser",
    "folder",
  ]);
  for (const check of checks.values()) {
    assert.notEqual(check.status, "fail", check.detail);
    assert.equal(check.remedy === undefined, check.status === "ok", check.name);
    assert.doesNotMatch(check.remedy ?? "", /\.$/);
  }
  assert.match(checks.get("runtime")!.detail, /^Deno \d+\.\d+\.\d+ /);
  assert.match(checks.get("ffmpeg")!.detail, /\d.*, /);
});

Deno.test("ports that are taken are named, free ones too", async () => {
  using tcp = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using udp = openUdpSocket({ hostname: "127.0.0.1", port: 0 });
  const ports = [tcp.addr.port, udp.address.port];
  const busy = await look({ tcpPorts: [ports[0]!], udpPorts: [ports[1]!] });
  for (const [index, name] of ["TCP ports", "UDP ports"].entries()) {
    const { status, detail, remedy } = busy.get(name)!;
    assert.equal(status, "warn");
    assert.equal(detail, `${ports[index]} is taken`);
    assert.match(remedy!, /another port/);
  }
  tcp.close();
  udp.close();
  const free = await look({ tcpPorts: [ports[0]!], udpPorts: [ports[1]!] });
  assert.equal(free.get("TCP ports")!.detail, `${ports[0]} are free`);
  assert.equal(free.get("UDP ports")!.detail, `${ports[1]} are free`);
});

Deno.test("a folder that cannot be written to fails with the way out", async () => {
  const { status, remedy } = (await look({ folder: "/nowhere/at/all" })).get(
    "folder",
  )!;
  assert.equal(status, "fail");
  assert.match(remedy!, /^Change to a folder/);
});

Deno.test("an ffmpeg that was named and is none fails", async () => {
  const { status, detail } = (await look({ ffmpeg: "/nowhere/ffmpeg" })).get(
    "ffmpeg",
  )!;
  assert.equal(status, "fail");
  assert.match(detail, /--ffmpeg/);
});

Deno.test("without ffmpeg and browser it tells what happens and what to do", async () => {
  const checks = await look({ env: () => undefined });
  const ffmpeg = checks.get("ffmpeg")!;
  assert.notEqual(ffmpeg.status, "ok");
  assert.match(ffmpeg.remedy!, /^Install ffmpeg, or pass --ffmpeg PATH/);
  if (Deno.build.os === "linux") {
    assert.equal(checks.get("browser")!.status, "warn");
  }
});
