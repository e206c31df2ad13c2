import assert from "node:assert/strict";
import { makeCertificate } from "../services/support/certificate.ts";
import { noise } from "../signaling/support.ts";
import { assertSameBytes } from "../support/bytes.ts";
import { startStreamtool } from "../support/process.ts";

const PATIENT = { within: 60_000 };

Deno.test("with --cert and --key page, rooms and both relays go over TLS", async () => {
  const certificate = await makeCertificate();
  if (certificate === undefined) return; // no openssl here
  const folder = await Deno.makeTempDir({ prefix: "streamtool_test_" });
  try {
    const path = (name: string): string => `${folder}/${name}`;
    await Deno.writeTextFile(path("cert.pem"), certificate.cert);
    await Deno.writeTextFile(path("key.pem"), certificate.key);
    await using signal = startStreamtool([
      "signal",
      ...["--port", "0", "--stun-port", "0"],
      ...["--cert", path("cert.pem"), "--key", path("key.pem")],
    ]);
    const { url } = await signal.event(
      (event) => event.label === "Local",
      PATIENT,
    );
    assert.match(String(url), /^https:/);
    using client = Deno.createHttpClient({ caCerts: [certificate.cert] });
    const page = await fetch(String(url), { client } as RequestInit);
    assert.match(await page.text(), /<title>Watch party/);
    const bytes = noise(2_000_000);
    await Deno.writeFile(path("film.mp4"), bytes);
    const trusting = { env: { DENO_CERT: path("cert.pem") } };
    await using host = startStreamtool([
      ...["share", path("film.mp4"), "--server", String(url)],
    ], trusting);
    const { link } = await host.event("link", PATIENT);
    assert.match(String(link), /^https:/);
    await using viewer = startStreamtool([
      ...["share", "--join", String(link), "-o", path("out.mp4")],
    ], trusting);
    const end = await viewer.event("end", PATIENT);
    assert.equal(end.bytes, bytes.length);
    assertSameBytes(await Deno.readFile(path("out.mp4")), bytes);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
