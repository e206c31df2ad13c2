/**
 * What a publisher can be told, and what it tells.
 *
 * @module
 */

/** Where and how to push. */
export interface RtspPublisherOptions {
  /** `rtsp://` or `rtsps://`, with a name and password when the server asks for them. */
  readonly url: string;
  /** `auto` is TCP, and UDP where the server takes no TCP. */
  readonly transport: "auto" | "udp" | "tcp";
  /** In place of the one in the URL. */
  readonly username?: string | undefined;
  /** In place of the one in the URL. */
  readonly password?: string | undefined;
  /** PEM certificates that are trusted besides the system's. */
  readonly caCerts: readonly string[];
}

/** A publisher's figures. */
export interface PublisherReport {
  /** Where it pushes, without credentials. */
  readonly url: string;
  readonly state: "connecting" | "publishing" | "reconnecting" | "ended";
  /** What is wrong at the moment; `null` when nothing is. */
  readonly trouble: string | null;
  readonly transport: "udp" | "tcp" | null;
  readonly framesSent: number;
  /** Frames left out because the connection was slow. */
  readonly framesSkipped: number;
  readonly bytesSent: number;
  readonly reconnects: number;
}
