/**
 * What the server's core asks of its shell, and what the shell answers. Plain
 * data: the shell is a switch.
 *
 * @module
 */

import type { SdpDescription } from "../sdp/mod.ts";
import type { Pair } from "./transport.ts";

/** Whether a session sends to a viewer or takes from a publisher. */
export type Purpose = "play" | "publish";

/** Which packets a session's media travel in. */
export type Dialect = "standard" | "lab";

/** How a viewer wants a track. */
export type RequestedTransport =
  | {
    /** To the address the connection comes from. */
    readonly kind: "udp";
    readonly clientPorts: Pair;
    /** `RTP/SAVP`. */
    readonly secure: boolean;
  }
  | {
    /** In `$` frames on this connection. */
    readonly kind: "tcp";
    readonly channels: Pair;
    readonly secure: boolean;
  }
  | { readonly kind: "multicast"; readonly secure: boolean };

/** Why a session ended. */
export type TeardownReason =
  | "request"
  | "timeout"
  | "connection"
  | "superseded"
  | "ended";

/** Something for the shell to do, in order. */
export type ServerAction =
  | { readonly type: "send"; readonly bytes: Uint8Array }
  | {
    /** Make a path's media ready, then answer `prepared`. */
    readonly type: "prepare";
    readonly path: string;
  }
  | {
    /**
     * Open what a track needs, then answer `transportReady`. For a track that
     * was set up before, the new transport replaces the old.
     */
    readonly type: "setupTransport";
    readonly sessionId: string;
    readonly path: string;
    /** Index into the media's tracks. */
    readonly track: number;
    readonly purpose: Purpose;
    readonly dialect: Dialect;
    readonly transport: RequestedTransport;
    /** Name of the user, when one was asked for. */
    readonly username?: string;
    /** The player's MIKEY message in base64. */
    readonly keyManagement?: string;
  }
  | {
    /** Get ready to send from here, then answer `playing` with the first packets. */
    readonly type: "play";
    readonly sessionId: string;
    /** Seconds; `undefined` goes on where it is, "now" is live. */
    readonly from: number | "now" | undefined;
    /** Seconds; `undefined` plays to the end. */
    readonly to: number | undefined;
    /** Viewing speed and direction, 1 is normal. */
    readonly scale: number;
    /** Delivery speed, 1 is normal. */
    readonly speed: number;
  }
  | {
    /** The response is out: packets may flow from here on. */
    readonly type: "start";
    readonly sessionId: string;
  }
  | { readonly type: "pause"; readonly sessionId: string }
  | {
    /** A publisher describes what it will send; answer `announced`. */
    readonly type: "announce";
    readonly path: string;
    readonly description: SdpDescription;
    readonly username?: string;
  }
  | {
    /** A publisher begins; answer `recording`. */
    readonly type: "record";
    readonly sessionId: string;
  }
  | {
    /** Say goodbye, free what the session has. */
    readonly type: "teardown";
    readonly sessionId: string;
    readonly reason: TeardownReason;
  }
  | {
    /** A packet came in a `$` frame. */
    readonly type: "rtp" | "rtcp";
    readonly sessionId: string;
    readonly track: number;
    readonly bytes: Uint8Array;
  }
  | {
    /** The connection becomes a half of an HTTP tunnel. */
    readonly type: "tunnel";
    readonly half: "get" | "post";
    readonly cookie: string;
    /** What came behind the request. */
    readonly rest: Uint8Array;
  }
  | {
    /** Send what is queued, then close. */
    readonly type: "close";
    readonly reason: string;
  };

/** First packet of a track after PLAY. */
export interface FirstPacket {
  /** Index into the media's tracks. */
  readonly track: number;
  /** Its sequence number. */
  readonly sequence: number;
  /** Its RTP timestamp. */
  readonly timestamp: number;
}

/** What the shell says to the action that waits for it. */
export type ServerAnswer =
  | { readonly type: "prepared" }
  | {
    readonly type: "transportReady";
    readonly ssrc?: number;
    /** Of UDP. */
    readonly serverPorts?: Pair;
    /** Address packets come from, where it is not the connection's. */
    readonly source?: string;
    /** Of multicast. */
    readonly group?: {
      readonly address: string;
      readonly ports: Pair;
      readonly ttl: number;
    };
    /** Our MIKEY message in base64. */
    readonly keyManagement?: string;
  }
  | {
    readonly type: "playing";
    /** Of every track; empty when it is not known, and RTP-Info is left out. */
    readonly tracks: readonly FirstPacket[];
    /** Where it really begins: seconds, or "now". */
    readonly from?: number | "now";
    /** Where it will end, seconds. */
    readonly to?: number;
    /** What was made of the wish. */
    readonly scale?: number;
    readonly speed?: number;
  }
  | { readonly type: "announced" }
  | { readonly type: "recording" }
  | {
    readonly type: "refused";
    readonly status: number;
    /** In place of the status code's own text. */
    readonly reason?: string;
  };

/** What can be watched at a path. */
export interface RtspMedia {
  /** The one name of this media: two paths with the same are the same. */
  readonly path: string;
  /** The session description, with relative control attributes. */
  readonly sdp: string;
  /** Control attribute of each track, in order. */
  readonly tracks: readonly string[];
  /** Seconds; absent for a live stream. */
  readonly duration?: number;
  /** Whether PLAY may begin elsewhere than here and now. */
  readonly seekable: boolean;
  /** Transport protocols; `["RTP/AVP"]` when left out. */
  readonly protocols?: readonly string[];
}

/**
 * Where the server finds its media. `undefined` is 404; "pending" asks for a
 * `prepare` action; a refusal is answered with its status.
 */
export interface RtspMediaCatalog {
  /** What is at `path`, which begins with a slash and does not end with one. */
  lookup(
    path: string,
  ):
    | RtspMedia
    | { readonly status: number; readonly reason?: string }
    | "pending"
    | undefined;
}
