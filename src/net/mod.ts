/**
 * Sockets and their timing: UDP, TCP, HTTP, pacing. Knows no protocol.
 *
 * @module
 */

export { nowMicros, sleepUntil, whenAborted } from "./clock.ts";
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
export { originAllowed } from "./http_guard.ts";
export { errorResponse, finishResponse, jsonResponse } from "./http_reply.ts";
export { route, type RouteHandler, type RouteInfo } from "./http_route.ts";
export {
  type Http1Server,
  type Http1ServerOptions,
  startHttp1Server,
  type UpgradeInfo,
} from "./http1_server.ts";
export { ListenError, listenOrExplain } from "./listen_error.ts";
export {
  isMulticastAddress,
  type MulticastOptions,
  openMulticastReceiver,
  openMulticastSender,
} from "./multicast.ts";
export { LOOPBACK_TICK_US, Pacer, type PacerOptions } from "./pacer.ts";
export {
  formatMetrics,
  type Metric,
  type MetricSample,
  metricsResponse,
} from "./metrics.ts";
export { type PictureProxyOptions, proxyPicture } from "./picture_proxy.ts";
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
export { DirectSender } from "./tcp_direct.ts";
export { serveTls, type TlsServerOptions } from "./tls.ts";
export {
  DatagramBatch,
  MAX_DATAGRAM_BYTES,
  NO_FAST_PATH_VARIABLE,
  openUdpSocket,
  type UdpAddress,
  type UdpOptions,
  type UdpPath,
  udpPathText,
  type UdpSocket,
} from "./udp.ts";
export { type WebSocketEvents, type WebSocketPeer } from "./websocket.ts";
export {
  connectWebSocket,
  type WebSocketConnectOptions,
  WebSocketRefusedError,
} from "./websocket_connect.ts";
