/**
 * The table of `share`.
 *
 * @module
 */

import { defineCommand } from "../command.ts";
import type { OptionsOf } from "../command.ts";
import { EXIT_WITH_STDIN } from "../common_flags.ts";

/** `streamtool share` */
export const share = defineCommand({
  name: "share",
  summary: "Hosts a film in a watch party without a browser, or receives one",
  description:
    "With a FILE it makes a room on the server and prints the link that lets people in; whoever has the " +
    "link can watch and control. With --join it takes the film of a link, checks every chunk of it against " +
    "what the host has signed, and writes it. While it hosts it reads words from standard input: play, " +
    "pause, status, admit, refuse, help, quit.",
  lifetime: "server",
  positionals: [
    { name: "file", kind: "path", help: "The film to host" },
  ],
  examples: [
    {
      comment: "Host a film on the server of this machine",
      command: "streamtool share film.mp4",
    },
    {
      comment: "Receive it elsewhere",
      command:
        "streamtool share --join 'http://127.0.0.1:3001/?room=K7Q2ZD#KEY' -o film.mp4",
    },
    {
      comment: "Play while it comes",
      command: "streamtool share --join LINK -o - | ffplay -",
    },
  ],
  flags: {
    "server": {
      kind: "string",
      default: "http://127.0.0.1:3001/",
      env: "STREAMTOOL_SIGNAL_URL",
      valueName: "URL",
      help: "The signal server",
    },
    "room": {
      kind: "string",
      valueName: "CODE",
      help: "Code of the room [a new one]",
    },
    "name": {
      kind: "string",
      default: "streamtool",
      help: "Our name in the room, at most 20 characters",
    },
    "join": {
      kind: "string",
      valueName: "LINK",
      help: "Receive the film of this link",
    },
    "output": {
      kind: "path",
      short: "o",
      valueName: "FILE",
      help: "Where the received film goes; - is standard output",
    },
    "password-file": {
      kind: "path",
      valueName: "FILE",
      help: "First line is the room's password, to set or to join with",
    },
    "knock": {
      kind: "boolean",
      help: "Let people in one by one, with the word admit",
    },
    "host-only": {
      kind: "boolean",
      help: "Only we may play, pause and seek",
    },
    "wait": {
      kind: "boolean",
      help: "Everybody waits for those who buffer",
    },
    "upload-limit": {
      kind: "size",
      group: "advanced",
      valueName: "SIZE",
      help: "Send at most this much a second, such as 2MB",
    },
    "download-limit": {
      kind: "size",
      group: "advanced",
      valueName: "SIZE",
      help: "Receive at most this much a second",
    },
    "exit-with-stdin": EXIT_WITH_STDIN,
    "way": {
      kind: "choice",
      choices: ["rtc", "relay", "http"],
      repeatable: true,
      group: "advanced",
      help: "Ways the film may take [all, in this order]",
    },
  },
});

/** The options of `share`. */
export type ShareOptions = OptionsOf<typeof share>;
