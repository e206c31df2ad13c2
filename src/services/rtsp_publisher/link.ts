/**
 * One session with the server that takes the stream, with real sockets.
 *
 * @module
 */

import { type RecordAction, RecordClient } from "../../rtsp/mod.ts";
import type { SdpDescription } from "../../sdp/mod.ts";
import {
  connectRtsp,
  explainConnection,
  openUdpPair,
  USER_AGENT,
} from "../rtsp_player/mod.ts";
import {
  ConnectionWriter,
  type FrameClock,
  type MediaOutput,
  RtpStream,
  TcpOutput,
  UdpOutput,
  UdpPorts,
} from "../rtsp_server/mod.ts";
import type { RtspPublisherOptions } from "./options.ts";

/** Bytes read at a time: answers and reports. */
const READ_BYTES = 4096;
/** How often it is looked whether the server still takes what is sent. */
const STALL_CHECK_MS = 1000;

/** How a link ended. */
export type PublishOutcome =
  | { readonly type: "ended" }
  | (Extract<RecordAction, { type: "failed" }>);

/** What a link is told. */
export interface PublishLinkOptions extends RtspPublisherOptions {
  readonly description: SdpDescription;
  readonly clock: FrameClock;
  /** The server takes frames from now on: what is sent to `output` reaches it. */
  readonly onRecording: (
    output: MediaOutput,
    transport: "udp" | "tcp",
  ) => void;
}

/** One session, from its first to its last request. */
export class PublishLink {
  readonly #options: PublishLinkOptions;
  readonly #client: RecordClient;
  readonly #outcome = Promise.withResolvers<PublishOutcome>();
  readonly #background: Promise<unknown>[] = [];
  #connection: Deno.TcpConn | Deno.TlsConn | undefined;
  #writer: ConnectionWriter | undefined;
  #ports: UdpPorts | undefined;
  #output: MediaOutput | undefined;
  #transport: "udp" | "tcp" = "tcp";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #over = false;

  /** @throws {RtspProtocolError} when the URL is none. */
  constructor(options: PublishLinkOptions) {
    const { username, password } = options;
    this.#options = options;
    this.#client = new RecordClient(options.url, {
      description: options.description,
      transport: options.transport,
      userAgent: USER_AGENT,
      random: (length) => crypto.getRandomValues(new Uint8Array(length)),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
    });
  }

  /** Runs until all is over, and owns nothing then. */
  async run(): Promise<PublishOutcome> {
    const stall = setInterval(
      () => this.#writer?.checkStall(performance.now()),
      STALL_CHECK_MS,
    );
    this.#perform(this.#client.start());
    const outcome = await this.#outcome.promise;
    clearInterval(stall);
    clearTimeout(this.#timer);
    this.#output?.close();
    this.#drop();
    await Promise.all(this.#background);
    return outcome;
  }

  /** Says goodbye; `run` resolves when the server has answered, or soon. */
  teardown(): void {
    this.#output?.close();
    this.#perform(this.#client.teardown(performance.now()));
  }

  #perform(actions: readonly RecordAction[]): void {
    for (const action of actions) {
      if (this.#over) return;
      this.#do(action);
    }
    this.#arm();
  }

  #do(action: RecordAction): void {
    switch (action.type) {
      case "connect":
        this.#drop();
        this.#background.push(this.#connect(action));
        return;
      case "send":
        this.#writer?.send(action.bytes);
        return;
      case "openPorts":
        this.#openPorts();
        return;
      case "closePorts":
        this.#closePorts();
        return;
      case "transport":
        this.#settle(action);
        return;
      case "recording":
        this.#options.onRecording(this.#output!, this.#transport);
        return;
      case "rtcp":
        this.#output?.receiveReports(action.bytes);
        return;
      case "ended":
      case "failed":
        this.#over = true;
        this.#outcome.resolve(action);
        return;
    }
  }

  async #connect(
    endpoint: Extract<RecordAction, { type: "connect" }>,
  ): Promise<void> {
    const { caCerts } = this.#options;
    let reason: string;
    try {
      const connection = await connectRtsp({ ...endpoint, caCerts });
      const writer = new ConnectionWriter(connection, () => {});
      if (this.#over) {
        writer.close("nobody wants it any more");
        return;
      }
      this.#connection = connection;
      this.#writer = writer;
      this.#perform(this.#client.connected(performance.now()));
      reason = await this.#read(connection);
      if (this.#connection !== connection) return;
    } catch (error) {
      reason = explainConnection(error);
    }
    if (!this.#over) this.#perform(this.#client.disconnected(reason));
  }

  /** Reads until either side closes; says why it ended. */
  async #read(connection: Deno.Conn): Promise<string> {
    const buffer = new Uint8Array(READ_BYTES);
    try {
      for (;;) {
        const count = await connection.read(buffer);
        if (count === null || this.#connection !== connection) break;
        this.#perform(
          this.#client.receive(buffer.slice(0, count), performance.now()),
        );
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) {
        return explainConnection(error);
      }
    }
    return "the server closed the connection";
  }

  #drop(): void {
    this.#closePorts();
    this.#connection = undefined;
    this.#writer?.end("its session is over");
    this.#writer = undefined;
  }

  #openPorts(): void {
    this.#closePorts();
    try {
      const { hostname } = this.#connection!.localAddr as Deno.NetAddr;
      const { rtp, rtcp } = openUdpPair(hostname, undefined);
      const ports = this.#ports = new UdpPorts(rtp, rtcp);
      this.#perform(this.#client.portsOpened(ports.pair, performance.now()));
    } catch (error) {
      this.#perform(this.#client.portsFailed(explainConnection(error)));
    }
  }

  #closePorts(): void {
    const ports = this.#ports;
    if (ports !== undefined) this.#background.push(ports.close());
    this.#ports = undefined;
  }

  #settle({ transport }: Extract<RecordAction, { type: "transport" }>): void {
    const [ssrc, sequence] = crypto.getRandomValues(new Uint32Array(2));
    const stream = new RtpStream({
      ssrc: ssrc!,
      sequence: sequence!,
      cname: `streamtool-${ssrc}`,
    });
    if (transport.kind === "tcp") {
      this.#transport = "tcp";
      this.#output = new TcpOutput(this.#writer!, stream, transport.channels);
      return;
    }
    if (transport.kind !== "udp") return;
    this.#transport = "udp";
    const { hostname } = this.#connection!.remoteAddr as Deno.NetAddr;
    const output = new UdpOutput({
      ports: this.#ports!,
      stream,
      clock: this.#options.clock,
      hostname: transport.source ?? hostname,
      clientPorts: transport.serverPorts!,
    });
    output.onReport = (bytes) => void output.receiveReports(bytes);
    this.#output = output;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const at = this.#over ? undefined : this.#client.nextTimeoutAt();
    if (at === undefined) return;
    this.#timer = setTimeout(
      () => this.#perform(this.#client.handleTimeout(performance.now())),
      Math.max(1, at - performance.now()),
    );
  }
}
