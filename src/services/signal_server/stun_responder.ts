/**
 * Tells clients under which address they are seen, over UDP (RFC 8489).
 *
 * @module
 */

import { listenOrExplain } from "../../net/mod.ts";
import {
  addressBytes,
  encodeBindingSuccess,
  readBindingRequest,
  SignalProtocolError,
} from "../../signaling/mod.ts";

/** Larger than any request that is answered. */
const BUFFER_BYTES = 1500;

/** A running responder. */
export interface StunResponder {
  /** The bound port. */
  readonly port: number;
  /** Requests answered since the start. */
  answered(): number;
  /** Ends it. */
  close(): Promise<void>;
}

/**
 * Answers binding requests.
 *
 * @throws {ListenError} when the port cannot be had.
 */
export function startStunResponder(
  hostname: string,
  port: number,
): StunResponder {
  const socket = listenOrExplain(
    hostname,
    port,
    "--stun-port",
    () => Deno.listenDatagram({ transport: "udp", hostname, port }),
  );
  let answered = 0;
  const loop = (async () => {
    const buffer = new Uint8Array(BUFFER_BYTES);
    for (;;) {
      let received: [Uint8Array, Deno.Addr];
      try {
        received = await socket.receive(buffer);
      } catch (error) {
        if (error instanceof Deno.errors.BadResource) return;
        // An answer that found nobody comes back as an error of the socket.
        if (error instanceof Deno.errors.ConnectionRefused) continue;
        if (error instanceof Deno.errors.Interrupted) return;
        throw error;
      }
      const [bytes, from] = received;
      if (from.transport !== "udp") continue;
      const answer = answerTo(bytes, from);
      if (answer === undefined) continue;
      try {
        await socket.send(answer, from);
        answered++;
      } catch {
        // UDP promises nothing; the client asks again.
      }
    }
  })();
  return {
    port: (socket.addr as Deno.NetAddr).port,
    answered: () => answered,
    async close() {
      socket.close();
      await loop;
    },
  };
}

function answerTo(
  bytes: Uint8Array,
  from: Deno.NetAddr,
): Uint8Array | undefined {
  const address = addressBytes(from.hostname);
  if (address === undefined) return undefined;
  try {
    const transaction = readBindingRequest(bytes);
    return transaction &&
      encodeBindingSuccess(transaction, { address, port: from.port });
  } catch (error) {
    if (error instanceof SignalProtocolError) return undefined;
    throw error;
  }
}
