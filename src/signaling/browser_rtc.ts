/**
 * The party's connections by a browser's `RTCPeerConnection`.
 *
 * @module
 */

import { channelTransport } from "./channel_transport.ts";
import {
  CHANNEL_LABEL,
  type RtcConnection,
  type RtcEvents,
  type RtcFactory,
  type RtcSignal,
} from "./rtc.ts";
import { LOW_WATER_BYTES } from "./transport.ts";

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
    const { transport, message, low, closed } = channelTransport({
      isOpen: () => channel.readyState === "open",
      buffered: () => channel.bufferedAmount,
      // TypeScript has one overload for each.
      send: (frame) =>
        typeof frame === "string" ? channel.send(frame) : channel.send(frame),
      close: () => channel.close(),
    }, end);
    channel.binaryType = "arraybuffer";
    channel.bufferedAmountLowThreshold = LOW_WATER_BYTES;
    channel.onbufferedamountlow = low;
    channel.onmessage = ({ data }) => message(data);
    channel.onclose = closed;
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
