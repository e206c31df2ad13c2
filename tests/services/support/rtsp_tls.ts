/**
 * An RTSP server behind TLS, and raw clients of it.
 *
 * @module
 */

import { join } from "node:path";
import { makeCertificate } from "./certificate.ts";
import {
  RtspClient,
  type RtspScene,
  type SceneOptions,
  withRtspServer,
} from "./rtsp_scene.ts";

/** Whether certificates can be made here. */
export const HAS_OPENSSL: boolean = await makeCertificate() !== undefined;

/** A server under test that speaks TLS. */
export interface TlsScene extends RtspScene {
  /** A client that is closed with the scene. */
  connectTls(): Promise<RtspClient>;
}

/** As {@linkcode withRtspServer}, with a certificate for localhost. */
export async function withTlsServer(
  options: SceneOptions,
  use: (scene: TlsScene) => Promise<void>,
): Promise<void> {
  const certificate = await makeCertificate();
  if (certificate === undefined) throw new Error("openssl is missing");
  const dir = await Deno.makeTempDir({ prefix: "streamtool_tls_" });
  const tls = { cert: join(dir, "cert.pem"), key: join(dir, "key.pem") };
  await Deno.writeTextFile(tls.cert, certificate.cert);
  await Deno.writeTextFile(tls.key, certificate.key);
  const clients: RtspClient[] = [];
  try {
    await withRtspServer({ ...options, tls }, (scene) =>
      use({
        ...scene,
        url: (path) => `rtsps://localhost:${scene.port}${path}`,
        async connectTls() {
          const client = new RtspClient(
            await Deno.connectTls({
              hostname: "localhost",
              port: scene.port,
              caCerts: [certificate.cert],
            }),
          );
          clients.push(client);
          return client;
        },
      }).finally(async () => {
        for (const client of clients) await client.close();
      }));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
