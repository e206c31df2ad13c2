// @ts-check
/**
 * What a reload of the page must not lose: who we are in a room, and the keys
 * by which we are its host.
 *
 * @module
 */

import { createIdentity, exportIdentity } from "../../signaling/mod.ts";

/** @typedef {import("../../signaling/mod.ts").HostIdentity} HostIdentity */

/**
 * @typedef {object} Session
 * @property {string} name
 * @property {string | undefined} token shows the server that we are who we were
 * @property {string | undefined} hostKey
 * @property {HostIdentity | undefined} identity
 */

/** @param {string} roomId */
function keyOf(roomId) {
  return `streamtool.room.${roomId}`;
}

/**
 * @param {string | undefined} roomId
 * @returns {Promise<Session | undefined>}
 */
export async function readSession(roomId) {
  const text = roomId && sessionStorage.getItem(keyOf(roomId));
  if (!text) return undefined;
  const { name, token, hostKey, identity } = JSON.parse(text);
  return {
    name,
    token,
    hostKey,
    identity: identity && await createIdentity(identity),
  };
}

/**
 * @param {string} roomId
 * @param {Session} session
 */
export async function keepSession(roomId, { identity, ...rest }) {
  const stored = {
    ...rest,
    identity: identity && await exportIdentity(identity),
  };
  sessionStorage.setItem(keyOf(roomId), JSON.stringify(stored));
}
