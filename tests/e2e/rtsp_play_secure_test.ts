/**
 * Encrypted streams: rtsps, and SRTP with keys by MIKEY.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { gstServerMissing, startGstServer } from "../support/gst_server.ts";
import { startStreamtool } from "../support/process.ts";
import type { JsonEvent } from "../support/process.ts";
import {
  makeCertificate,
  type TestCertificate,
} from "../services/support/certificate.ts";

const CERTIFICATE = await makeCertificate();
const missing = gstServerMissing() ??
  (CERTIFICATE === undefined ? "no openssl" : undefined);

function secureTest(
  name: string,
  test: (folder: string, certificate: TestCertificate) => Promise<void>,
): void {
  Deno.test({
    name: missing === undefined ? name : `${name} (skipped: ${missing})`,
    ignore: missing !== undefined,
    fn: async () => {
      const folder = await Deno.makeTempDir({ prefix: "streamtool_secure_" });
      try {
        const { cert, key } = CERTIFICATE!;
        await Deno.writeTextFile(join(folder, "cert.pem"), cert);
        await Deno.writeTextFile(join(folder, "key.pem"), key);
        await Deno.writeTextFile(join(folder, "both.pem"), cert + key);
        await test(folder, CERTIFICATE!);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

/** Plays for two seconds; gives the figures. */
async function play(url: string, ...more: string[]): Promise<JsonEvent> {
  await using player = startStreamtool([
    ...["rtsp-play", url, "--no-page", "--duration", "2s", ...more],
  ]);
  const end = await player.event("end");
  assert.equal(
    (await player.exited()).code,
    0,
    player.errorLines.join("\n"),
  );
  return end;
}

function assertWhole(end: JsonEvent): void {
  const { lost, invalid } = end.packets as Record<string, number>;
  assert.deepEqual([end.framesLost, lost, invalid], [0, 0, 0]);
  const frames = Number(end.framesReceived);
  assert.ok(frames >= 36 && frames <= 60, `${frames}`);
}

for (const transport of ["udp", "tcp"] as const) {
  secureTest(
    `GStreamer's server plays over rtsps with SRTP by ${transport}, every frame whole`,
    async (folder) => {
      await using server = await startGstServer({
        certificate: join(folder, "both.pem"),
        profile: "savp",
      });
      const end = await play(
        `rtsps://localhost:${server.port}/live`,
        ...["--ca", join(folder, "cert.pem"), "--transport", transport],
      );
      assert.deepEqual(
        [end.transport, end.secure, end.encrypted],
        [transport, true, true],
      );
      assertWhole(end);
    },
  );
}

secureTest(
  "SRTP in a plain connection is told apart from rtsps",
  async () => {
    await using server = await startGstServer({ profile: "savp" });
    const end = await play(`rtsp://127.0.0.1:${server.port}/live`);
    assert.deepEqual(
      [end.transport, end.secure, end.encrypted],
      ["udp", false, true],
    );
    assertWhole(end);
  },
);
