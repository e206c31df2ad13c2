/**
 * Header values as text and as data.
 *
 * @module
 */

import type { TransportSpec } from "../../src/rtsp/mod.ts";
import type { RtpInfoEntry } from "../../src/rtsp/session_header.ts";

const UDP = {
  protocol: "RTP/AVP",
  lower: "udp",
  delivery: "unicast",
} as const;
const TCP = { ...UDP, lower: "tcp" } as const;

/** As we write them. */
export const TRANSPORTS: readonly [string, TransportSpec][] = [
  ["RTP/AVP;unicast;client_port=5000-5001", {
    ...UDP,
    clientPorts: [5000, 5001],
  }],
  [
    "RTP/AVP;unicast;source=10.0.0.1;client_port=5000-5001;server_port=6000-6001;ssrc=0000BEEF",
    {
      ...UDP,
      source: "10.0.0.1",
      clientPorts: [5000, 5001],
      serverPorts: [6000, 6001],
      ssrc: 0xbeef,
    },
  ],
  ["RTP/AVP/TCP;unicast;interleaved=0-1", { ...TCP, interleaved: [0, 1] }],
  ["RTP/SAVP/TCP;unicast;interleaved=2-3;ssrc=FFFFFFFF", {
    ...TCP,
    protocol: "RTP/SAVP",
    interleaved: [2, 3],
    ssrc: 0xffffffff,
  }],
  ["RTP/AVP;multicast;destination=239.1.2.3;port=5000-5001;ttl=16", {
    ...UDP,
    delivery: "multicast",
    destination: "239.1.2.3",
    ports: [5000, 5001],
    ttl: 16,
  }],
  ["RTP/AVP/TCP;unicast;interleaved=0-1;mode=record", {
    ...TCP,
    interleaved: [0, 1],
    mode: "record",
  }],
];

/** As others write them. */
export const OTHER_TRANSPORTS: readonly [string, TransportSpec[]][] = [
  ["RTP/AVP/UDP;unicast;client_port=14580-14581", [{
    ...UDP,
    clientPorts: [14580, 14581],
  }]],
  ["RTP/UDP; client_port= 25000", [{
    ...UDP,
    protocol: "RTP/UDP",
    clientPorts: [25000, 25001],
  }]],
  ["rtp/avp;UNICAST;Client_Port=5000", [{ ...UDP, clientPorts: [5000, 5001] }]],
  ["RTP/AVP/TCP", [TCP]],
  ["RTP/AVP/TCP;interleaved=0", [{ ...TCP, interleaved: [0, 1] }]],
  ['RTP/AVP;unicast;client_port=5000-5001;mode="PLAY"', [{
    ...UDP,
    clientPorts: [5000, 5001],
    mode: "play",
  }]],
  ['RTP/AVP/TCP;unicast;interleaved=0-1;mode="RECORD"', [{
    ...TCP,
    interleaved: [0, 1],
    mode: "record",
  }]],
  ["RTP/AVP;unicast;mode=receive;client_port=1-2", [{
    ...UDP,
    mode: "record",
    clientPorts: [1, 2],
  }]],
  [
    'RTP/AVP;multicast;ttl=127;mode="PLAY", RTP/AVP;unicast;client_port=3456-3457;mode="PLAY,RECORD"',
    [
      { ...UDP, delivery: "multicast", ttl: 127, mode: "play" },
      { ...UDP, clientPorts: [3456, 3457], mode: "record" },
    ],
  ],
  [
    "x-real-rdt/udp;client_port=1,RTP/AVP;unicast;client_port=5000-5001",
    [
      { ...UDP, protocol: "X-REAL-RDT/UDP", clientPorts: [1, 2] },
      { ...UDP, clientPorts: [5000, 5001] },
    ],
  ],
  [
    "RTP/AVP;unicast;client_port=99999,RTP/AVP/TCP;unicast;interleaved=0-1",
    [{ ...TCP, interleaved: [0, 1] }],
  ],
  ["RTP/AVP;unicast;client_port=5000-5001;ssrc=nonsense;layers=3;append", [{
    ...UDP,
    clientPorts: [5000, 5001],
  }]],
  ["RTP/AVP;unicast;client_port=5000-", [{
    ...UDP,
    clientPorts: [5000, 5001],
  }]],
];

/** None of them can be used. */
export const BAD_TRANSPORTS: readonly string[] = [
  "",
  ";",
  ",,,",
  "RTP",
  "RTP/AVP/SCTP;unicast",
  "RTP/AVP;unicast;client_port=0-1",
  "RTP/AVP;unicast;client_port=65535",
  "RTP/AVP;unicast;client_port=a-b",
  "RTP/AVP;unicast;client_port=1-2-3",
  "RTP/AVP;unicast;client_port",
  "RTP/AVP/TCP;interleaved=255",
  "RTP/AVP/TCP;interleaved=0-256",
  "RTP/AVP/TCP;interleaved=-1-0",
  "RTP/AVP;multicast;ttl=256",
];

/** Session headers. */
export const SESSIONS: readonly [string, { id: string; timeout?: number }][] = [
  ["12345678", { id: "12345678" }],
  ["12345678;timeout=60", { id: "12345678", timeout: 60 }],
  ["  a-B_c.$+ ; timeout = 5 ", { id: "a-B_c.$+", timeout: 5 }],
  ["x;timeout=0", { id: "x" }],
  ["x;timeout=forever", { id: "x" }],
  ["x;other=1;Timeout=90", { id: "x", timeout: 90 }],
];

/** RTP-Info headers, and how they are written where that differs. */
export const RTP_INFOS: readonly [string, RtpInfoEntry[], string?][] = [
  ["url=rtsp://h/m/trackID=0;seq=45102;rtptime=4294967295", [{
    url: "rtsp://h/m/trackID=0",
    sequence: 45102,
    timestamp: 4294967295,
  }]],
  [
    "url=rtsp://h/a;seq=1,url=rtsp://h/b;rtptime=2",
    [
      { url: "rtsp://h/a", sequence: 1 },
      { url: "rtsp://h/b", timestamp: 2 },
    ],
  ],
  ["url=rtsp://h/m?a,b=c;seq=1", [{ url: "rtsp://h/m?a,b=c", sequence: 1 }]],
  ["url=trackID=1", [{ url: "trackID=1" }]],
  [
    "URL = rtsp://h/a ; SEQ=1",
    [{ url: "rtsp://h/a", sequence: 1 }],
    "url=rtsp://h/a;seq=1",
  ],
  [
    "url=rtsp://h/a;seq=65536;rtptime=-1",
    [{ url: "rtsp://h/a" }],
    "url=rtsp://h/a",
  ],
  ["seq=1", [], ""],
  ["", []],
];
