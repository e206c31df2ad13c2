/**
 * The chain: both wires, fragmenting and reassembling, the relay's rules, the
 * chain's order and its control messages. Pure: no sockets, no clock.
 *
 * @module
 */

export {
  type BinaryDatagram,
  type BinaryEnd,
  type BinaryFragment,
  type BinaryParity,
  decodeBinaryDatagram,
  encodeBinaryEnd,
  type Sealing,
  setHopTime,
} from "./binary_datagram.ts";
export {
  BINARY_FLAG,
  BINARY_HEADER_BYTES,
  BINARY_TYPE,
  BINARY_WIRE_NAME,
  BinaryHeader,
  isBinaryDatagram,
  MAX_FRAGMENTS,
  readBinaryHeader,
} from "./binary_header.ts";
export {
  type MacKey,
  MAX_SECRET_BYTES,
  MIN_SECRET_BYTES,
  readChainKey,
} from "./chain_key.ts";
export {
  ControlHandshake,
  type ControlRole,
  ControlSeal,
  forged,
  NONCE_BYTES,
  nonceField,
} from "./control_seal.ts";
export { DatagramSeal, SEAL_BYTES } from "./datagram_seal.ts";
export { ReplayWindow } from "./replay_window.ts";
export { type ChainErrorCode, ChainProtocolError } from "./chain_error.ts";
export {
  CONTROL_PORT_OFFSET,
  type ControlRequest,
  defaultControlPort,
  encodeControlRequest,
  encodeErrorAnswer,
  encodeListAnswer,
  encodeLookupAnswer,
  encodeRegisterAnswer,
  parseControlRequest,
  parseListAnswer,
  parseRegisterAnswer,
  type PeerEntry,
  type RegisterAnswer,
  type RegisterRequest,
} from "./control_message.ts";
export { ControlReader, MAX_CONTROL_MESSAGE_BYTES } from "./control_reader.ts";
export {
  DROP_REASONS,
  type DropCounts,
  type DropReason,
} from "./drop_reason.ts";
export {
  decodeFeedback,
  encodeNack,
  encodeProbe,
  type Feedback,
  isFeedback,
  MAX_NACK_ENTRIES,
  type WantedFragment,
  WHOLE_FRAME,
} from "./feedback_datagram.ts";
export {
  BinaryFragmenter,
  DEFAULT_FRAGMENT_BYTES,
  storedDatagramBytes,
  writeStoredFragment,
} from "./fragmenter.ts";
export { FramePool, MAX_POOLED_BYTES, type PooledFrame } from "./frame_pool.ts";
export { LatencyWindow } from "./latency_window.ts";
export {
  checkPeerName,
  MAX_PEER_NAME_LENGTH,
  PEER_NAME_RULE,
} from "./peer_name.ts";
export {
  CONTROL_OK,
  encodeUpdateNext,
  type NextHop,
  parseUpdateNext,
} from "./next_hop.ts";
export {
  MAX_PARITY_GROUPS,
  PARITY_PREFIX_BYTES,
  parityDatagramBytes,
  type ParityFrame,
  parityGroups,
  writeParity,
} from "./parity.ts";
export { RateMeter } from "./rate_meter.ts";
export { Relay, type RelayOptions } from "./relay.ts";
export { type RelaySnapshot } from "./relay_figures.ts";
export {
  type RepairFigures,
  RepairRequester,
  type RepairWindow,
} from "./repair_requester.ts";
export {
  type AnswerFigures,
  type FragmentStore,
  RepairResponder,
  type StoredFrame,
} from "./repair_responder.ts";
export {
  type RelayFrame,
  type RelayOutcome,
  type StreamEnd,
} from "./relay_outcome.ts";
export {
  DEFAULT_BYTES_IN_FLIGHT,
  DEFAULT_FRAMES_IN_FLIGHT,
  DEFAULT_MAX_FRAME_BYTES,
  type FrameWindowOptions,
  MAX_FRAME_JUMP,
} from "./frame_window.ts";
export { extractJpeg, pickleJpeg } from "./pickle.ts";
export {
  decodeStrandcastDatagram,
  DEFAULT_MAX_DATAGRAM,
  encodeStrandcastChunk,
  encodeStrandcastEnd,
  encodeStrandcastFrame,
  encodeStrandcastText,
  isStrandcastDatagram,
  type StrandcastChunk,
  type StrandcastDatagram,
  type StrandcastEnd,
  type StrandcastFrameOptions,
  type StrandcastText,
} from "./strandcast_datagram.ts";
export {
  type DataEncoding,
  type PackOptions,
  unpackStrandcastFrame,
} from "./strandcast_payload.ts";
export { CongestionControl, type CongestionState } from "./congestion.ts";
export { RoundTripProbe } from "./round_trip_probe.ts";
export { STREAM_SILENCE_US } from "./stream_gate.ts";
export type * from "./report.ts";
export {
  encodeSessionMessage,
  parseSessionMessage,
  type SessionMessage,
} from "./session_message.ts";
export { type JsonObject, parseJsonObject } from "./strict_json.ts";
export {
  type Link,
  type LinkUpdate,
  MAX_PEERS,
  type Registration,
  Topology,
  type TopologyPeer,
} from "./topology.ts";
