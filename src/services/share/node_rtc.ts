/**
 * WebRTC outside of a browser, by libdatachannel (`npm:node-datachannel`),
 * which is loaded when it is needed and wants `--allow-ffi`.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { DataChannel, PeerConnection } from "node-datachannel";
import {
  CHANNEL_LABEL,
  channelTransport,
  LOW_WATER_BYTES,
  type RtcEvents,
  type RtcFactory,
  type RtcServer,
  type RtcSignal,
} from "../../signaling/mod.ts";

type Library = typeof import("node-datachannel");

/** libdatachannel's own limit is larger; ours is what a block needs. */
const MAX_MESSAGE_BYTES = 256 * 1024;

/** Members of this process that use the library. */
let users = 0;

/** WebRTC as the party uses it, and how to end the library. */
export interface NodeRtc {
  /** Makes connections. */
  readonly factory: RtcFactory;
  /** Ends all connections and the library's threads. */
  close(): void;
}

/**
 * Loads the library.
 *
 * @throws {Error} that says what is missing, when it cannot be loaded.
 */
export async function loadNodeRtc(): Promise<NodeRtc> {
  let library: Library;
  try {
    const module = await import("node-datachannel");
    library = module.default as unknown as Library;
  } catch (error) {
    throw new Error(
      "Cannot load WebRTC (node-datachannel): it needs --allow-ffi and a " +
        `library for this system (${
          error instanceof Error ? error.message : error
        })`,
      { cause: error },
    );
  }
  users++;
  let closed = false;
  const open = new Set<PeerConnection>();
  let count = 0;
  return {
    factory: ({ offer, iceServers }, events) => {
      const peer = new library.PeerConnection(`peer${++count}`, {
        iceServers: iceServers.flatMap(iceUrls),
        maxMessageSize: MAX_MESSAGE_BYTES,
      });
      open.add(peer);
      return connect(peer, offer, events, () => open.delete(peer));
    },
    close() {
      if (closed) return;
      closed = true;
      for (const peer of [...open]) peer.close();
      open.clear();
      // It waits for all connections of the process, also those of others.
      if (--users > 0) return;
      try {
        library.cleanup();
      } catch {
        // A connection did not end in 10 s; it ends with the process.
      }
    },
  };
}

/** The library takes names and passwords in the URL. */
function iceUrls({ urls, username, credential }: RtcServer): string[] {
  const all = typeof urls === "string" ? [urls] : urls;
  const login = username === undefined
    ? ""
    : `${encodeURIComponent(username)}:${
      encodeURIComponent(credential ?? "")
    }@`;
  return all.map((url) => url.replace(/^(turns?:)/, `$1${login}`));
}

function connect(
  peer: PeerConnection,
  offer: boolean,
  events: RtcEvents,
  forget: () => void,
): ReturnType<RtcFactory> {
  let over = false;
  function end(): void {
    if (over) return;
    over = true;
    forget();
    peer.close();
    events.closed();
  }
  function use(channel: DataChannel): void {
    const { transport, message, low, closed } = channelTransport({
      isOpen: () => channel.isOpen(),
      buffered: () => channel.bufferedAmount(),
      send(frame) {
        if (typeof frame === "string") channel.sendMessage(frame);
        else {
          const { buffer, byteOffset, byteLength } = frame;
          channel.sendMessageBinary(
            Buffer.from(buffer, byteOffset, byteLength),
          );
        }
      },
      close: () => channel.close(),
    }, end);
    channel.setBufferedAmountLowThreshold(LOW_WATER_BYTES);
    channel.onBufferedAmountLow(low);
    channel.onMessage((data) =>
      message(typeof data === "string" ? data : data as ArrayBuffer)
    );
    channel.onClosed(closed);
    channel.onError(() => channel.close());
    if (channel.isOpen()) events.open(transport);
    else channel.onOpen(() => events.open(transport));
  }
  peer.onLocalDescription((sdp, type) => {
    const kind = String(type).toLowerCase();
    if (over || (kind !== "offer" && kind !== "answer")) return;
    // Who offers, controls ICE and knows last that there is a path. Were the
    // other one to begin DTLS, its first message would come too early, be
    // dropped, and come again only after a second.
    const setup = sdp.replace("a=setup:actpass", "a=setup:active");
    events.signal({ kind, sdp: setup });
  });
  peer.onLocalCandidate((candidate, mid) => {
    if (over) return;
    events.signal({
      kind: "candidate",
      candidate: candidate.replace(/^a=/, ""),
      mid,
    });
  });
  peer.onStateChange((state) => {
    if (/failed|closed/.test(state)) end();
  });
  peer.onDataChannel(use);
  if (offer) use(peer.createDataChannel(CHANNEL_LABEL));
  return {
    accept(signal: RtcSignal) {
      if (over) return;
      try {
        if (signal.kind === "candidate") {
          peer.addRemoteCandidate(signal.candidate, signal.mid);
        } else {
          peer.setRemoteDescription(
            signal.sdp,
            signal.kind === "offer" ? "offer" : "answer",
          );
        }
      } catch {
        // A candidate that this library cannot use is no reason to give up.
        if (signal.kind !== "candidate") end();
      }
    },
    close: end,
  };
}
