/**
 * A data channel as a transport, whoever made it: a browser, or a library
 * outside of one.
 *
 * @module
 */

import {
  type FilmTransport,
  type Frame,
  FrameInbox,
  LOW_WATER_BYTES,
} from "./transport.ts";

/** The part of a data channel that is used here. */
export interface ChannelPort {
  /** Whether it can send. */
  isOpen(): boolean;
  /** Bytes that wait in it. */
  buffered(): number;
  /** Sends a frame; may throw when it closes in that moment. */
  send(frame: Frame): void;
  /** Ends it; its `closed` may come later. */
  close(): void;
}

/** What drives the transport from the channel's events. */
export interface ChannelEnd {
  /** The transport. */
  readonly transport: FilmTransport;
  /** A message came. */
  message(data: string | ArrayBuffer): void;
  /** No more than {@linkcode LOW_WATER_BYTES} wait in the channel. */
  low(): void;
  /** The channel is closed. */
  closed(): void;
}

/** A transport over a channel; `end` closes the connection under it. */
export function channelTransport(
  port: ChannelPort,
  end: () => void,
): ChannelEnd {
  const inbox = new FrameInbox();
  const waiting = new Set<() => void>();
  const low = (): void => {
    for (const resolve of waiting) resolve();
    waiting.clear();
  };
  return {
    transport: {
      kind: "rtc",
      get bufferedAmount() {
        return port.isOpen() ? port.buffered() : 0;
      },
      send(frame) {
        if (!port.isOpen()) return;
        try {
          port.send(frame);
        } catch {
          port.close(); // it closed between the two lines above
        }
      },
      drained() {
        if (!port.isOpen() || port.buffered() <= LOW_WATER_BYTES) {
          return Promise.resolve();
        }
        return new Promise((resolve) => waiting.add(resolve));
      },
      listen: (events) => inbox.listen(events),
      close() {
        if (port.isOpen()) port.close();
        else end();
      },
    },
    message: (data) =>
      inbox.push(typeof data === "string" ? data : new Uint8Array(data)),
    low,
    closed() {
      low();
      inbox.close();
      end();
    },
  };
}
