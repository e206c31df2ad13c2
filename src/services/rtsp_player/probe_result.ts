/**
 * What `rtsp-probe` is asked and what it says.
 *
 * @module
 */

/** How to ask. */
export interface ProbeOptions {
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Certificates to trust besides the system's, PEM. */
  readonly caCerts: readonly string[];
}

/** One track of a description. */
export interface ProbeTrack {
  /** `video`, `audio`, `application`. */
  readonly type: string;
  /** `JPEG`, `H264` … */
  readonly codecs: readonly string[];
  readonly payloadTypes: readonly number[];
  /** `RTP/AVP`, `RTP/SAVP`. */
  readonly protocol: string;
  readonly url: string;
  readonly fps: number | null;
  readonly width: number | null;
  readonly height: number | null;
  /** Whether rtsp-play can show it. */
  readonly playable: boolean;
}

/** What a server offers. */
export interface ProbeResult {
  /** Without credentials. */
  readonly url: string;
  readonly dialect: "standard" | "lab";
  /** The server's own name. */
  readonly server: string | null;
  readonly methods: readonly string[];
  /** Name of the presentation. */
  readonly name: string | null;
  /** Seconds; `null` for a live stream, or where it is not said. */
  readonly duration: number | null;
  readonly tracks: readonly ProbeTrack[];
  /** Status of SETUP over each transport; 200 is yes. */
  readonly transports: Readonly<Record<string, number>>;
  /** How it asks for a password: `digest`, `basic`; `null` when it does not. */
  readonly authentication: string | null;
  /** Milliseconds from OPTIONS to its answer. */
  readonly roundTripMs: number | null;
}
