/**
 * The program's version. A test keeps it the same as in deno.json.
 *
 * @module
 */

/** Semantic version of the program. */
export const VERSION = "0.1.0";
