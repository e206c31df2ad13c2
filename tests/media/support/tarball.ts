/**
 * Makes small tar archives and npm packages, sound and unsound ones.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** `parts` one after another. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** One ustar header. */
export function tarHeader(
  name: string,
  size: number,
  options: { readonly type?: string; readonly prefix?: string } = {},
): Uint8Array {
  const header = new Uint8Array(512);
  const put = (at: number, text: string): void =>
    header.set(new TextEncoder().encode(text), at);
  put(0, name);
  put(100, "0000755\0");
  put(124, size.toString(8).padStart(11, "0") + "\0");
  put(136, "00000000000\0");
  put(148, "        ");
  put(156, options.type ?? "0");
  put(257, "ustar\x0000");
  put(345, options.prefix ?? "");
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, sum.toString(8).padStart(6, "0") + "\0 ");
  return header;
}

/** An archive of regular files. */
export function makeTar(
  members: readonly (readonly [string, Uint8Array])[],
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (const [name, bytes] of members) {
    parts.push(tarHeader(name, bytes.length), bytes);
    parts.push(new Uint8Array((512 - bytes.length % 512) % 512));
  }
  parts.push(new Uint8Array(1024));
  return concat(parts);
}

/** The archive as npm hands it out, and its integrity. */
export async function makeTarball(
  members: readonly (readonly [string, Uint8Array])[],
): Promise<{ bytes: Uint8Array<ArrayBuffer>; integrity: string }> {
  const zipped = new Blob([makeTar(members)]).stream().pipeThrough(
    new CompressionStream("gzip"),
  );
  const bytes = new Uint8Array(await new Response(zipped).arrayBuffer());
  const sum = createHash("sha512").update(bytes).digest("base64");
  return { bytes, integrity: `sha512-${sum}` };
}
