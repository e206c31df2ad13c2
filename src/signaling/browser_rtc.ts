/**
 * The party's connections by a browser's `RTCPeerConnection`.
 *
 * @module
 */

import {
  CHANNEL_LABEL,
  type RtcConnection,
  type RtcEvents,
  type RtcFactory,
  type RtcSignal,
} from "./rtc.ts";
import {
  type FilmTransport,
  type Frame,
  FrameInbox,
  LOW_WATER_BYTES,
} from "./transport.ts";

/** Makes connections with this constructor. */
export function browserRtc(
  PeerConnection: typeof RTCPeerConnection,
): RtcFactory {
  return ({ offer, iceServers }, events) => {
    const peer = new PeerConnection({
      iceServers: iceServers.map((server) => ({
        ...server,
        urls: typeof server.urls === "string" ? server.urls : [...server.urls],
      })),
    });
    return connect(peer, offer, events);
  };
}

function connect(
  peer: RTCPeerConnection,
  offer: boolean,
  events: RtcEvents,
): RtcConnection {
  let over = false;
  /** Candidates may overtake the description that they belong to. */
  let early: RTCIceCandidateInit[] = [];
  let work: Promise<void> = Promise.resolve();

  function end(): void {
    if (over) return;
    over = true;
    peer.close();
    events.closed();
  }

  function use(channel: RTCDataChannel): void {
    channel.binaryType = "arraybuffer";
    const transport = channelTransport(channel, end);
    if (channel.readyState === "open") events.open(transport);
    else channel.onopen = () => events.open(transport);
  }

  async function describe(): Promise<void> {
    await peer.setLocalDescription();
    const { type, sdp } = peer.localDescription ?? {};
    if (type === "offer" || type === "answer") {
      events.signal({ kind: type, sdp: sdp ?? "" });
    }
  }

  async function take(signal: RtcSignal): Promise<void> {
    if (signal.kind === "candidate") {
      const init = { candidate: signal.candidate, sdpMid: signal.mid };
      if (peer.remoteDescription === null) early.push(init);
      else await peer.addIceCandidate(init);
      return;
    }
    await peer.setRemoteDescription({ type: signal.kind, sdp: signal.sdp });
    for (const init of early) await peer.addIceCandidate(init);
    early = [];
    if (signal.kind === "offer") await describe();
  }

  peer.onicecandidate = ({ candidate }) => {
    if (candidate === null || candidate.candidate === "") return;
    events.signal({
      kind: "candidate",
      candidate: candidate.candidate,
      mid: candidate.sdpMid ?? "0",
    });
  };
  peer.onconnectionstatechange = () => {
    if (/failed|closed/.test(peer.connectionState)) end();
  };
  peer.ondatachannel = ({ channel }) => use(channel);
  if (offer) {
    use(peer.createDataChannel(CHANNEL_LABEL, { ordered: true }));
    work = describe().catch(end);
  }
  return {
    accept(signal) {
      // A candidate that this browser cannot use is no reason to give up.
      work = work.then(() => take(signal)).catch(() => {
        if (signal.kind !== "candidate") end();
      });
    },
    close: end,
  };
}

function channelTransport(
  channel: RTCDataChannel,
  end: () => void,
): FilmTransport {
  const inbox = new FrameInbox();
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const resolve of waiting) resolve();
    waiting.clear();
  };
  channel.bufferedAmountLowThreshold = LOW_WATER_BYTES;
  channel.onbufferedamountlow = wake;
  channel.onmessage = ({ data }) =>
    inbox.push(
      typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer),
    );
  channel.onclose = () => {
    wake();
    inbox.close();
    end();
  };
  return {
    kind: "rtc",
    get bufferedAmount() {
      return channel.bufferedAmount;
    },
    send(frame: Frame) {
      if (channel.readyState !== "open") return;
      // TypeScript has one overload for each.
      if (typeof frame === "string") channel.send(frame);
      else channel.send(frame);
    },
    drained() {
      if (
        channel.readyState !== "open" ||
        channel.bufferedAmount <= LOW_WATER_BYTES
      ) return Promise.resolve();
      return new Promise((resolve) => waiting.add(resolve));
    },
    listen: (events) => inbox.listen(events),
    close: () => channel.close(),
  };
}
