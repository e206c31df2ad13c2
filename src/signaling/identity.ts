/**
 * Who a host is: a pair of keys. Signatures are ECDSA over P-256 with SHA-256
 * (FIPS 186-5), which every browser's WebCrypto has.
 *
 * @module
 */

import type { Bytes } from "./chunk.ts";
import { SignalProtocolError } from "./error.ts";
import { FINGERPRINT_BYTES } from "./party_link.ts";

/** Of a host's keys. */
export const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-256" } as const;
/** Of its signatures. */
export const SIGN_ALGORITHM = { name: "ECDSA", hash: "SHA-256" } as const;

/** A host's pair of keys. */
export interface HostIdentity {
  /** Signs; `undefined` in whoever only checks. */
  readonly keys: CryptoKeyPair;
  /** Raw public key. */
  readonly publicKey: Bytes;
  /** What the link says of it. */
  readonly fingerprint: Bytes;
}

/** New keys for a host. */
export async function createIdentity(
  stored?: { readonly publicKey: JsonWebKey; readonly privateKey: JsonWebKey },
): Promise<HostIdentity> {
  const usages: [KeyUsage[], KeyUsage[]] = [["verify"], ["sign"]];
  const keys = stored === undefined
    ? await crypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"])
    : {
      publicKey: await crypto.subtle.importKey(
        "jwk",
        stored.publicKey,
        KEY_ALGORITHM,
        true,
        usages[0],
      ),
      privateKey: await crypto.subtle.importKey(
        "jwk",
        stored.privateKey,
        KEY_ALGORITHM,
        true,
        usages[1],
      ),
    };
  const publicKey = new Uint8Array(
    await crypto.subtle.exportKey("raw", keys.publicKey),
  );
  return { keys, publicKey, fingerprint: await fingerprintOf(publicKey) };
}

/** The keys in a form that can be kept, for {@linkcode createIdentity}. */
export async function exportIdentity(
  { keys }: HostIdentity,
): Promise<{ publicKey: JsonWebKey; privateKey: JsonWebKey }> {
  return {
    publicKey: await crypto.subtle.exportKey("jwk", keys.publicKey),
    privateKey: await crypto.subtle.exportKey("jwk", keys.privateKey),
  };
}

/** SHA-256. */
export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** The beginning of the SHA-256 of a raw public key, as the link has it. */
export async function fingerprintOf(publicKey: Bytes): Promise<Bytes> {
  return (await sha256(publicKey)).slice(0, FINGERPRINT_BYTES);
}

/** What is not what the host signed. */
export function badManifest(reason: string): SignalProtocolError {
  return new SignalProtocolError(
    "bad-manifest",
    `Cannot trust the film: ${reason}`,
  );
}
