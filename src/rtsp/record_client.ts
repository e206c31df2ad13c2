/**
 * Pushes one video track to a server that takes it (RFC 2326 sections 10.3 and
 * 10.11).
 *
 *     OPTIONS → ANNOUNCE → SETUP (TCP, then UDP) → RECORD → TEARDOWN
 *
 * @module
 */

import { attributeValue, formatSdp } from "../sdp/mod.ts";
import type { SdpDescription } from "../sdp/mod.ts";
import { failed } from "./client_actions.ts";
import type { ClientAction, ClientFailure } from "./client_actions.ts";
import { ClientConversation, MAX_REDIRECTS } from "./client_conversation.ts";
import type { ConversationOptions } from "./client_conversation.ts";
import type { ClientRequest } from "./client_requests.ts";
import { RtspProtocolError } from "./errors.ts";
import type { InterleavedFrame, RtspMessage, RtspResponse } from "./message.ts";
import { formatTransport, parseTransport } from "./transport.ts";
import type { Pair } from "./transport.ts";
import { parseRtspUrl, resolveControl } from "./url.ts";

/** Something for the shell to do, in order; as the player's actions of the same names. */
export type RecordAction =
  | Extract<
    ClientAction,
    {
      type:
        | "connect"
        | "send"
        | "openPorts"
        | "closePorts"
        | "transport"
        | "ended"
        | "failed";
    }
  >
  | {
    /** RECORD was answered: packets may flow. */
    readonly type: "recording";
  }
  | {
    /** The server's report came in a `$` frame. */
    readonly type: "rtcp";
    readonly bytes: Uint8Array;
  };

/** What to push, and how. */
export interface RecordOptions extends ConversationOptions {
  /** Of one track. */
  readonly description: SdpDescription;
  /** `auto` begins with TCP and turns to UDP where that is refused. */
  readonly transport: "auto" | "udp" | "tcp";
}

/** One session of a publisher: bytes and time in, actions out. */
export class RecordClient {
  readonly #options: RecordOptions;
  readonly #server: ClientConversation;
  #state: "connecting" | "starting" | "recording" | "ended" = "connecting";
  #lower: "udp" | "tcp";
  #ports: Pair | undefined;
  #channels: Pair | undefined;
  #hasGetParameter = false;

  /**
   * For `url`, an `rtsp:` or `rtsps:` URL.
   *
   * @throws {RtspProtocolError} when it is none.
   */
  constructor(url: string, options: RecordOptions) {
    this.#options = options;
    this.#server = new ClientConversation(parseRtspUrl(url), options);
    this.#lower = options.transport === "udp" ? "udp" : "tcp";
  }

