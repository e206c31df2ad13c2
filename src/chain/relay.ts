/**
 * A peer's rules for what arrives: which datagrams go on, which frames are
 * whole, when a stream begins and ends. Pure: the shell has the sockets and
 * the clock.
 *
 * A datagram goes on as soon as it has come and is good (cut-through), not
 * when its frame is whole; a duplicate never does.
 *
 * @module
 */

import { setHopTime } from "./binary_datagram.ts";
import {
  BINARY_FLAG,
  BINARY_TYPE,
  BinaryHeader,
  isBinaryDatagram,
  readBinaryHeader,
} from "./binary_header.ts";
import { ChainProtocolError } from "./chain_error.ts";
import type { DatagramSeal } from "./datagram_seal.ts";
import type { DropCounts, DropReason } from "./drop_reason.ts";
import { FramePool } from "./frame_pool.ts";
import {
  DEFAULT_MAX_FRAME_BYTES,
  type FrameWindowOptions,
} from "./frame_window.ts";
import { encodeNack } from "./feedback_datagram.ts";
import { RelayStream } from "./relay_stream.ts";
import type { RepairFigures } from "./repair_requester.ts";
import type { FragmentStore, StoredFrame } from "./repair_responder.ts";
import type { RelaySnapshot } from "./relay_figures.ts";
import {
  type RelayOutcome,
  ReusedOutcome,
  type StreamEnd,
} from "./relay_outcome.ts";
import type { ChainWire } from "./report.ts";
import {
  decodeStrandcastDatagram,
  isStrandcastDatagram,
  type StrandcastChunk,
  type StrandcastEnd,
} from "./strandcast_datagram.ts";
import { TextMemory } from "./text_memory.ts";

/** Limits of a relay; each has a default. */
export interface RelayOptions extends FrameWindowOptions {
  /** Larger frames are refused. */
  readonly maxFrameBytes?: number;
  /** Gives the frames' buffers; one of its own by default. */
  readonly pool?: FramePool;
}

/** Takes every datagram that a peer receives. */
export class Relay implements FragmentStore {
  readonly #stream: RelayStream;
  readonly #header = new BinaryHeader();
  readonly #maxFrameBytes: number;
  readonly #outcome = new ReusedOutcome();
  readonly #texts = new TextMemory();
  #guarded = false;
  #seal: DatagramSeal | undefined;
  #downstreamWire: ChainWire | undefined;

  /** Waits for a stream. */
  constructor(options: RelayOptions = {}) {
    const { pool = new FramePool(), ...limits } = options;
    this.#maxFrameBytes = limits.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES;
    this.#stream = new RelayStream({ ...limits, pool });
  }

  /** Bytes held for frames that are not whole yet: bounded by the options. */
  get bytesInFlight(): number {
    return this.#stream.bytesInFlight;
  }

  /** Frames that are not whole yet: bounded by the options. */
  get framesInFlight(): number {
    return this.#stream.framesInFlight;
  }

  /** Datagrams dropped by reason since the relay began, over all streams. */
  get dropTotals(): Readonly<DropCounts> {
    return this.#stream.figures.dropTotals;
  }

  /**
   * What the next peer reads. Datagrams of the other wire are not forwarded:
   * the shell writes whole frames and ends anew. `undefined` (nobody there,
   * or it does not matter) forwards either.
   */
  setDownstreamWire(wire: ChainWire | undefined): void {
    this.#downstreamWire = wire;
  }

  /**
   * What datagrams must be sealed with. Only streams that the coordinator
   * announced are taken then: an older one may be a replay.
   */
  setSeal(seal: DatagramSeal | undefined): void {
    this.#seal = seal;
  }

  /**
   * Whether the coordinator has named the upstream. Datagrams of anybody else
   * are dropped then, whatever they say, while the upstream sends. While it is
   * silent, fragments of the stream that the coordinator announced are taken
   * from elsewhere: nobody else knows that stream's id, and a chain that is
   * being closed over a gap sends before we hear who it is.
   */
  guardUpstream(guarded: boolean): void {
    this.#guarded = guarded;
  }

