/**
 * Comparing what nobody may guess bit by bit.
 *
 * @module
 */

/** Compares secrets in a time that does not tell how much was right. */
export function sameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let index = 0; index < a.length; index++) {
    difference |= a.charCodeAt(index) ^ b.charCodeAt(index % (b.length || 1));
  }
  return difference === 0;
}
