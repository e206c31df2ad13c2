// @ts-check
/**
 * Paths of the server, with the token when it asks for one.
 *
 * @module
 */

import { readAddress } from "../static/pieces/address.js";

/**
 * The address of `path`; the page's own address bears the token.
 *
 * @param {string} path
 */
export function api(path) {
  const token = readAddress("token");
  return token === undefined
    ? path
    : `${path}?${new URLSearchParams({ token })}`;
}

/**
 * What the server answers as JSON.
 *
 * @param {string} path
 * @returns {Promise<any>}
 * @throws {Error} with the server's words.
 */
export async function ask(path) {
  const response = await fetch(api(path));
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  throw new Error(body.error ?? `The server answers ${response.status}`);
}
