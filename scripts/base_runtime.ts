/**
 * The runtime that `deno compile` puts in front of a program, as a file of its
 * own, so that ffmpeg can be put behind it.
 *
 * @module
 */

import { runQuiet } from "./support.ts";

/** Bytes of the header of a 64-bit ELF file. */
const ELF_HEADER_BYTES = 64;

/**
 * The length of a 64-bit little-endian ELF file by its header: the end of the
 * section headers, which linkers write last. What was appended to it is not
 * counted. `undefined` when it is no such file (System V ABI, "ELF Header").
 *
 * ```text
 *  0     7f 45 4c 46    magic
 *  4     02 01          64 bits, little-endian
 *  0x28  u64            offset of the section headers
 *  0x3a  u16, u16       size of one, number of them
 * ```
 */
export function elfLength(header: Uint8Array): number | undefined {
  if (header.length < ELF_HEADER_BYTES) return undefined;
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  if (view.getUint32(0) !== 0x7f454c46) return undefined;
  if (view.getUint16(4) !== 0x0201) return undefined;
  const length = Number(view.getBigUint64(0x28, true)) +
    view.getUint16(0x3a, true) * view.getUint16(0x3c, true);
  return Number.isSafeInteger(length) ? length : undefined;
}

/**
 * The path of the runtime for `target` (this machine's when `undefined`): the
 * one `DENORT_BIN` names, or the front of an empty program that is compiled
 * into `folder`. `undefined` where runtimes are no ELF files, nothing can be
 * put behind those.
 *
 * @throws {Error} when there is no runtime to be had.
 */
export async function baseRuntime(
  target: string | undefined,
  folder: string,
): Promise<string | undefined> {
  const named = Deno.env.get("DENORT_BIN");
  if (named) {
    return await runtimeLength(named) === undefined ? undefined : named;
  }
  const program = `${folder}/empty.ts`;
  const compiled = `${folder}/empty`;
  await Deno.writeTextFile(program, "");
  await runQuiet([
    "compile",
    "--no-config",
    ...(target === undefined ? [] : ["--target", target]),
    "--output",
    compiled,
    program,
  ]);
  const length = await runtimeLength(compiled).catch(() => undefined);
  if (length === undefined) return undefined;
  await Deno.truncate(compiled, length);
  return compiled;
}

async function runtimeLength(path: string): Promise<number | undefined> {
  using file = await Deno.open(path);
  const header = new Uint8Array(ELF_HEADER_BYTES);
  await file.read(header);
  const length = elfLength(header);
  const { size } = await file.stat();
  return length !== undefined && length <= size ? length : undefined;
}
