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
 * A protocol's core takes bytes in any pieces and gives back what they mean:
 *
 * ```ts
 * import { rtsp, sdp } from "./mod.ts";
 * import assert from "node:assert/strict";
 *
 * const reader = new rtsp.RtspReader();
 * const bytes = new TextEncoder().encode(
 *   "OPTIONS rtsp://127.0.0.1/film RTSP/1.0\r\nCSeq: 1\r\n\r\n",
 * );
 * reader.push(bytes.subarray(0, 20), 0); // at 0 ms
 * assert.equal(reader.next(), undefined); // needs more
 * reader.push(bytes.subarray(20), 1);
 * const message = reader.next();
 * assert.ok(message?.type === "request" && message.method === "OPTIONS");
 *
 * const text = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=film\r\nt=0 0\r\n" +
 *   "m=video 0 RTP/AVP 26\r\n";
 * assert.equal(sdp.parseSdp(text).media[0]?.type, "video");
 * ```
 *
 * The referee's decision, of the scoring box's file alone:
 *
 * ```ts
 * import { referee } from "./mod.ts";
 * import assert from "node:assert/strict";
 *
 * const file = "     0.000s | Phrase recording started\n" +
 *   "     1.500s | HIT: Right scores on Left!\n" +
 *   "Scores -> Fencer 1: HIT, Fencer 2: MISS\n";
 * const signal = referee.parseSignalFile(new TextEncoder().encode(file));
 * assert.equal(referee.decideBySignal(signal).winner, "right");
 * ```
 *
 * The link of a watch party, whose secret no server sees:
 *
 * ```ts
 * import { signaling } from "./mod.ts";
 * import assert from "node:assert/strict";
 *
 * const link = signaling.formatLink({
 *   server: "https://party.example/",
 *   roomId: "K7Q2ZD",
 *   key: crypto.getRandomValues(new Uint8Array(signaling.LINK_KEY_BYTES)),
 *   fingerprint: (await signaling.createIdentity()).fingerprint,
 * });
 * assert.equal(signaling.parseLink(link).roomId, "K7Q2ZD");
 * ```
 *
 * A service is a function that takes options and a context with a signal, a
 * log and an ear for its events:
 *
 * ```ts
 * import { type ServiceContext, signalServer, silentLogger } from "./mod.ts";
 * import assert from "node:assert/strict";
 *
 * const stop = new AbortController();
 * const context: ServiceContext = {
 *   signal: stop.signal,
 *   log: silentLogger,
 *   emit: () => {},
 * };
 * const server = await signalServer.startSignalServer({
 *   host: "127.0.0.1",
 *   port: 0,
 *   stunPort: 0,
 *   iceServers: [],
 *   tls: undefined,
 *   allowedOrigins: [],
 *   limits: {},
 * }, context);
 * const health = await fetch(new URL("health", server.url));
 * assert.equal((await health.json()).status, "ok");
 * await server.close();
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

/** Session descriptions (RFC 8866). */
export * as sdp from "./src/sdp/mod.ts";
/** RTP, RTCP, SRTP, and JPEG in RTP. */
export * as rtp from "./src/rtp/mod.ts";
/** RTSP, server and client, as state machines. */
export * as rtsp from "./src/rtsp/mod.ts";
/** From pictures to both fencers' tracks. */
export * as vision from "./src/vision/mod.ts";
/** The referee's messages, files and decision. */
export * as referee from "./src/referee/mod.ts";
/** Rooms and films of the watch party. */
export * as signaling from "./src/signaling/mod.ts";
/** `rtsp-serve`. */
export * as rtspServer from "./src/services/rtsp_server/mod.ts";
/** `rtsp-play` and `rtsp-probe`. */
export * as rtspPlayer from "./src/services/rtsp_player/mod.ts";
/** `referee-serve`. */
export * as refereeServer from "./src/services/referee_server/mod.ts";
/** `referee-send`. */
export * as refereeClient from "./src/services/referee_client/mod.ts";
/** `signal`. */
export * as signalServer from "./src/services/signal_server/mod.ts";
/** `share`. */
export * as share from "./src/services/share/mod.ts";
