/**
 * Golden files: what the program printed when somebody last looked at it.
 *
 * @module
 */

import assert from "node:assert/strict";

const FOLDER = new URL("../../fixtures/cli/", import.meta.url);

/**
 * Compares `text` to `fixtures/cli/<name>`; with UPDATE_GOLDEN=1 writes it
 * instead, to be looked at in the diff.
 */
export function matchesGolden(name: string, text: string): void {
  const file = new URL(name, FOLDER);
  if (Deno.env.get("UPDATE_GOLDEN") === "1") {
    Deno.writeTextFileSync(file, text);
    return;
  }
  assert.equal(
    text,
    Deno.readTextFileSync(file),
    `fixtures/cli/${name} differs: look at it, then run with UPDATE_GOLDEN=1`,
  );
}
