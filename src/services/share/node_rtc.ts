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
  type FilmTransport,
  FrameInbox,
  LOW_WATER_BYTES,
  type RtcEvents,
  type RtcFactory,
  type RtcServer,
  type RtcSignal,
} from "../../signaling/mod.ts";

type Library = typeof import("node-datachannel");

/** libdatachannel's own limit is larger; ours is what a block needs. */
const MAX_MESSAGE_BYTES = 256 * 1024;

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
      for (const peer of [...open]) peer.close();
      open.clear();
      library.cleanup();
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
    const transport = channelTransport(channel, end);
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

function channelTransport(
  channel: DataChannel,
  end: () => void,
): FilmTransport {
  const inbox = new FrameInbox();
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const resolve of waiting) resolve();
    waiting.clear();
  };
  channel.setBufferedAmountLowThreshold(LOW_WATER_BYTES);
  channel.onBufferedAmountLow(wake);
  channel.onMessage((message) =>
    inbox.push(
      typeof message === "string"
        ? message
        : new Uint8Array(message as ArrayBuffer),
    )
  );
  channel.onClosed(() => {
    wake();
    inbox.close();
    end();
  });
  channel.onError(() => channel.close());
  return {
    kind: "rtc",
    get bufferedAmount() {
      return channel.isOpen() ? channel.bufferedAmount() : 0;
    },
    send(frame) {
      if (!channel.isOpen()) return;
      try {
        if (typeof frame === "string") channel.sendMessage(frame);
        else {
          channel.sendMessageBinary(
            Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength),
          );
        }
      } catch {
        channel.close(); // it closed between the two lines above
      }
    },
    drained() {
      if (!channel.isOpen() || channel.bufferedAmount() <= LOW_WATER_BYTES) {
        return Promise.resolve();
      }
      return new Promise((resolve) => waiting.add(resolve));
    },
    listen: (events) => inbox.listen(events),
    close: () => {
      if (channel.isOpen()) channel.close();
      else end();
    },
  };
}
