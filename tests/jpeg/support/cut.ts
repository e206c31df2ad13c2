/**
 * A stream cut into pieces, for readers that must not care where.
 *
 * @module
 */

/** Every way a test cuts `bytes`: whole, byte by byte, in two anywhere. */
export function* cuts(bytes: Uint8Array): Generator<Uint8Array[]> {
  yield [bytes];
  yield pieces(bytes, 1);
  yield pieces(bytes, 7);
  for (let at = 1; at < bytes.length; at++) {
    yield [bytes.subarray(0, at), bytes.subarray(at)];
  }
}

/** `bytes` in pieces of `size`. */
export function pieces(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, index) => bytes.subarray(index * size, (index + 1) * size),
  );
}

/** All of `parts` in one array. */
export function join(...parts: (Uint8Array | string)[]): Uint8Array {
  const arrays = parts.map((part) =>
    typeof part === "string" ? new TextEncoder().encode(part) : part
  );
  return Uint8Array.from(arrays.flatMap((each) => [...each]));
}
