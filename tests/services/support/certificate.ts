/**
 * A certificate of nobody for this machine, made by openssl.
 *
 * @module
 */

import { join } from "node:path";

/** Certificate and key as PEM, and the certificate's file. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Makes one; `undefined` where there is no openssl. */
export async function makeCertificate(): Promise<TestCertificate | undefined> {
  const dir = await Deno.makeTempDir({ prefix: "certificate_" });
  const [cert, key] = [join(dir, "cert.pem"), join(dir, "key.pem")];
  try {
    const { success } = await new Deno.Command("openssl", {
      args: [
        ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"],
        ...["-subj", "/CN=localhost", "-keyout", key, "-out", cert],
        ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        ...["-addext", "basicConstraints=CA:FALSE"],
      ],
      stdout: "null",
      stderr: "null",
    }).output();
    return success
      ? {
        cert: await Deno.readTextFile(cert),
        key: await Deno.readTextFile(key),
      }
      : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
