/**
 * The methods a server takes.
 *
 * @module
 */

const VIEWER_METHODS = [
  "OPTIONS",
  "DESCRIBE",
  "SETUP",
  "PLAY",
  "PAUSE",
  "TEARDOWN",
  "GET_PARAMETER",
  "SET_PARAMETER",
];
const PUBLISHER_METHODS = ["ANNOUNCE", "RECORD"];

/** For the Public and Allow headers; ANNOUNCE and RECORD where `publishing` is taken. */
export function methodList(publishing: boolean): string {
  return [...VIEWER_METHODS, ...publishing ? PUBLISHER_METHODS : []].join(", ");
}
