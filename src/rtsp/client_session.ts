/**
 * A player, whichever dialect the server speaks.
 *
 * @module
 */

import type {
  ClientAction,
  ClientDialect,
  ClientOptions,
  ClientState,
  PlayWish,
} from "./client_actions.ts";
import { LabClient } from "./lab_client.ts";
import { StandardClient } from "./standard_client.ts";
import type { Pair } from "./transport.ts";
import { parseRtspUrl } from "./url.ts";
import type { RtspUrl } from "./url.ts";

/**
 * Plays one URL: bytes and time in, actions out. Begins with the standard and
 * turns to the teaching dialect where nothing standard comes back, unless told
 * which to speak.
 */
export class ClientSession implements ClientDialect {
  readonly #url: RtspUrl;
  readonly #options: ClientOptions;
  #client: ClientDialect;

  /**
   * For `url`, an `rtsp:` or `rtsps:` URL.
   *
   * @throws {RtspProtocolError} when it is none.
   */
  constructor(url: string, options: ClientOptions) {
    this.#url = parseRtspUrl(url);
    this.#options = options;
    this.#client = options.dialect === "lab"
      ? new LabClient(this.#url, options)
      : new StandardClient(this.#url, options);
  }

  /** Which dialect is spoken at the moment. */
  get dialect(): "standard" | "lab" {
    return this.#client instanceof LabClient ? "lab" : "standard";
  }

  /** Where it stands. */
  get state(): ClientState {
    return this.#client.state;
  }

  /** Begins. */
  start(now: number): ClientAction[] {
    return this.#client.start(now);
  }

  /** The connection is open. */
  connected(now: number): ClientAction[] {
    return this.#watch(this.#client.connected(now), now);
  }

  /** The connection could not be opened, or was closed by the other side. */
  disconnected(reason: string, now: number): ClientAction[] {
    return this.#watch(this.#client.disconnected(reason, now), now);
  }

  /** Bytes came over the connection. */
  receive(bytes: Uint8Array, now: number): ClientAction[] {
    return this.#watch(this.#client.receive(bytes, now), now);
  }

  /** The answer to `openPorts`. */
  portsOpened(ports: Pair, now: number): ClientAction[] {
    return this.#client.portsOpened(ports, now);
  }

  /** The other answer to `openPorts`. */
  portsFailed(reason: string, now: number): ClientAction[] {
    return this.#client.portsFailed(reason, now);
  }

  /** An RTP packet came over UDP. */
  mediaReceived(now: number): void {
    this.#client.mediaReceived(now);
  }

  /** An RTCP BYE came: silence is no fault from here on. */
  mediaEnded(): void {
    this.#client.mediaEnded();
  }

  /** Plays on, or from elsewhere, or at another speed. */
  play(wish: PlayWish, now: number): ClientAction[] {
    return this.#client.play(wish, now);
  }

  /** Pauses. */
  pause(now: number): ClientAction[] {
    return this.#client.pause(now);
  }

  /** Ends: `ended` follows when the server has answered, or at once. */
  teardown(now: number): ClientAction[] {
    return this.#client.teardown(now);
  }

  /** When {@linkcode handleTimeout} has something to do. */
  nextTimeoutAt(): number | undefined {
    return this.#client.nextTimeoutAt();
  }

  /** Does what time asks for. */
  handleTimeout(now: number): ClientAction[] {
    return this.#watch(this.#client.handleTimeout(now), now);
  }

  #watch(actions: ClientAction[], now: number): ClientAction[] {
    const last = actions.at(-1);
    if (last?.type !== "fallback" || last.to !== "lab") return actions;
    this.#client = new LabClient(this.#url, this.#options);
    return [...actions, ...this.#client.start(now)];
  }
}
