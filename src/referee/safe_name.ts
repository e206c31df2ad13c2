/**
 * Names for files and folders, made of names that strangers chose.
 *
 * @module
 */

/** Longest name that is made, so that what is appended stays within a file system's 255 bytes. */
export const MAX_SAFE_NAME = 64;

/** Names that Windows keeps for devices, with and without extension. */
const DEVICE_NAME = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?$/i;

/**
 * A file name that stays in its folder on every system: letters, digits, `-`,
 * `_` and `.` only, no dot in front, no device of Windows, never empty.
 *
 * Different names may become the same one: whoever needs them apart appends
 * something.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { safeName } from "./mod.ts";
 * assert.equal(safeName("../../etc/passwd"), "etc_passwd");
 * ```
 */
export function safeName(name: string, fallback = "session"): string {
  const plain = name.normalize("NFKD")
    .replace(/[^A-Za-z0-9._-]+/g, "_")
    .replace(/\.{2,}/g, "_")
    .replace(/^[._]+(?=[A-Za-z0-9])/, "")
    .slice(0, MAX_SAFE_NAME)
    .replace(/[. ]+$/, "");
  if (!/[A-Za-z0-9]/.test(plain)) return fallback;
  return DEVICE_NAME.test(plain) ? `${fallback}_${plain}` : plain;
}

/**
 * The name of a session's folder, `<safe id>_<utc>_<random>`: no two sessions
 * share one, whatever they are called.
 */
export function folderName(id: string, utc: Date, random: string): string {
  const stamp = utc.toISOString().replace(/[-:]/g, "").replace(/\.\d+/, "");
  return `${safeName(id)}_${stamp}_${safeName(random, "0")}`;
}
