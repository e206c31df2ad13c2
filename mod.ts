/**
 * streamtool as a library: the protocol cores, which do no I/O, and the
 * services that join them to sockets, ffmpeg and pages.
 *
 * Put a frame on the chain's wire and take it off again:
 *
 * ```ts
 * import { BinaryFragmenter, Relay } from "./mod.ts";
 * import assert from "node:assert/strict";
 *
 * const jpeg = new Uint8Array([0xff, 0xd8, 1, 2, 3, 0xff, 0xd9]);
 * const fragmenter = new BinaryFragmenter({ streamId: 7 });
 * const relay = new Relay();
 * const datagram = new Uint8Array(1400);
 *
 * const count = fragmenter.begin(jpeg, 0);
 * assert.equal(count, 1);
 * const length = fragmenter.write(0, 1_000_000, datagram, 0);
 * const outcome = relay.receive(datagram.subarray(0, length), 1_000_400, true);
 * assert.deepEqual(outcome.frame?.jpeg.bytes, jpeg);
 * outcome.frame?.jpeg.release();
 * ```
 *
 * @module
 */

export * from "./src/bytes/mod.ts";
export * from "./src/log/mod.ts";
export * from "./src/jpeg/mod.ts";
export * from "./src/chain/mod.ts";
export * from "./src/media/mod.ts";
export * from "./src/net/mod.ts";
export * from "./src/services/mod.ts";
