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
    "link can watch and control. A live SOURCE (rtsp://, chain://, camera:0, pattern) becomes a live room: " +
    "each --segment of it is a film that takes the place of the one before. With --join it takes the film of a link, checks every chunk of it against " +
    "what the host has signed, and writes it. While it hosts it reads words from standard input: play, " +
    "pause, status, admit, refuse, help, quit.",
  lifetime: "server",
  positionals: [
    {
      name: "file",
      kind: "path",
      help: "The film to host, or a live SOURCE",
    },
  ],
  examples: [
    {
      comment: "Host a film on the server of this machine",
      command: "streamtool share film.mp4",
    },
    {
      comment: "A camera as a live room, some seven seconds behind",
      command: "streamtool share rtsp://127.0.0.1:8554/door",
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
    "quality": {
      kind: "choice",
      choices: ["original", "720p", "480p", "360p", "auto"],
      default: "original",
      help:
        "Quality of the film, made by ffmpeg; auto is what the viewers can take",
    },
    "subtitles": {
      kind: "string",
      valueName: "FILE",
      help:
        "Subtitles for everybody: .srt, .vtt, or embedded for those in the film",
    },
    "have": {
      kind: "path",
      valueName: "FILE",
      help: "With --join: we have this film already, and give it to the others",
    },
    "stay": {
      kind: "boolean",
      help: "With --join: go on giving the film to the others until stopped",
    },
    "alone": {
      kind: "boolean",
      group: "advanced",
      help:
        "With --join: take from the host alone and give nothing to the others",
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
    "segment": {
      kind: "duration",
      default: "6s",
      valueName: "TIME",
      group: "advanced",
      help: "Length of a live room's films, 2s to 60s: so far it is behind",
    },
    "duration": {
      kind: "duration",
      help: "End a live room after this",
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
