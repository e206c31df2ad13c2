/**
 * `rtsp-probe` where a server speaks the standard: one request after another.
 *
 * @module
 */

import { redact } from "../../log/mod.ts";
import { closeQuietly, writeAll } from "../../net/mod.ts";
import {
  ClientRequests,
  descriptionBase,
  formatRtspUrl,
  resolveControl,
  RESPONSE_TIMEOUT,
  RtspReader,
} from "../../rtsp/mod.ts";
import type { RtspResponse, RtspUrl } from "../../rtsp/mod.ts";
import {
  attributeValue,
  mediaCodecs,
  mediaDimensions,
  mediaFrameRate,
  parseMediaRange,
  parseSdp,
  SdpProtocolError,
} from "../../sdp/mod.ts";
import type { SdpDescription, SdpMedia } from "../../sdp/mod.ts";
import { connectRtsp, explainConnection, USER_AGENT } from "./connect.ts";
import { PlayError } from "./player.ts";
import type { ProbeOptions, ProbeResult, ProbeTrack } from "./probe_result.ts";
import { openUdpPair } from "./udp_pair.ts";

/** Milliseconds without an answer to OPTIONS after which the teaching dialect is tried. */
const DIALECT_TIMEOUT_MS = 2500;

/** A connection with one request at a time. */
export class Conversation {
  readonly #url: RtspUrl;
  readonly #connection: Deno.Conn;
  readonly #requests: ClientRequests;
  readonly #reader = new RtspReader();
  readonly #buffer = new Uint8Array(16 * 1024);
  readonly #onAbort = (): void => this.close();
  readonly #signal: AbortSignal;
  #scheme: string | null = null;
  /** Whether anything standard came back. */
  answered = false;