  /** Opens the connection. */
  start(): RecordAction[] {
    this.#state = "connecting";
    return [this.#server.connect()];
  }

  /** The connection is open. */
  connected(now: number): RecordAction[] {
    if (this.#state !== "connecting") return [];
    this.#state = "starting";
    return this.#server.request("OPTIONS", this.#server.url, now);
  }

  /** The connection could not be opened, or was closed. */
  disconnected(reason: string): RecordAction[] {
    if (this.#state === "ended") return [];
    if (this.#server.tearingDown) return this.#end();
    return this.#fail(
      this.#state === "connecting" ? "connect" : "disconnected",
      reason,
    );
  }

  /** Bytes came. */
  receive(bytes: Uint8Array, now: number): RecordAction[] {
    const actions: RecordAction[] = [];
    try {
      this.#server.push(bytes, now);
      while (this.#state === "starting" || this.#state === "recording") {
        const message = this.#server.next();
        if (message === undefined) break;
        actions.push(...this.#take(message, now));
      }
    } catch (error) {
      if (!(error instanceof RtspProtocolError)) throw error;
      actions.push(...this.#fail("protocol", error.message));
    }
    return actions;
  }

  /** UDP ports are open. */
  portsOpened(ports: Pair, now: number): RecordAction[] {
    this.#ports = ports;
    return this.#setup(now);
  }

  /** UDP ports cannot be had. */
  portsFailed(reason: string): RecordAction[] {
    return this.#fail("no-transport", reason);
  }

  /** Ends the session, then everything. */
  teardown(now: number): RecordAction[] {
    if (this.#state === "ended" || this.#server.tearingDown) return [];
    if (!this.#server.hasSession) return this.#end();
    return this.#server.teardown(this.#server.url, now);
  }

  /** When {@linkcode handleTimeout} has something to do. */
  nextTimeoutAt(): number | undefined {
    if (this.#state === "ended" || this.#state === "connecting") {
      return undefined;
    }
    const { teardownDeadline, deadline, keepAliveAt } = this.#server;
    return teardownDeadline ?? deadline ?? keepAliveAt;
  }

  /** Keeps the session alive, or gives up. */
  handleTimeout(now: number): RecordAction[] {
    const due = this.nextTimeoutAt();
    if (due === undefined || due > now) return [];
    if (this.#server.tearingDown) return this.#end();
    if (this.#server.waiting) {
      return this.#fail("no-answer", "the server does not answer");
    }
    const method = this.#hasGetParameter ? "GET_PARAMETER" : "OPTIONS";
    return this.#server.request(method, this.#server.url, now);
  }

  #take(message: RtspMessage | InterleavedFrame, now: number): RecordAction[] {
    if (message.type === "interleaved") {
      return message.channel === this.#channels?.[1]
        ? [{ type: "rtcp", bytes: message.payload }]
        : [];
    }
    if (message.type === "request") return [this.#server.answer(message, 501)];
    const answered = this.#server.receive(message, now);
    switch (answered.kind) {
      case "done":
        return answered.actions;
      case "unauthorized":
        if (this.#server.tearingDown) return this.#end();
        return this.#fail("unauthorized", answered.reason, 401);
      case "answered":
        return this.#answer(answered.request, message, now);
    }
  }

  #answer(
    { method }: ClientRequest,
    response: RtspResponse,
    now: number,
  ): RecordAction[] {
    const { status, reason, headers } = response;
    if (method === "TEARDOWN") return this.#end();
    if (status >= 300 && status < 400) {
      return this.#redirect(headers.get("location"));
    }
    if (method === "OPTIONS" && !this.#server.hasSession) {
      const known = headers.get("public") ?? "";
      this.#hasGetParameter = known.includes("GET_PARAMETER");
      return this.#announce(now);
    }
    if (
      method === "SETUP" && status === 461 && this.#lower === "tcp" &&
      this.#options.transport === "auto"
    ) {
      this.#lower = "udp";
      return [{ type: "openPorts" }];
    }
    const isKeepAlive = method === "OPTIONS" || method === "GET_PARAMETER";
    if (status !== 200 && (!isKeepAlive || status === 454)) {
      return this.#fail(
        method === "SETUP" && status === 461 ? "no-transport" : "status",
        `the server answers ${method} with ${status} ${reason}`,
        status,
      );
    }
    switch (method) {
      case "ANNOUNCE":
        return this.#lower === "udp"
          ? [{ type: "openPorts" }]
          : this.#setup(now);
      case "SETUP":
        return this.#setUp(response, now);
      case "RECORD":
        this.#state = "recording";
        return [{ type: "recording" }];
      default:
        return [];
    }
  }

  #announce(now: number): RecordAction[] {
    return this.#server.request(
      "ANNOUNCE",
      this.#server.url,
      now,
      [["Content-Type", "application/sdp"]],
      new TextEncoder().encode(formatSdp(this.#options.description)),
    );
  }

  #setup(now: number): RecordAction[] {
    const [media] = this.#options.description.media;
    const control = attributeValue(media?.attributes ?? [], "control") ?? "*";
    const transport = formatTransport({
      protocol: "RTP/AVP",
      lower: this.#lower,
      delivery: "unicast",
      ...(this.#lower === "udp"
        ? { clientPorts: this.#ports! }
        : { interleaved: [0, 1] as const }),
      mode: "record",
    });
    return this.#server.request(
      "SETUP",
      resolveControl(this.#server.url, control),
      now,
      [["Transport", transport]],
    );
  }

  #setUp(response: RtspResponse, now: number): RecordAction[] {
    this.#server.adoptSession(response);
    const { headers } = response;
    const [spec] = parseTransport(headers.get("transport") ?? "");
    const { lower, interleaved, serverPorts, source, ssrc } = spec!;
    if (lower !== this.#lower || (lower === "udp" && !serverPorts)) {
      return this.#fail("no-transport", "the server's transport is not ours");
    }
    if (lower === "tcp") this.#channels = interleaved ?? [0, 1];
    return [
      {
        type: "transport",
        transport: lower === "tcp"
          ? { kind: "tcp", channels: this.#channels! }
          : { kind: "udp", serverPorts, source },
        ssrc,
      },
      ...this.#server.request("RECORD", this.#server.url, now, [
        ["Range", "npt=now-"],
      ]),
    ];
  }

  #redirect(location: string | undefined): RecordAction[] {
    if (!this.#server.redirect(location)) {
      return this.#fail("redirects", `more than ${MAX_REDIRECTS} redirects`);
    }
    return [{ type: "closePorts" }, ...this.start()];
  }

  #end(): RecordAction[] {
    this.#state = "ended";
    return [{ type: "ended" }];
  }

  #fail(
    failure: ClientFailure,
    reason: string,
    status?: number,
  ): RecordAction[] {
    this.#state = "ended";
    const doing = `publish to ${this.#server.url}`;
    return [failed(doing, failure, reason, status)];
  }
}
