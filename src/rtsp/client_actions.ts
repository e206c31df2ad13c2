/**
 * What the player's core asks of its shell, and how it can be told what to do.
 *
 * @module
 */

import type { SdpDescription } from "../sdp/mod.ts";
import type { Pair } from "./transport.ts";

/** Why a player cannot go on. */
export type ClientFailure =
  | "connect"
  | "disconnected"
  | "protocol"
  | "status"
  | "unauthorized"
  | "no-jpeg"
  | "no-transport"
  | "no-answer"
  | "silent"
  | "redirects";

/** A track as the description has it. */
export interface ClientTrack {
  /** Index into the description's media. */
  readonly index: number;
  /** URL for SETUP. */
  readonly url: string;
  /** Number the track's packets bear. */
  readonly payloadType: number;
  /** Ticks a second of its timestamps. */
  readonly clockRate: number;
  /** `RTP/AVP` or `RTP/SAVP`. */
  readonly protocol: string;
}

/** Something for the shell to do, in order. */
export type ClientAction =
  | {
    /** Close the connection there is, open a new one, then call `connected` or `disconnected`. */
    readonly type: "connect";
    readonly host: string;
    readonly port: number;
    readonly secure: boolean;
  }
  | { readonly type: "send"; readonly bytes: Uint8Array }
  | {
    /** Open a pair of UDP ports, then call `portsOpened` or `portsFailed`. */
    readonly type: "openPorts";
  }
  | { readonly type: "closePorts" }
  | {
    /** The server sends us elsewhere: `play` says where to go on there, when it is called now. */
    readonly type: "redirected";
  }
  | {
    /** The session description came. */
    readonly type: "described";
    readonly description: SdpDescription;
    readonly track: ClientTrack;
    /** Seconds; absent for a live stream. */
    readonly duration?: number;
  }
  | {
    /** The way packets come is settled. */
    readonly type: "transport";
    readonly transport:
      | {
        readonly kind: "udp";
        /** Where to send reports, and packets that open firewalls. */
        readonly serverPorts: Pair | undefined;
        /** Address packets come from, where it is not the server's. */
        readonly source: string | undefined;
      }
      | { readonly kind: "tcp"; readonly channels: Pair }
      | { readonly kind: "lab" };
    readonly ssrc: number | undefined;
    /** The server's MIKEY message in base64. */
    readonly keyManagement?: string;
  }
  | {
    /** PLAY was answered. */
    readonly type: "playing";
    /** Seconds where it begins, when the server said so. */
    readonly from: number | undefined;
    readonly to: number | undefined;
    readonly scale: number;
    /** Number and time of the first packet, when the server said so. */
    readonly sequence: number | undefined;
    readonly timestamp: number | undefined;
  }
  | { readonly type: "paused" }
  | {
    /** A packet came in a `$` frame. */
    readonly type: "rtp" | "rtcp";
    readonly bytes: Uint8Array;
  }
  | {
    /** It does not work as tried; now it is tried otherwise. */
    readonly type: "fallback";
    readonly to: "tcp" | "lab";
    readonly reason: string;
  }
  | {
    /** All is over because `teardown` was called: close everything. */
    readonly type: "ended";
  }
  | {
    /** All is over: close everything. */
    readonly type: "failed";
    readonly failure: ClientFailure;
    readonly message: string;
    /** The server's status, where that was it. */
    readonly status?: number;
  };

/** How to play. */
export interface ClientOptions {
  /** `auto` begins with UDP and turns to TCP. */
  readonly transport: "auto" | "udp" | "tcp";
  /** `auto` begins with the standard and turns to the teaching dialect. */
  readonly dialect: "auto" | "standard" | "lab";
  /** In place of those in the URL. */
  readonly username?: string;
  /** In place of the one in the URL. */
  readonly password?: string;
  /** Seconds to begin at. */
  readonly start?: number;
  /** Stop after SETUP and wait for `play`. */
  readonly paused?: boolean;
  /** Value of the User-Agent header. */
  readonly userAgent: string;
  /** Gives `length` random bytes. */
  readonly random: (length: number) => Uint8Array;
  /** Our MIKEY message in base64 for a track of `RTP/SAVP`. */
  readonly keyManagement?: (trackUrl: string) => string | undefined;
}

/** Where a player stands. */
export type ClientState =
  | "connecting"
  | "starting"
  | "ready"
  | "playing"
  | "ended";

/** A player of one of the dialects. */
export interface ClientDialect {
  /** Where it stands. */
  readonly state: ClientState;
  /** Begins. */
  start(now: number): ClientAction[];
  /** The connection is open. */
  connected(now: number): ClientAction[];
  /** The connection could not be opened, or was closed by the other side. */
  disconnected(reason: string, now: number): ClientAction[];
  /** Bytes came over the connection. */
  receive(bytes: Uint8Array, now: number): ClientAction[];
  /** The answer to `openPorts`. */
  portsOpened(ports: Pair, now: number): ClientAction[];
  /** The other answer to `openPorts`. */
  portsFailed(reason: string, now: number): ClientAction[];
  /** An RTP packet came over UDP. */
  mediaReceived(now: number): void;
  /** An RTCP BYE came: silence is no fault from here on. */
  mediaEnded(): void;
  /** Plays on, or from elsewhere, or at another speed. */
  play(wish: PlayWish, now: number): ClientAction[];
  /** Pauses. */
  pause(now: number): ClientAction[];
  /** Ends. */
  teardown(now: number): ClientAction[];
  /** When {@linkcode ClientDialect.handleTimeout} has something to do. */
  nextTimeoutAt(): number | undefined;
  /** Does what time asks for. */
  handleTimeout(now: number): ClientAction[];
}

/** Where and how to play on. */
export interface PlayWish {
  /** Seconds; absent goes on where it is. */
  readonly from?: number;
  /** Speed and direction, 1 when absent. */
  readonly scale?: number;
}

/** The action that ends everything with a fault; `doing` is "play URL". */
export function failed(
  doing: string,
  failure: ClientFailure,
  reason: string,
  status?: number,
): Extract<ClientAction, { type: "failed" }> {
  return {
    type: "failed",
    failure,
    message: `Cannot ${doing}: ${reason}`,
    ...(status === undefined ? {} : { status }),
  };
}
