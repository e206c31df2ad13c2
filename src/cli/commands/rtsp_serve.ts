/**
 * The table of `rtsp-serve`.
 *
 * @module
 */

import { SOURCE_FLAGS } from "../chain_flags.ts";
import { defineCommand } from "../command.ts";
import type { OptionsOf } from "../command.ts";
import { EXIT_WITH_STDIN, HOST_FLAG } from "../common_flags.ts";

/** `streamtool rtsp-serve`. */
export const rtspServe = defineCommand({
  name: "rtsp-serve",
  summary:
    "Serves videos, cameras and streams to RTSP players, each under its name",
  description:
    "A SOURCE is a video file, a folder of them, rtsp:// or http://, chain:// with the address of a peer's page, camera:0, pattern:640x480@24 or - " +
    "for MJPEG on standard input; without one a moving test picture is served. A file is found under its " +
    "name with its ending and without, and every viewer has its own position. Players speak UDP, TCP or " +
    "RTSP through HTTP; the teaching dialect of the MJPEG course is understood on the same port. While it " +
    "runs it reads words from standard input: list, status, help, quit.",
  lifetime: "server",
  positionals: [
    {
      name: "source",
      kind: "path",
      variadic: true,
      help: "Files, folders, URLs, camera:N, pattern or - [pattern]",
    },
  ],
  examples: [
    {
      comment: "Serve a film, then: ffplay rtsp://127.0.0.1:8554/movie",
      command: "streamtool rtsp-serve movie.mjpeg",
    },
    {
      comment: "Serve a folder and the first camera to the network",
      command: "streamtool rtsp-serve films camera:0 --host 0.0.0.0",
    },
    {
      comment: "Serve over TLS to users with a password",
      command:
        "streamtool rtsp-serve m.mp4 --users users.txt --cert c.pem --key k.pem",
    },
  ],
  flags: {
    "host": HOST_FLAG,
    "port": {
      kind: "port",
      default: 8554,
      env: "STREAMTOOL_RTSP_PORT",
      help: "RTSP port; 0 takes a free one",
    },
    ...SOURCE_FLAGS,
    "fps": {
      kind: "number",
      min: 0.1,
      max: 240,
      help: "Frames a second [the source's own, 24 for an MJPEG file]",
    },
    "quality": {
      kind: "integer",
      min: 1,
      max: 100,
      default: 80,
      help: "JPEG quality where pictures are encoded",
    },
    "loop": {
      kind: "boolean",
      help: "Start files over at their end",
    },
    "users": {
      kind: "path",
      valueName: "FILE",
      help:
        "Who may do what: lines name:password or name:password:/watch,+/publish; the page is for this machine then",
    },
    "publishers": {
      kind: "choice",
      choices: ["local", "all", "none"],
      default: "local",
      help:
        "Who may push streams in: this machine, everybody, nobody; with --users, who the file lets",
    },
    "takeover": {
      kind: "boolean",
      help: "A newcomer ends the publisher that is there",
    },
    "publish": {
      kind: "string",
      valueName: "URL",
      env: "STREAMTOOL_PUBLISH",
      help: "Push the stream to an RTSP server elsewhere too",
    },
    "cert": {
      kind: "path",
      valueName: "FILE",
      help:
        "Certificate (PEM): the port speaks rtsps then, and packets over UDP are SRTP",
    },
    "key": {
      kind: "path",
      valueName: "FILE",
      help: "Private key (PEM) of the certificate",
    },
    "tcp-only": {
      kind: "boolean",
      help: "Refuse UDP: players ask for TCP then",
    },
    "multicast": {
      kind: "string",
      valueName: "GROUP[:PORT]",
      help:
        "Offer multicast: each stream gets an address and ports from here on",
    },
    "page": {
      kind: "boolean",
      default: true,
      help: "Serve no page",
    },
    "page-port": {
      kind: "port",
      default: 0,
      help: "Port of the page; 0 takes a free one",
    },
    "rtp-port": {
      kind: "port",
      default: 0,
      group: "advanced",
      help: "Even UDP port of all packets, reports use the next; 0 takes two",
    },
    "multicast-ttl": {
      kind: "integer",
      min: 1,
      max: 255,
      default: 1,
      group: "advanced",
      help: "Routers that multicast passes; 1 stays in the network",
    },
    "publisher-grace": {
      kind: "duration",
      default: "30s",
      group: "advanced",
      help: "Viewers wait so long for a publisher that has left",
    },
    "publish-transport": {
      kind: "choice",
      choices: ["auto", "tcp", "udp"],
      default: "auto",
      group: "advanced",
      help: "How --publish sends; auto is TCP, and UDP where that is refused",
    },
    "publish-user": {
      kind: "string",
      valueName: "NAME",
      group: "advanced",
      help: "Name for the server of --publish",
    },
    "publish-password-file": {
      kind: "path",
      valueName: "FILE",
      group: "advanced",
      help: "File with the password for it",
    },
    "publish-ca": {
      kind: "path",
      valueName: "FILE",
      group: "advanced",
      help: "Certificate (PEM) to trust besides the system's, for rtsps",
    },
    "max-packet": {
      kind: "size",
      default: "20480",
      group: "advanced",
      help: "Largest frame in one packet of the teaching dialect",
    },
    "exit-with-stdin": EXIT_WITH_STDIN,
    "session-timeout": {
      kind: "duration",
      default: "60s",
      group: "advanced",
      help: "Sessions without a sign of life end after this",
    },
    "max-sessions": {
      kind: "integer",
      min: 1,
      max: 100_000,
      default: 1000,
      group: "advanced",
      help: "Sessions at once",
    },
    "max-sessions-per-address": {
      kind: "integer",
      min: 1,
      max: 100_000,
      default: 250,
      group: "advanced",
      help: "Sessions at once from one address",
    },
    "max-connections": {
      kind: "integer",
      min: 1,
      max: 100_000,
      default: 2000,
      group: "advanced",
      help: "RTSP connections at once",
    },
    "on-play": {
      kind: "string",
      valueName: "COMMAND",
      group: "advanced",
      help:
        "Run this when somebody begins to watch; STREAMTOOL_PATH, _SESSION, _ADDRESS, _USER say who",
    },
    "on-stop": {
      kind: "string",
      valueName: "COMMAND",
      group: "advanced",
      help: "Run this when somebody stops to watch",
    },
  },
});

/** The options of `rtsp-serve`. */
export type RtspServeOptions = OptionsOf<typeof rtspServe>;
