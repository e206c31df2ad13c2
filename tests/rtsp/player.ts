/**
 * A player without sockets: text in, text and actions out.
 *
 * @module
 */

import { ClientSession, encodeInterleaved } from "../../src/rtsp/mod.ts";
import type { ClientAction, ClientOptions } from "../../src/rtsp/mod.ts";
import { SeededRandom } from "../support/random.ts";
import { utf8 } from "./messages.ts";

const CHANCE = new SeededRandom(11);

/** What is not said in a test. */
export const PLAYER_OPTIONS: ClientOptions = {
  transport: "auto",
  dialect: "auto",
  userAgent: "streamtool",
  random: (length) => Uint8Array.from({ length }, () => CHANCE.integer(256)),
};

/** A player, and what it does. */
export class Player {
  readonly session: ClientSession;
  now = 1000;
  /** Requests sent and not looked at yet. */
  sent: string[] = [];
  /** Actions but for `send`, not looked at yet. */
  actions: ClientAction[] = [];

  constructor(
    options: Partial<ClientOptions> = {},
    url = "rtsp://h:8554/movie",
  ) {
    this.session = new ClientSession(url, { ...PLAYER_OPTIONS, ...options });
  }

  /** Opens the connection. */
  connect(): this {
    this.perform(this.session.start(this.now));
    this.perform(this.session.connected(this.now));
    return this;
  }

  /** Takes actions down; ports are opened at once. */
  perform(actions: readonly ClientAction[]): void {
    const decoder = new TextDecoder();
    for (const action of actions) {
      if (action.type === "send") {
        this.sent.push(decoder.decode(action.bytes));
        continue;
      }
      this.actions.push(action);
      if (action.type === "openPorts") {
        this.perform(this.session.portsOpened([40000, 40001], this.now));
      }
    }
  }

  /** The only request since the last look, as lines, User-Agent left out. */
  request(): string[] {
    if (this.sent.length !== 1) {
      throw new Error(`Not one request: ${JSON.stringify(this.sent)}`);
    }
    return this.sent.pop()!.split("\r\n").filter((line) =>
      line !== "" && !line.startsWith("User-Agent")
    );
  }

  /** Gives the player text from the server. */
  hear(text: string): void {
    this.perform(this.session.receive(utf8(text), this.now));
  }

  /** Answers the only request, and takes it off. */
  answer(
    status: string,
    headers: readonly string[] = [],
    body = "",
  ): string[] {
    const request = this.request();
    const cseq = request.find((line) => line.startsWith("CSeq"))!;
    const length = body === "" ? [] : [`Content-Length: ${body.length}`];
    this.hear(
      `${
        [`RTSP/1.0 ${status}`, cseq, ...headers, ...length].join("\r\n")
      }\r\n\r\n${body}`,
    );
    return request;
  }

  /** A packet in a `$` frame. */
  frame(channel: number, text: string): void {
    this.perform(
      this.session.receive(encodeInterleaved(channel, utf8(text)), this.now),
    );
  }

  /** Lets time pass up to the next timeout. */
  wait(): number {
    const at = this.session.nextTimeoutAt();
    if (at === undefined) throw new Error("Nothing is waited for");
    const waited = at - this.now;
    this.now = at;
    this.perform(this.session.handleTimeout(at));
    return waited;
  }

  /** Actions since the last look. */
  done(): ClientAction[] {
    const { actions } = this;
    this.actions = [];
    return actions;
  }

  /** Their types. */
  doneTypes(): string[] {
    return this.done().map(({ type }) => type);
  }

  /** The failure that ended it. */
  failure(): ClientAction & { type: "failed" } {
    const last = this.done().at(-1);
    if (last?.type !== "failed") {
      throw new Error(`No failure but ${JSON.stringify(last)}`);
    }
    return last;
  }
}

/** A description of one JPEG track of 60 s. */
export const DESCRIPTION = [
  "v=0",
  "s=movie",
  "a=control:*",
  "a=range:npt=0-60.000",
  "m=video 0 RTP/AVP 26",
  "a=control:trackID=0",
  "",
].join("\r\n");

/** Answers OPTIONS and DESCRIBE as a good server does. */
export function describe(player: Player, description = DESCRIPTION): void {
  player.answer("200 OK", [
    "Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER",
  ]);
  player.answer(
    "200 OK",
    ["Content-Base: rtsp://h:8554/movie/"],
    description,
  );
}

/** The same up to a stream that plays over UDP. */
export function playing(options: Partial<ClientOptions> = {}): Player {
  const player = new Player(options).connect();
  describe(player);
  player.answer("200 OK", [
    "Session: abc;timeout=30",
    "Transport: RTP/AVP;unicast;client_port=40000-40001;server_port=6000-6001;ssrc=0000BEEF",
  ]);
  player.answer("200 OK", ["Session: abc", "Range: npt=0.000-60.000"]);
  player.done();
  return player;
}
