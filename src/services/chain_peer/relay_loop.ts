/**
 * What a peer does with what arrives: forwards it at once, puts frames
 * together, checks them and hands them out.
 *
 * @module
 */

import {
  type PeerReport,
  Relay,
  type RelayFrame,
  type StreamEnd,
} from "../../chain/mod.ts";
import { checkJpeg, JpegError } from "../../jpeg/mod.ts";
import {
  DatagramBatch,
  MAX_DATAGRAM_BYTES,
  nowMicros,
  type UdpAddress,
  type UdpSocket,
} from "../../net/mod.ts";
import {
  FrameSender,
  type Hop,
  newStreamId,
  type StrandcastOptions,
} from "../chain/frame_sender.ts";
import { Upstream } from "./upstream.ts";

/**
 * Frames that may wait for their turn on a hop where the wires differ: packing
 * takes longer than receiving, and old pictures are worth nothing.
 */
const MAX_WAITING_TRANSCODES = 3;
/**
 * The frame time assumed when frames are packed anew before two have shown
 * what it is: 30 frames a second.
 */
const ASSUMED_FRAME_TIME_US = 33_333;

/** Whom the loop tells. */
export interface RelayListener {
  /** A stream began. */
  started(): void;
  /** A frame is whole and a JPEG; retain it to keep it beyond the call. */
  frame(frame: RelayFrame): void;
  /** The stream ended after so many frames. */
  ended(frames: number): void;
  /** An older peer's text message came by. */
  text(origin: string, message: string): void;
  /** A datagram of somebody who is not our upstream was dropped. */
  stranger(from: UdpAddress): void;
}

/** The part of a report that the loop knows. */
export type RelayFigures = Omit<
  PeerReport,
  | "name"
  | "state"
  | "upstream"
  | "downstream"
  | "framesSaved"
  | "framesNotSaved"
>;

/** Receives, forwards and hands out until its socket is closed. */
export class RelayLoop {
  readonly #socket: UdpSocket;
  readonly #listener: RelayListener;
  readonly #relay = new Relay();
  readonly #transcoder: FrameSender;
  readonly #stop = new AbortController();
  #next: Hop | undefined;
  readonly #upstream = new Upstream();
  #state: "idle" | "playing" | "ended" = "idle";
  #forwarded = 0;
  #announced = 0;
  #playedAs = 0;
  #invalid = 0;
  #width = 0;
  #height = 0;
  #transcoding: Promise<void> = Promise.resolve();
  #waitingTranscodes = 0;

  /** Receives from `socket` after `run`. */
  constructor(
    socket: UdpSocket,
    strandcast: StrandcastOptions,
    listener: RelayListener,
  ) {
    this.#socket = socket;
    this.#listener = listener;
    this.#transcoder = new FrameSender(socket, strandcast);
  }

  /** The next peer; `undefined` for the last of the chain. */
  get next(): Hop | undefined {
    return this.#next;
  }

  set next(hop: Hop | undefined) {
    this.#next = hop;
    this.#transcoder.next = hop;
    this.#relay.setDownstreamWire(hop?.wire);
  }

  /**
   * The coordinator names the peer before this one: nobody else is listened
   * to. `undefined` takes whoever sends whole frames. Port 0 is any port.
   */
  nameUpstream(address: UdpAddress | undefined): void {
    this.#upstream.name(address);
    this.#relay.guardUpstream(address !== undefined);
  }

  /** `idle` before the first stream. */
  get state(): "idle" | "playing" | "ended" {
    return this.#state;
  }

