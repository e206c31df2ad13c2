/**
 * RTSP in both dialects: reader, messages, headers, server and player.
 *
 * @module
 */

export type {
  ClientAction,
  ClientDialect,
  ClientFailure,
  ClientOptions,
  ClientState,
  ClientTrack,
  PlayWish,
} from "./client_actions.ts";
export { ClientRequests, RESPONSE_TIMEOUT } from "./client_requests.ts";
export type { ClientRequest, ResponseOutcome } from "./client_requests.ts";
export { ClientSession } from "./client_session.ts";
export {
  encodeInterleaved,
  encodeInterleavedInto,
  encodeRequest,
  encodeResponse,
  INTERLEAVED_HEADER_LENGTH,
  writeInterleavedHeader,
} from "./encode.ts";
export type { RequestParts, ResponseParts } from "./encode.ts";
export { RtspProtocolError } from "./errors.ts";
export type { RtspErrorCode, RtspErrorContext } from "./errors.ts";
export { RtspHeaders } from "./headers.ts";
export { describeMessage } from "./message.ts";
export type {
  InterleavedFrame,
  MessageForm,
  RtspMessage,
  RtspRequest,
  RtspResponse,
} from "./message.ts";
export { RecordClient } from "./record_client.ts";
export type { RecordAction, RecordOptions } from "./record_client.ts";
export { RtspReader } from "./reader.ts";
export type { RtspReaderOptions } from "./reader.ts";
export type {
  Dialect,
  FirstPacket,
  Purpose,
  RequestedTransport,
  RtspMedia,
  RtspMediaCatalog,
  ServerAction,
  ServerAnswer,
  TeardownReason,
} from "./server_actions.ts";
export type {
  RandomSource,
  RtspRights,
  RtspUser,
  RtspUsers,
} from "./server_authentication.ts";
export { ServerConnection } from "./server_connection.ts";
export type { ConnectionInfo, RtspServerOptions } from "./server_connection.ts";
export type { ControlledSession } from "./server_session.ts";
export type { ServerState } from "./server_state.ts";
export { MAX_SESSIONS, SessionRegistry } from "./session_registry.ts";
export type { SessionRegistryOptions } from "./session_registry.ts";
export { statusText } from "./status.ts";
export type { Pair, TransportSpec } from "./transport.ts";
export type { OfferedTransports } from "./transport_choice.ts";
export { TunnelDecoder, TunnelPairing } from "./tunnel.ts";
export {
  descriptionBase,
  formatRtspUrl,
  parseRtspUrl,
  requestPath,
  resolveControl,
} from "./url.ts";
export type { RtspUrl } from "./url.ts";
