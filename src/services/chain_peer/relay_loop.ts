/**
 * What a peer does with what arrives: forwards it at once, puts frames
 * together, checks them and hands them out.
 *
 * @module
 */

import {
  type DatagramSeal,
  type DropCounts,
  type HopReport,
  isFeedback,
  type PeerReport,
  Relay,
  type RelayFrame,
  type RelayOutcome,
  RoundTripProbe,
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
import type { Hop, StrandcastOptions } from "../chain/frame_sender.ts";
import { HopRepair } from "../chain/hop_repair.ts";
import { Transcoder } from "./transcoder.ts";
import { Upstream } from "./upstream.ts";

/** Datagrams taken at a time: what comes while a frame is being checked. */
const BATCH_DATAGRAMS = 32;
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
  readonly #transcoder: Transcoder;
  readonly #repair: HopRepair;
  #next: Hop | undefined;
  #asksAt: UdpAddress | undefined;
  #askTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #probe = new RoundTripProbe();
  #isOver = false;
  #queue = 0;
  #seal: DatagramSeal | undefined;
  #heldEnd: StreamEnd | undefined;
  readonly #upstream = new Upstream();
  #state: "idle" | "playing" | "ended" = "idle";
  #forwarded = 0;
  #announced = 0;
  #playedAs = 0;
  #invalid = 0;
  #width = 0;
  #height = 0;

  /** Receives from `socket` after `run`. */
  constructor(
    socket: UdpSocket,
    strandcast: StrandcastOptions,
    listener: RelayListener,
  ) {
    this.#socket = socket;
    this.#listener = listener;
    this.#transcoder = new Transcoder(socket, strandcast);
    this.#repair = new HopRepair(socket, this.#relay);
  }

  /** The next peer; `undefined` for the last of the chain. */
  get next(): Hop | undefined {
    return this.#next;
  }

  set next(hop: Hop | undefined) {
    this.#next = hop;
    this.#transcoder.next = hop;
    this.#repair.next = hop?.wire === "binary" ? hop.address : undefined;
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

  /** What datagrams are sealed with on a chain with a key. */
  setSeal(seal: DatagramSeal | undefined): void {
    this.#seal = seal;
    this.#relay.setSeal(seal);
    this.#repair.seal = seal;
    this.#transcoder.seal = seal;
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
    const batch = new DatagramBatch(BATCH_DATAGRAMS, MAX_DATAGRAM_BYTES + 1);
    while (await this.#socket.receive(batch)) {
      let first = 0;
      this.#queue = Math.max(this.#queue, batch.count);
      for (let i = 0; i < batch.count; i++) {
        const datagram = batch.datagram(i);
        const from = batch.sources[i];
        const outcome = this.#isAnswered(datagram, from)
          ? undefined
          : this.#relay.receive(
            datagram,
            nowMicros(),
            this.#upstream.isFrom(from),
          );
        // Neighbours that go on leave in one call, and before anything else:
        // whatever this peer does with a frame, the ones after it do not wait.
        const goesOn = outcome?.forward === true && this.#next !== undefined;
        if (outcome?.drop === 0) this.#asksAt = from;
        if (goesOn && !outcome.hasNews) continue;
        await this.#forward(batch, first, goesOn ? i + 1 : i);
        first = i + 1;
        if (outcome !== undefined) this.#tell(outcome, from);
      }
      await this.#forward(batch, first, batch.count);
      this.#planQuestion();
    }
    // A timer that is due already may still run: it must not begin another.
    this.#isOver = true;
    clearTimeout(this.#askTimer);
    this.#releaseEnd();
    await this.#transcoder.stop();
    await this.#repair.settled();
  }

  /** Whether it was the next peer's question: then it is being answered. */
  #isAnswered(datagram: Uint8Array, from: UdpAddress | undefined): boolean {
    if (!isFeedback(datagram)) return false;
    if (this.#upstream.isFrom(from)) {
      return (this.#seal?.check(datagram) ?? 0) === 0 &&
        this.#probe.hear(datagram, nowMicros());
    }
    return this.#transcodes
      ? this.#transcoder.receive(datagram, from)
      : this.#repair.receive(datagram, from);
  }

  /** Whether what goes on is packed anew: its fragments are the transcoder's. */
  get #transcodes(): boolean {
    return this.#relay.storedStreamId === 0;
  }

  /** Asks the upstream for what is missing when it is time. */
  #planQuestion(): void {
    const atUs = this.#relay.nackAtUs;
    const isPlanned = this.#askTimer !== undefined;
    if (atUs === undefined || isPlanned || this.#isOver) return;
    const delayMs = Math.max(0, (atUs - nowMicros()) / 1000);
    this.#askTimer = setTimeout(() => {
      this.#askTimer = undefined;
      const question = this.#relay.nack(nowMicros());
      if (question !== undefined && this.#asksAt !== undefined) {
        this.#socket.sendOne(question, this.#asksAt);
      }
      this.#planQuestion();
      if (this.#relay.nackAtUs === undefined) this.#releaseEnd();
    }, delayMs);
  }

  async #forward(
    batch: DatagramBatch,
    first: number,
    end: number,
  ): Promise<void> {
    if (this.#next === undefined || first >= end) return;
    this.#forwarded += end - first;
    for (let i = first; i < end; i++) this.#repair.sent(batch.lengths[i] ?? 0);
    await this.#socket.send(batch, first, end - first, this.#next.address);
  }

  /** Does with a datagram what is not forwarding. */
  #tell(outcome: RelayOutcome, from: UdpAddress | undefined): void {
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
    this.#releaseEnd();
    this.#state = "playing";
    this.#invalid = 0;
    this.#playedAs = this.#announced;
    this.#transcoder.beginStream(streamId || this.#announced);
    this.#listener.started();
  }

  #onFrame(frame: RelayFrame): void {
    try {
      const { width, height } = checkJpeg(frame.jpeg.bytes);
      this.#width = width;
      this.#height = height;
      this.#listener.frame(frame);
      if (this.#next !== undefined && this.#next.wire !== frame.wire) {
        const { fps } = this.#relay.snapshot(nowMicros());
        this.#transcoder.send(frame, fps);
      }
    } catch (error) {
      if (!(error instanceof JpegError)) throw error;
      this.#invalid++;
    } finally {
      frame.jpeg.release();
    }
  }

  /** A stream is over when what is missing of it has come, or will not. */
  #onEnd(end: StreamEnd): void {
    this.#heldEnd = end;
    if (this.#relay.nackAtUs === undefined) this.#releaseEnd();
    else this.#planQuestion();
  }

  #releaseEnd(): void {
    if (this.#heldEnd === undefined) return;
    const { frames, wire } = this.#heldEnd;
    this.#heldEnd = undefined;
    this.#state = "ended";
    this.#transcoder.sendEnd(frames, wire);
    this.#listener.ended(frames);
  }

  #hop(packets: number, jitterUs: number, drops: DropCounts): HopReport {
    const { roundTripUs, ...repair } = this.#relay.repairFigures;
    const { asked, resent, withheld } = this.#transcodes
      ? this.#transcoder.repairFigures
      : this.#repair.figures;
    const wayUs = this.#probe.roundTripUs ?? (roundTripUs || undefined);
    const queue = this.#queue;
    this.#queue = 0;
    return {
      path: this.#socket.path,
      packets,
      ...repair,
      jitterMs: jitterUs / 1000,
      roundTripMs: wayUs === undefined ? null : wayUs / 1000,
      queue,
      asked,
      resent,
      withheld,
      sendErrors: this.#socket.sendErrors,
      drops: Object.fromEntries(
        Object.entries(drops).filter(([, count]) => count > 0),
      ),
    };
  }

  /** Measures how far the upstream is; call it now and then. */
  measureRoundTrip(): void {
    if (this.#asksAt === undefined || this.#state !== "playing") return;
    const question = this.#probe.ask(nowMicros(), this.#seal);
    if (question !== undefined) this.#socket.sendOne(question, this.#asksAt);
  }

  /** The figures of the newest stream. */
  figures(): RelayFigures {
    const {
      drops,
      jitterUs,
      hopLatencyRelative: _hop,
      chainLatencyRelative: _chain,
      ...relay
    } = this.#relay.snapshot(nowMicros());
    return {
      ...relay,
      hop: this.#hop(relay.datagramsReceived, jitterUs, drops),
      invalidFrames: relay.invalidFrames + this.#invalid,
      datagramsForwarded: this.#forwarded + this.#transcoder.datagramsSent,
      width: this.#width,
      height: this.#height,
    };
  }
}