  /**
   * The coordinator says that it plays this stream: its first datagram is to be
   * believed. The word may come a moment after that datagram.
   */
  announceStream(streamId: number): void {
    this.#announced = streamId;
    if (this.#state === "playing") this.#playedAs = streamId;
    this.#relay.announceStream(streamId);
  }

  /** Receives until the socket is closed. */
  async run(): Promise<void> {
    const batch = new DatagramBatch(1, MAX_DATAGRAM_BYTES + 1);
    while (await this.#socket.receive(batch)) {
      for (let i = 0; i < batch.count; i++) await this.#take(batch, i);
    }
    this.#stop.abort();
    await this.#transcoding;
  }

  async #take(batch: DatagramBatch, index: number): Promise<void> {
    const from = batch.sources[index];
    const outcome = this.#relay.receive(
      batch.datagram(index),
      nowMicros(),
      this.#upstream.isFrom(from),
    );
    // Forwarding comes first: whatever else this peer does with the frame, the
    // ones after it do not wait for.
    if (outcome.forward && this.#next !== undefined) {
      await this.#socket.send(batch, index, 1, this.#next.address);
      this.#forwarded++;
    }
    if (outcome.started !== undefined) this.#onStart(outcome.started);
    if (outcome.frame !== undefined) {
      this.#upstream.learn(from);
      this.#onFrame(outcome.frame);
    }
    if (outcome.text !== undefined) {
      this.#listener.text(outcome.text.origin, outcome.text.message);
    }
    if (outcome.end !== undefined) this.#onEnd(outcome.end);
    if (outcome.drop === "stranger" && from !== undefined) {
      this.#listener.stranger(from);
    }
  }

  /**
   * The coordinator's own word that a stream is over, for when the datagrams
   * that say so were lost. Does nothing when they were not.
   */
  noteEnd(streamId: number, frames: number): void {
    if (this.#state === "ended" && this.#playedAs === streamId) return;
    const now = nowMicros();
    // A hop where the wires differ changes the id: what plays is what is meant.
    const id = this.#state === "playing"
      ? this.#relay.snapshot(now).streamId
      : streamId;
    const end = this.#relay.receiveEnd(id, frames, now);
    if (end !== undefined) this.#onEnd(end);
  }

  #onStart(streamId: number): void {
    this.#state = "playing";
    this.#invalid = 0;
    this.#playedAs = this.#announced;
    this.#transcoder.beginStream(streamId || this.#announced || newStreamId());
    this.#listener.started();
  }

  #onFrame(frame: RelayFrame): void {
    try {
      const { width, height } = checkJpeg(frame.jpeg.bytes);
      this.#width = width;
      this.#height = height;
      this.#listener.frame(frame);
      if (this.#next !== undefined && this.#next.wire !== frame.wire) {
        this.#transcode(frame);
      }
    } catch (error) {
      if (!(error instanceof JpegError)) throw error;
      this.#invalid++;
    } finally {
      frame.jpeg.release();
    }
  }

  #onEnd({ frames, wire }: StreamEnd): void {
    this.#state = "ended";
    if (this.#next !== undefined && this.#next.wire !== wire) {
      this.#transcoding = this.#transcoding
        .then(() => this.#transcoder.sendEnd(frames));
    }
    this.#listener.ended(frames);
  }

  /** Packs a whole frame anew for a next peer that speaks the other wire. */
  #transcode(frame: RelayFrame): void {
    if (this.#waitingTranscodes >= MAX_WAITING_TRANSCODES) return;
    this.#waitingTranscodes++;
    const dueUs = nowMicros();
    const { fps } = this.#relay.snapshot(dueUs);
    frame.jpeg.retain();
    this.#transcoding = this.#transcoding.then(async () => {
      try {
        await this.#transcoder.sendFrame({
          bytes: frame.jpeg.bytes,
          number: frame.number,
          dueUs,
          frameTimeUs: fps > 0 ? 1e6 / fps : ASSUMED_FRAME_TIME_US,
        }, this.#stop.signal);
      } finally {
        this.#waitingTranscodes--;
        frame.jpeg.release();
      }
    });
  }

  /** The figures of the newest stream. */
  figures(): RelayFigures {
    const {
      drops: _drops,
      hopLatencyRelative: _hop,
      chainLatencyRelative: _chain,
      ...relay
    } = this.#relay.snapshot(nowMicros());
    return {
      ...relay,
      invalidFrames: relay.invalidFrames + this.#invalid,
      datagramsForwarded: this.#forwarded + this.#transcoder.datagramsSent,
      width: this.#width,
      height: this.#height,
    };
  }
}
