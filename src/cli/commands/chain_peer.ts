/**
 * The table of `chain-peer`.
 *
 * @module
 */

import { WIRE_FLAGS } from "../chain_flags.ts";
import { defineCommand } from "../command.ts";
import type { OptionsOf } from "../command.ts";
import { EXIT_WITH_STDIN, HOST_FLAG } from "../common_flags.ts";

/** `streamtool chain-peer`; its second argument is the one the documents of the chain give it. */
export const chainPeer = defineCommand({
  name: "chain-peer",
  summary:
    "Receives the video of a chain, keeps its frames and sends it on to the next peer",
  description:
    "A name of one letter is enough: A listens on UDP port 10001, B on 10002 and so on; the control " +
    "port is the UDP port and 10000. While it runs it reads words from standard input: status, help, quit.",
  lifetime: "server",
  positionals: [
    {
      name: "name",
      required: true,
      help: "Name in the chain, letters, digits, - and _",
    },
    {
      name: "udp-port",
      kind: "port",
      help: "UDP port [from the name]; 0 takes a free one",
    },
  ],
  examples: [
    {
      comment: "Join the chain of this machine's coordinator as B",
      command: "streamtool chain-peer B",
    },
    {
      comment: "Join another machine's chain and record it",
      command:
        "streamtool chain-peer C --coordinator 192.168.1.20:9000 --record chain.mp4",
    },
    {
      comment: "Keep only the newest hundred frames",
      command: "streamtool chain-peer D 10004 --keep 100",
    },
  ],
  flags: {
    "coordinator": {
      kind: "string",
      default: "127.0.0.1:9000",
      env: "STREAMTOOL_COORDINATOR",
      valueName: "HOST:PORT",
      help: "Where the coordinator is",
    },
    "host": HOST_FLAG,
    "frames-dir": {
      kind: "path",
      valueName: "DIR",
      help: "Folder for frames [peer_NAME_frames]",
    },
    "save": {
      kind: "boolean",
      default: true,
      help: "Do not save frames",
    },
    "keep": {
      kind: "integer",
      min: 1,
      help: "Keep only the newest N saved frames [all]",
    },
    "log-file": {
      kind: "path",
      valueName: "FILE",
      help: "Log of the chain's events [peer_NAME.log]",
    },
    "record": {
      kind: "path",
      valueName: "FILE",
      help: "Record the video as well, such as out.mp4",
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
    "exit-with-stdin": EXIT_WITH_STDIN,
    ...WIRE_FLAGS,
  },
});

/** The options of `chain-peer`. */
export type ChainPeerOptions = OptionsOf<typeof chainPeer>;