  /**
   * The coordinator says over its session that it plays `streamId`: that stream
   * is taken at once, whoever its datagrams come from, unless a guarded
   * upstream sends.
   */
  announceStream(streamId: number): void {
    this.#stream.gate.announce(streamId);
  }

  /**
   * Takes a datagram that came at `nowUs` (µs since the epoch; must not run
   * backwards). `fromUpstream`: it came from the address of the previous peer.
   * The result is valid until the next call; its frame is the caller's.
   */
  receive(
    datagram: Uint8Array,
    nowUs: number,
    fromUpstream: boolean,
  ): RelayOutcome {
    const outcome = this.#outcome;
    outcome.clear();
    outcome.drop = !fromUpstream && this.#guarded &&
        !this.#mayStandIn(datagram, nowUs)
      ? "stranger"
      : isBinaryDatagram(datagram)
      ? this.#seal?.check(datagram) ||
        this.#receiveBinary(datagram, nowUs, fromUpstream)
      : this.#seal !== undefined
      ? "unsealed"
      : isStrandcastDatagram(datagram)
      ? this.#receiveStrandcast(datagram, nowUs, fromUpstream)
      : "unknown-wire";
    this.#stream.figures.countDatagram(outcome.drop);
    return outcome;
  }

  /**
   * Takes the coordinator's own word, over its session, that a stream is over.
   * Gives the end at first sight; the datagrams that say the same are copies.
   * A stream that comes over an existing peer has lost its id: the word is
   * for what is played.
   */
  receiveEnd(
    streamId: number,
    frames: number,
    nowUs: number,
  ): StreamEnd | undefined {
    const { gate } = this.#stream;
    if (gate.wire !== "strandcast" && gate.streamId !== streamId) {
      if (streamId === 0) return undefined;
      if (gate.admitBinary(streamId, nowUs, true) !== "new") return undefined;
      this.#stream.begin("binary", streamId, nowUs);
    }
    const end = this.#stream.end(frames, true, "", nowUs);
    return typeof end === "object" ? end : undefined;
  }

  /** The stream whose fragments can be sent again; 0 for none. */
  get storedStreamId(): number {
    return this.#stream.storedStreamId;
  }

  /** A frame whose fragments can be sent again; valid until the next `receive`. */
  stored(frame: number): StoredFrame | undefined {
    return this.#stream.stored(frame);
  }

  /** When to call `nack`; `undefined` while nothing is missing. */
  get nackAtUs(): number | undefined {
    return this.#stream.requester.nextLookUs;
  }

  /** The question for what is missing, for the upstream; `undefined` when there is none now. */
  nack(nowUs: number): Uint8Array<ArrayBuffer> | undefined {
    const { requester, gate } = this.#stream;
    const wanted = requester.look(nowUs);
    return wanted.length === 0
      ? undefined
      : encodeNack(gate.streamId, wanted, nowUs, this.#seal);
  }

  /** What repair has done in this stream. */
  get repairFigures(): RepairFigures & { readonly replaced: number } {
    return this.#stream.repairFigures;
  }

  /** The relay's part of a peer's report. */
  snapshot(nowUs: number): RelaySnapshot {
    return this.#stream.snapshot(nowUs);
  }

  /** Lets go of every frame in flight. */
  close(): void {
    this.#stream.close();
  }

  /** Whether a datagram that is not of the guarded upstream is taken all the same. */
  #mayStandIn(datagram: Uint8Array, nowUs: number): boolean {
    const header = this.#header;
    const { gate } = this.#stream;
    return gate.isUpstreamSilent(nowUs) &&
      readBinaryHeader(datagram, header) === 0 &&
      header.type === BINARY_TYPE.fragment &&
      header.streamId === gate.announced;
  }

