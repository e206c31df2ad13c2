/**
 * Sockets and their timing: UDP, TCP, HTTP, pacing. Knows no protocol.
 *
 * @module
 */

export { nowMicros, sleepUntil } from "./clock.ts";
export {
  type HttpHandler,
  type HttpRequestInfo,
  type HttpServer,
  type HttpServerOptions,
  startHttpServer,
} from "./http.ts";
export { eventStream, type Subscribe } from "./http_events.ts";
export {
  type FrameHandle,
  type LiveFrame,
  LiveFrames,
  LONG_POLL_MS,
  mjpegResponse,
} from "./http_frames.ts";
export { errorResponse, jsonResponse } from "./http_reply.ts";
export { route, type RouteHandler, type RouteInfo } from "./http_route.ts";
export {
  type Http1Server,
  type Http1ServerOptions,
  startHttp1Server,
  type UpgradeInfo,
} from "./http1_server.ts";
export { ListenError, listenOrExplain } from "./listen_error.ts";
export { Pacer, type PacerOptions } from "./pacer.ts";
export { openPortPair, type PortPairOptions } from "./port_pair.ts";
export {
  formatHostPort,
  isLoopback,
  isNumericAddress,
  resolveHost,
} from "./resolve.ts";
export {
  closeQuietly,
  connectTcp,
  isDisconnect,
  serveTcp,
  type TcpServer,
  type TcpServerOptions,
  writeAll,
} from "./tcp.ts";
export { serveTls, type TlsServerOptions } from "./tls.ts";
export {
  DatagramBatch,
  MAX_DATAGRAM_BYTES,
  openUdpSocket,
  type UdpAddress,
  type UdpOptions,
  type UdpSocket,
} from "./udp.ts";
export {
  connectWebSocket,
  type WebSocketConnectOptions,
  type WebSocketEvents,
  type WebSocketPeer,
  WebSocketRefusedError,
} from "./websocket.ts";