  private constructor(
    url: RtspUrl,
    connection: Deno.Conn,
    options: ProbeOptions,
    signal: AbortSignal,
  ) {
    this.#url = url;
    this.#connection = connection;
    this.#signal = signal;
    const username = options.username ?? url.username;
    const password = options.password ?? url.password ?? "";
    this.#requests = new ClientRequests({
      userAgent: USER_AGENT,
      credentials: username === undefined ? undefined : { username, password },
      random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    });
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /**
   * Connects; the signal ends it.
   *
   * @throws {PlayError} when nobody is there.
   */
  static async open(
    url: RtspUrl,
    options: ProbeOptions,
    signal: AbortSignal,
  ): Promise<Conversation> {
    const { host, port, scheme } = url;
    try {
      const connection = await connectRtsp({
        host,
        port,
        secure: scheme === "rtsps",
        caCerts: options.caCerts,
      });
      return new Conversation(url, connection, options, signal);
    } catch (error) {
      const why = explainConnection(error);
      throw new PlayError(`Cannot probe ${redact(options.url)}: ${why}`);
    }
  }

  /** Closes it; what is asked then has no answer. */
  close(): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    closeQuietly(this.#connection);
  }

  /**
   * Asks for everything; `undefined` when there is no standard answer.
   *
   * @throws {PlayError} when the server refuses.
   * @throws {RtspProtocolError} when it makes no sense.
   * @throws {SdpProtocolError} when its description makes none.
   */
  async probe(): Promise<ProbeResult | undefined> {
    const uri = formatRtspUrl(this.#url);
    const startedAt = performance.now();
    const options = await this.#ask("OPTIONS", uri, [], DIALECT_TIMEOUT_MS);
    if (options === undefined) return undefined;
    const roundTripMs = performance.now() - startedAt;
    const described = await this.#ask("DESCRIBE", uri, [[
      "Accept",
      "application/sdp",
    ]]);
    if (described?.status !== 200) {
      throw new PlayError(
        `Cannot probe ${redact(uri)}: the server answers DESCRIBE with ${
          described === undefined
            ? "nothing"
            : `${described.status} ${described.reason}`
        }`,
      );
    }
    const description = parseSdp(new TextDecoder().decode(described.body));
    const base = descriptionBase(
      uri,
      described.headers.get("content-base"),
      described.headers.get("content-location"),
    );
    const tracks = description.media.map((media) => trackOf(media, base));
    const track = tracks.find(({ playable }) => playable) ?? tracks[0];
    return {
      url: redact(uri),
      dialect: "standard",
      server: described.headers.get("server") ??
        options.headers.get("server") ?? null,
      methods: (options.headers.get("public") ?? "").split(",")
        .map((one) => one.trim()).filter((one) => one !== ""),
      name: description.name.trim() || null,
      duration: durationOf(description),
      tracks,
      transports: track === undefined ? {} : await this.#tryTransports(track),
      authentication: this.#scheme,
      roundTripMs: Math.round(roundTripMs * 100) / 100,
    };
  }

  /** SETUP over UDP and over TCP, each given up at once. */
  async #tryTransports(
    { url, protocol }: ProbeTrack,
  ): Promise<Record<string, number>> {
    const local = this.#connection.localAddr as Deno.NetAddr;
    const { rtp, rtcp } = openUdpPair(local.hostname, undefined);
    try {
      const ports = `${rtp.address.port}-${rtcp.address.port}`;
      const wishes = {
        udp: `${protocol};unicast;client_port=${ports}`,
        tcp: `${protocol}/TCP;unicast;interleaved=0-1`,
      };
      const statuses: Record<string, number> = {};
      for (const [name, transport] of Object.entries(wishes)) {
        const answer = await this.#ask("SETUP", url, [[
          "Transport",
          transport,
        ]]);
        if (answer === undefined) return statuses;
        statuses[name] = answer.status;
        const session = answer.headers.get("session")?.split(";")[0];
        if (session !== undefined) {
          await this.#ask("TEARDOWN", formatRtspUrl(this.#url), [
            ["Session", session],
          ]);
        }
      }
      return statuses;
    } finally {
      rtp.close();
      rtcp.close();
    }
  }

  /** One request with its answer; `undefined` when the server says nothing or goes. */
  async #ask(
    method: string,
    uri: string,
    headers: readonly (readonly [string, string])[],
    timeoutMs: number = RESPONSE_TIMEOUT,
  ): Promise<RtspResponse | undefined> {
    const now = performance.now();
    for (const bytes of this.#requests.send({ method, uri, headers }, now)) {
      await this.#write(bytes);
    }
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.close();
    }, timeoutMs);
    try {
      for (;;) {
        const message = this.#reader.next();
        if (message === undefined) {
          const count = await this.#connection.read(this.#buffer)
            .catch(() => null);
          if (count === null || late) return undefined;
          this.#reader.push(
            this.#buffer.subarray(0, count),
            performance.now(),
          );
          continue;
        }
        if (message.type !== "response") continue;
        this.answered = true;
        const outcome = this.#requests.receive(message, performance.now());
        if (outcome.kind === "again") {
          this.#scheme = schemeOf(message);
          await this.#write(outcome.bytes);
        } else if (outcome.kind !== "ignored") {
          if (outcome.kind === "unauthorized") {
            this.#scheme ??= schemeOf(message);
          }
          return message;
        }
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    // A broken connection shows when its answer is read.
    await writeAll(this.#connection, bytes).catch(() => {});
  }
}

function schemeOf(response: RtspResponse): string | null {
  return response.headers.get("www-authenticate")?.split(" ")[0]
    ?.toLowerCase() ?? null;
}

function trackOf(media: SdpMedia, base: string): ProbeTrack {
  const codecs = mediaCodecs(media);
  const size = mediaDimensions(media);
  return {
    type: media.type,
    codecs: codecs.map(({ encoding }) => encoding),
    payloadTypes: codecs.map(({ payloadType }) => payloadType),
    protocol: media.protocol,
    url: redact(
      resolveControl(base, attributeValue(media.attributes, "control") ?? "*"),
    ),
    fps: mediaFrameRate(media) ?? null,
    width: size?.width ?? null,
    height: size?.height ?? null,
    playable: codecs.some(({ encoding }) => encoding.toUpperCase() === "JPEG"),
  };
}

function durationOf(description: SdpDescription): number | null {
  const text = [description, ...description.media]
    .map(({ attributes }) => attributeValue(attributes, "range"))
    .find((value) => value !== undefined);
  if (text === undefined) return null;
  try {
    const range = parseMediaRange(text.split(";")[0]!);
    return range.unit === "npt" ? range.to ?? null : null;
  } catch (error) {
    if (error instanceof SdpProtocolError) return null;
    throw error;
  }
}
