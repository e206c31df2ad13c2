/**
 * The one track that a player sets up, and the way its packets come.
 *
 * @module
 */

import type {
  ClientAction,
  ClientOptions,
  ClientTrack,
} from "./client_actions.ts";
import { readDescribed, readSetUp, setupHeaders } from "./client_media.ts";
import type { InterleavedFrame, RtspResponse } from "./message.ts";
import type { Pair } from "./transport.ts";

/** From the description to the transport. */
export class TrackSetup {
  readonly #options: Pick<ClientOptions, "transport" | "keyManagement">;
  #lower: "udp" | "tcp";
  #described = false;
  #track: ClientTrack | undefined;
  #aggregate = "";
  #ports: Pair | undefined;
  #channels: Pair | undefined;

  /** Begins with UDP unless told otherwise. */
  constructor(options: Pick<ClientOptions, "transport" | "keyManagement">) {
    this.#options = options;
    this.#lower = options.transport === "tcp" ? "tcp" : "udp";
  }

  /** What packets come by, or shall. */
  get lower(): "udp" | "tcp" {
    return this.#lower;
  }

  /** Whether the server has described the stream. */
  get described(): boolean {
    return this.#described;
  }

  /** URL of the whole session. */
  get aggregate(): string {
    return this.#aggregate;
  }

  /** A new connection: everything is to be asked again. */
  reset(): void {
    this.#described = false;
    this.#track = undefined;
  }

  /** From here on over the connection. */
  turnToTcp(): void {
    this.#lower = "tcp";
  }

  /**
   * Takes DESCRIBE's answer; gives why there is nothing to play otherwise.
   *
   * @throws {RtspProtocolError} when it is none.
   * @throws {SdpProtocolError} when its description makes no sense.
   */
  describe(
    response: RtspResponse,
    url: string,
    secure: boolean,
  ): Extract<ClientAction, { type: "described" }> | string {
    const described = readDescribed(response, url);
    if (described.track === undefined) {
      const { codecs } = described;
      return `the server offers no JPEG video${
        codecs.length === 0 ? "" : ` but ${codecs.join(", ")}`
      }`;
    }
    const { description, track, duration } = described;
    this.#described = true;
    this.#aggregate = described.aggregate;
    this.#track = track;
    // Under TLS a stream that is not encrypted itself belongs into the connection.
    if (
      secure && track.protocol === "RTP/AVP" &&
      this.#options.transport === "auto"
    ) {
      this.#lower = "tcp";
    }
    return {
      type: "described",
      description,
      track,
      ...(duration === undefined ? {} : { duration }),
    };
  }

  /** Whether ports for UDP are what it waits for. */
  get wantsPorts(): boolean {
    return this.#track !== undefined && this.#lower === "udp";
  }

  /** UDP ports are open. */
  usePorts(ports: Pair): void {
    this.#ports = ports;
  }

  /** What SETUP says. */
  request(): {
    readonly url: string;
    readonly headers: readonly (readonly [string, string])[];
  } {
    const track = this.#track!;
    const headers = setupHeaders(
      track,
      this.#lower === "udp" ? this.#ports! : undefined,
      track.protocol === "RTP/SAVP"
        ? this.#options.keyManagement?.(track.url)
        : undefined,
    );
    return { url: track.url, headers };
  }

  /**
   * Takes SETUP's answer.
   *
   * @throws {RtspProtocolError} when its transport makes no sense.
   */
  settle(response: RtspResponse): ReturnType<typeof readSetUp> {
    const settled = readSetUp(response);
    this.#lower = settled.transport.kind;
    if (settled.transport.kind === "tcp") {
      this.#channels = settled.transport.channels;
    }
    return settled;
  }

  /** What a `$` frame carries; `undefined` when it is not of this track. */
  kindOf({ channel }: InterleavedFrame): "rtp" | "rtcp" | undefined {
    const channels = this.#channels;
    if (channel === channels?.[0]) return "rtp";
    return channel === channels?.[1] ? "rtcp" : undefined;
  }
}
