/**
 * The blind relay as a transport: messages are sealed for it, blocks are sealed
 * already, and each end grants the other what it can take.
 *
 * ```text
 * payload of a data frame:  0 | sealed text      1 | block or page of hashes
 * ```
 *
 * @module
 */

import { type Bytes } from "./chunk.ts";
import { SignalProtocolError } from "./error.ts";
import {
  encodeRelayCredit,
  encodeRelayData,
  MAX_RELAY_CREDIT,
  readRelayFrame,
  RelayCredit,
} from "./relay_frame.ts";
import { NONCE_BYTES, openBytes, sealBytes } from "./seal.ts";
import {
  type FilmTransport,
  type Frame,
  FrameInbox,
  HIGH_WATER_BYTES,
  LOW_WATER_BYTES,
} from "./transport.ts";

const SEALED_TEXT = 0;
const PLAIN_BYTES = 1;
/** What one end grants at first, and again when half of it is used. */
const GRANT_BYTES = MAX_RELAY_CREDIT / 2;

/** The socket under a relay: a WebSocket, or one end in a test. */
export interface RelaySocket {
  /** Sends a message. */
  send(bytes: Bytes): void;
  /** Bytes that wait. */
  readonly bufferedAmount: number;
  /** Ends it. */
  close(): void;
}

/** What drives a relay's transport from the socket's events. */
export interface RelayPort {
  /** The transport, usable at once. */
  readonly transport: FilmTransport;
  /** A message came. */
  message(bytes: Bytes): void;
  /** The socket is closed. */
  closed(): void;
}

/** A transport over an open socket. */
export function relayTransport(
  socket: RelaySocket,
  key: CryptoKey,
  random: (length: number) => Bytes,
): RelayPort {
  const inbox = new FrameInbox();
  const credit = new RelayCredit();
  const waiting = new Set<() => void>();
  const queue: Bytes[] = [];
  let queued = 0;
  let used = 0;
  let sending: Promise<void> = Promise.resolve();
  let receiving: Promise<void> = Promise.resolve();

  function flush(): void {
    while (queue[0] !== undefined && credit.take(queue[0].length)) {
      const frame = queue.shift()!;
      queued -= frame.length;
      socket.send(frame);
    }
    if (queued > LOW_WATER_BYTES && !inbox.closed) return;
    for (const resolve of waiting) resolve();
    waiting.clear();
  }

  function enqueue(kind: number, body: Bytes): void {
    const frame = encodeRelayData(kind, body);
    queue.push(frame);
    queued += frame.length;
    flush();
  }

  function sealed(text: string): Promise<Bytes> {
    const plain = new TextEncoder().encode(text);
    return sealBytes(key, plain, random(NONCE_BYTES));
  }

  async function opened(payload: Bytes): Promise<Frame> {
    if (payload[0] === PLAIN_BYTES) return payload.subarray(1);
    const plain = await openBytes(key, payload.subarray(1));
    return new TextDecoder().decode(plain);
  }

  function end(): void {
    if (inbox.closed) return;
    inbox.close();
    queue.length = queued = 0;
    flush();
    socket.close();
  }

  socket.send(encodeRelayCredit(GRANT_BYTES));
  return {
    transport: {
      kind: "relay",
      get bufferedAmount() {
        return queued + socket.bufferedAmount;
      },
      send(frame) {
        if (inbox.closed || queued > 8 * HIGH_WATER_BYTES) return;
        // Sealing takes a moment, and the order must stay.
        sending = sending.then(async () => {
          if (typeof frame !== "string") enqueue(PLAIN_BYTES, frame);
          else enqueue(SEALED_TEXT, await sealed(frame));
        }).catch(end);
      },
      async drained() {
        await sending;
        if (inbox.closed || queued <= LOW_WATER_BYTES) return;
        await new Promise<void>((resolve) => waiting.add(resolve));
      },
      listen: (events) => inbox.listen(events),
      close: end,
    },
    message(bytes) {
      try {
        const frame = readRelayFrame(bytes);
        if (frame.type === "credit") {
          credit.grant(frame.bytes);
          flush();
          return;
        }
        used += bytes.length;
        if (used >= GRANT_BYTES / 2) {
          socket.send(encodeRelayCredit(used));
          used = 0;
        }
        const payload = frame.payload as Bytes;
        receiving = receiving
          .then(async () => inbox.push(await opened(payload)))
          .catch(end);
      } catch (error) {
        if (!(error instanceof SignalProtocolError)) throw error;
        end();
      }
    },
    closed: end,
  };
}
