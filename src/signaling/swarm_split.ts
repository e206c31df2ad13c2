/**
 * One connection between two participants carries both directions: what one
 * asks for and what the other does. Here it becomes two transports, one for the
 * receiver and one for the sender of this end.
 *
 * @module
 */

import { parseChannelMessage } from "./channel_message.ts";
import { SignalProtocolError } from "./error.ts";
import { type FilmTransport, type Frame, FrameInbox } from "./transport.ts";

/** What a sender hears; all else is for the receiver. */
const REQUESTS: ReadonlySet<string | undefined> = new Set([
  "chunk-request",
  "hash-request",
  "connections",
  "ping",
]);

/** Both directions of a connection. */
export interface SplitTransport {
  /** For the receiver: blocks, hashes, and what the neighbour has. */
  readonly take: FilmTransport;
  /** For the sender: requests. */
  readonly give: FilmTransport;
}

/** Splits a connection; both halves close it. */
export function splitTransport(transport: FilmTransport): SplitTransport {
  const inboxes = { take: new FrameInbox(), give: new FrameInbox() };
  const half = (inbox: FrameInbox): FilmTransport => ({
    kind: transport.kind,
    get bufferedAmount() {
      return transport.bufferedAmount;
    },
    send: (frame) => transport.send(frame),
    drained: () => transport.drained(),
    listen: (events) => inbox.listen(events),
    close: () => transport.close(),
  });
  transport.listen({
    frame(frame) {
      try {
        (isRequest(frame) ? inboxes.give : inboxes.take).push(frame);
      } catch (error) {
        if (!(error instanceof SignalProtocolError)) throw error;
        transport.close(); // who speaks nonsense gets nothing
      }
    },
    closed() {
      inboxes.take.close();
      inboxes.give.close();
    },
  });
  return { take: half(inboxes.take), give: half(inboxes.give) };
}

function isRequest(frame: Frame): boolean {
  return typeof frame === "string" &&
    REQUESTS.has(parseChannelMessage(frame)?.type);
}
