/**
 * A server connection as a dialogue: text in, text and actions out.
 *
 * @module
 */

import { describeMjpeg, formatSdp } from "../../src/sdp/mod.ts";
import {
  encodeInterleaved,
  RtspReader,
  ServerConnection,
  SessionRegistry,
} from "../../src/rtsp/mod.ts";
import type {
  RtspMedia,
  RtspMediaCatalog,
  RtspRequest,
  RtspServerOptions,
  ServerAction,
  ServerAnswer,
  SessionRegistryOptions,
} from "../../src/rtsp/mod.ts";
import { SeededRandom } from "../support/random.ts";
import { utf8 } from "./messages.ts";

/** One request out of its text. */
export function readRequest(text: string): RtspRequest {
  const reader = new RtspReader();
  reader.push(utf8(text), 0);
  const message = reader.next();
  if (message?.type !== "request") throw new Error(`No request: ${text}`);
  return message;
}

function media(
  path: string,
  more: Partial<RtspMedia> = {},
): RtspMedia {
  const { duration } = more;
  return {
    path,
    sdp: formatSdp(describeMjpeg({
      name: path.slice(1),
      sessionId: "1",
      address: "127.0.0.1",
      ...(duration === undefined ? {} : { duration }),
    })),
    tracks: ["trackID=0"],
    seekable: duration !== undefined,
    ...more,
  };
}

const MOVIE = media("/movie", { duration: 60 });

/** A file, a live stream, two tracks, a refusal, and something that takes time. */
export class TestCatalog implements RtspMediaCatalog {
  readonly #media = new Map<string, ReturnType<RtspMediaCatalog["lookup"]>>([
    ["/movie", MOVIE],
    ["/movie.Mjpeg", MOVIE],
    ["/live", media("/live")],
    ["/secret", media("/secret", { protocols: ["RTP/SAVP"] })],
    ["/two", media("/two", { duration: 10, tracks: ["trackID=0", "sound"] })],
    ["/large", { status: 415, reason: "Picture Too Large" }],
    ["/slow", "pending"],
  ]);

  /** What is at `path`. */
  lookup(path: string): ReturnType<RtspMediaCatalog["lookup"]> {
    return this.#media.get(path);
  }

  /** Puts something at `path`. */
  set(path: string, found: ReturnType<RtspMediaCatalog["lookup"]>): void {
    this.#media.set(path, found);
  }

  /** The slow source is there. */
  ready(): void {
    this.set("/slow", media("/slow"));
  }
}

/** What differs from a plain server. */
export interface DialogueOptions extends Partial<RtspServerOptions> {
  readonly registry?: Partial<SessionRegistryOptions>;
  readonly secure?: boolean;
  readonly address?: string;
}

/** A server without sockets, whose shell answers at once unless told otherwise. */
export class Dialogue {
  readonly catalog = new TestCatalog();
  readonly options: RtspServerOptions;
  readonly #info: { address: string; secure: boolean };
  readonly #decoder = new TextDecoder();
  connection: ServerConnection;
  now = 1000;
  /** Actions but for `send`, since the last look. */
  actions: ServerAction[] = [];
  /** What the shell answers; `undefined` leaves the action waiting. */
  answerWith: (action: ServerAction) => ServerAnswer | undefined = usualAnswer;

  constructor(options: DialogueOptions = {}) {
    const chance = new SeededRandom(7);
    const random = (length: number) =>
      Uint8Array.from({ length }, () => chance.integer(256));
    const { registry, secure = false, address = "10.0.0.9", ...more } = options;
    this.options = {
      catalog: this.catalog,
      sessions: new SessionRegistry({ random, ...registry }),
      random,
      ...more,
    };
    this.#info = { address, secure };
    this.connection = this.connect();
  }

  /** Another connection to the same server; `connection` stays. */
  connect(): ServerConnection {
    return new ServerConnection(this.options, this.#info, this.now);
  }

  /** Sends text and gives the text that comes back. */
  say(text: string, connection = this.connection): string {
    return this.perform(connection.receive(utf8(text), this.now), connection);
  }

  /** Sends a request of the standard and gives its answer's lines, Server left out. */
  ask(
    method: string,
    uri: string,
    headers: readonly string[] = [],
    body = "",
  ): string[] {
    const length = body === "" ? [] : [`Content-Length: ${body.length}`];
    const lines = [
      `${method} ${uri} RTSP/1.0`,
      `CSeq: ${this.cseq++}`,
      ...headers,
      ...length,
    ];
    return this.say(`${lines.join("\r\n")}\r\n\r\n${body}`).split("\r\n")
      .filter((line) => line !== "" && !line.startsWith("Server:"));
  }

  cseq = 1;

  /** Sends a `$` frame. */
  frame(channel: number, text: string): string {
    const bytes = encodeInterleaved(channel, utf8(text));
    const actions = this.connection.receive(bytes, this.now);
    // What is handed on stays whole until the next bytes come: tests look later.
    return this.perform(
      actions.map((action) =>
        action.type === "rtp" || action.type === "rtcp"
          ? { ...action, bytes: action.bytes.slice() }
          : action
      ),
    );
  }

  /** Lets time pass up to the next timeout, and gives what is said then. */
  wait(): string {
    const at = this.connection.nextTimeoutAt();
    if (at === undefined) throw new Error("Nothing is waited for");
    this.now = at;
    return this.perform(this.connection.handleTimeout(at));
  }

  /** Does what the core asks for, as a shell would. */
  perform(
    actions: readonly ServerAction[],
    connection = this.connection,
  ): string {
    let said = "";
    for (const action of actions) {
      if (action.type === "send") {
        said += this.#decoder.decode(action.bytes);
        continue;
      }
      this.actions.push(action);
      const answer = this.answerWith(action);
      if (answer !== undefined) {
        said += this.perform(connection.answer(answer, this.now), connection);
      }
    }
    return said;
  }

  /** The actions since the last look, `send` left out. */
  done(): ServerAction[] {
    const { actions } = this;
    this.actions = [];
    return actions;
  }

  /** Their types. */
  doneTypes(): string[] {
    return this.done().map(({ type }) => type);
  }
}

/** What a shell answers when all goes well. */
export function usualAnswer(action: ServerAction): ServerAnswer | undefined {
  switch (action.type) {
    case "setupTransport":
      return {
        type: "transportReady",
        ssrc: 0xbeef,
        ...(action.transport.kind === "udp"
          ? { serverPorts: [6000, 6001] as const }
          : {}),
        ...(action.transport.kind === "multicast"
          ? {
            group: {
              address: "239.1.2.3",
              ports: [5000, 5001] as const,
              ttl: 16,
            },
          }
          : {}),
      };
    case "play":
      return {
        type: "playing",
        tracks: [{ track: 0, sequence: 4711, timestamp: 90_000 }],
        from: action.from ?? 0,
        to: action.to ?? 60,
        scale: action.scale,
        speed: action.speed,
      };
    case "announce":
      return { type: "announced" };
    case "record":
      return { type: "recording" };
    default:
      return undefined;
  }
}

/** The session id of an answer. */
export function sessionOf(lines: readonly string[]): string {
  const line = lines.find((each) => each.startsWith("Session: "));
  if (line === undefined) throw new Error(`No session in ${lines.join(", ")}`);
  return line.slice("Session: ".length).split(";")[0]!;
}