  #receiveBinary(
    datagram: Uint8Array,
    nowUs: number,
    fromUpstream: boolean,
  ): DropReason | 0 {
    const header = this.#header;
    const unreadable = readBinaryHeader(datagram, header);
    if (unreadable !== 0) return unreadable;
    if (header.frameBytes > this.#maxFrameBytes) return "too-large";
    const { gate, fragments, figures, requester } = this.#stream;
    const place = gate.admitBinary(header.streamId, nowUs, fromUpstream);
    if (place === "new") {
      const isAnnounced = header.streamId === gate.announced;
      if (this.#seal !== undefined && !isAnnounced) return "foreign-stream";
      this.#stream.begin("binary", header.streamId, nowUs);
      this.#outcome.started = header.streamId;
    } else if (place !== "current") return place;
    const mayJump = gate.mayJump(nowUs, fromUpstream);
    const refused = header.type === BINARY_TYPE.end
      ? this.#noteEnd(header.frameNumber, mayJump, "", nowUs)
      : header.type === BINARY_TYPE.parity
      ? fragments.addParity(header, datagram, mayJump)
      : fragments.add(header, datagram, mayJump);
    if (refused !== 0) return refused;
    gate.accept(nowUs, fromUpstream);
    if (header.type === BINARY_TYPE.fragment) {
      figures.countTransit((nowUs - header.hopTimeUs) | 0);
      requester.arrived(
        header.frameNumber,
        header.index,
        header.total,
        (header.flags & BINARY_FLAG.repair) !== 0,
        nowUs,
      );
    } else if (header.type === BINARY_TYPE.parity) {
      requester.expectParity();
    }
    if (header.type !== BINARY_TYPE.end) {
      this.#outcome.frame = this.#stream.pass(
        header.frameNumber,
        "",
        header,
        nowUs,
      );
    }
    if (this.#downstreamWire !== "strandcast") {
      this.#outcome.forward = true;
      setHopTime(datagram, nowUs);
    }
    return 0;
  }

  #receiveStrandcast(
    datagram: Uint8Array,
    nowUs: number,
    fromUpstream: boolean,
  ): DropReason | 0 {
    let refused: DropReason | 0;
    try {
      const message = decodeStrandcastDatagram(datagram);
      if (message.type === "data") {
        refused = this.#texts.take(message) ? 0 : "duplicate";
        if (refused === 0) this.#outcome.text = message;
      } else refused = this.#strandcastVideo(message, nowUs, fromUpstream);
    } catch (error) {
      if (error instanceof ChainProtocolError) return "bad-json";
      throw error;
    }
    this.#outcome.forward = refused === 0 && this.#downstreamWire !== "binary";
    return refused;
  }

  #strandcastVideo(
    message: StrandcastChunk | StrandcastEnd,
    nowUs: number,
    fromUpstream: boolean,
  ): DropReason | 0 {
    const { gate, chunks } = this.#stream;
    const isChunk = message.type === "video_frame";
    const { newest } = chunks;
    if (!isChunk && gate.straggles(message.frames, newest, nowUs)) {
      return "stale";
    }
    // An end belongs to the stream that runs, whatever number it carries.
    const number = isChunk ? message.frameNumber : Math.max(1, newest);
    const place = gate.admitStrandcast(
      number,
      newest,
      nowUs,
      fromUpstream,
    );
    if (place === "new") {
      this.#stream.begin("strandcast", 0, nowUs);
      this.#outcome.started = 0;
    } else if (place !== "current") return place;
    const mayJump = gate.mayJump(nowUs, fromUpstream);
    const refused = isChunk
      ? chunks.add(message, mayJump)
      : this.#noteEnd(message.frames, mayJump, message.origin, nowUs);
    if (refused !== 0) return refused;
    gate.accept(nowUs, fromUpstream);
    if (isChunk) {
      const { origin } = message;
      this.#outcome.frame = this.#stream.pass(number, origin, undefined, nowUs);
    }
    return 0;
  }

  #noteEnd(
    frames: number,
    mayJump: boolean,
    origin: string,
    nowUs: number,
  ): DropReason | 0 {
    const end = this.#stream.end(frames, mayJump, origin, nowUs);
    if (typeof end !== "object") return end;
    this.#outcome.end = end;
    return 0;
  }
}
