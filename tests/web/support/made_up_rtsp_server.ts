/**
 * An RTSP server that exists in figures only, for tests of its page: streams run and fail, viewers
 * come, lose and go as told, and the figures hang together as real ones do.
 *
 * @module
 */

import type {
  ServerReport,
  SessionReport,
  StreamReport,
} from "../../../src/services/rtsp_server/report.ts";

/** Bytes of a frame, and packets it is cut into. */
const FRAME_BYTES = 25_000;
const PACKETS_A_FRAME = 18;

/** A stream as a test tells it. */
export type MadeUpStream =
  & { -readonly [K in keyof StreamReport]: StreamReport[K] }
  & Pick<StreamReport, "name">;

/** A viewer as a test tells it: what is counted grows with the time. */
export type MadeUpSession = {
  -readonly [K in keyof SessionReport]: SessionReport[K];
};

/** A server whose time is told, so that tests and screenshots always show the same. */
export class MadeUpRtspServer {
  /** All streams. */
  readonly streams: MadeUpStream[] = [];
  /** All viewers. */
  readonly sessions: MadeUpSession[] = [];
  #seconds = 754;
  #ids = 0;
  #ended = { frames: 0, packets: 0, bytes: 0, skipped: 0 };

  /** Adds a stream: a film of 640×480 that is ready, unless told otherwise. */
  stream(name: string, facts: Partial<StreamReport> = {}): this {
    const live = facts.kind === "live";
    this.streams.push({
      name,
      path: `/${name}`,
      url: `rtsp://127.0.0.1:8554/${encodeURIComponent(name)}`,
      source: live ? "camera:0" : `${name}.mjpeg`,
      kind: "file",
      state: "ready",
      problem: null,
      width: 640,
      height: 480,
      fps: 24,
      duration: live ? null : 92.5,
      viewers: 0,
      kbps: 0,
      ...facts,
    });
    return this;
  }

  /** Adds a viewer of a stream: one that plays by UDP and loses nothing, unless told otherwise. */
  watch(stream: string, facts: Partial<SessionReport> = {}): MadeUpSession {
    const index = this.#ids++;
    const { fps, kind } = this.find(stream);
    const seconds = facts.seconds ?? 31 + index * 17;
    const frames = Math.round(seconds * fps);
    const session: MadeUpSession = {
      id: (0xa1f4_09c3 + index * 0x0101_3377).toString(16).padStart(8, "0")
        .repeat(2).toUpperCase(),
      stream,
      dialect: "standard",
      transport: "udp",
      secure: false,
      address: `192.168.1.${20 + index}`,
      user: null,
      state: "playing",
      position: kind === "live" ? null : seconds % 92,
      framesSent: frames,
      framesSkipped: 0,
      packetsSent: frames * PACKETS_A_FRAME,
      bytesSent: frames * FRAME_BYTES,
      fps,
      kbps: fps * FRAME_BYTES * 8 / 1000,
      fractionLost: 0,
      packetsLost: 0,
      jitterMs: 0.42 + 0.31 * (index % 4),
      roundTripMs: 1.2 + 0.9 * (index % 5),
      ...facts,
      seconds,
    };
    this.sessions.push(session);
    return session;
  }

  /** The stream of that name. */
  find(name: string): MadeUpStream {
    const found = this.streams.find((one) => one.name === name);
    if (found === undefined) throw new Error(`Cannot find stream "${name}"`);
    return found;
  }

  /** A source goes away; its viewers get nothing. */
  lose(name: string, problem: string): void {
    const stream = this.find(name);
    stream.state = "retrying";
    stream.problem = problem;
  }

  /** It is back. */
  recover(name: string): void {
    const stream = this.find(name);
    stream.state = "ready";
    stream.problem = null;
  }

  /** Ends a session; `false` when there is none of that id. */
  end(id: string): boolean {
    const index = this.sessions.findIndex((one) => one.id === id);
    const [gone] = index < 0 ? [] : this.sessions.splice(index, 1);
    if (gone === undefined) return false;
    this.#ended.frames += gone.framesSent;
    this.#ended.packets += gone.packetsSent;
    this.#ended.bytes += gone.bytesSent;
    this.#ended.skipped += gone.framesSkipped;
    return true;
  }

  /** Time passes: who plays gets frames, and what is measured moves a little. */
  pass(seconds: number): this {
    this.#seconds += seconds;
    for (const [index, session] of this.sessions.entries()) {
      session.seconds += seconds;
      const { state, fps } = this.find(session.stream);
      const plays = session.state === "playing" && state === "ready";
      const wave = 0.01 * Math.sin(this.#seconds / 3 + index);
      session.fps = plays ? fps * (1 + wave) : 0;
      session.kbps = session.fps * FRAME_BYTES * 8 / 1000;
      if (!plays) continue;
      const frames = Math.round(fps * seconds);
      session.framesSent += frames;
      session.packetsSent += frames * PACKETS_A_FRAME;
      session.bytesSent += frames * FRAME_BYTES;
      if (session.position !== null) session.position += seconds;
    }
    return this;
  }

  /** The server at this moment. */
  report(): ServerReport {
    const sum = (of: (session: SessionReport) => number): number =>
      this.sessions.reduce((all, session) => all + of(session), 0);
    return {
      streams: this.streams.map((stream) => {
        const own = this.sessions.filter((one) => one.stream === stream.name);
        return {
          ...stream,
          viewers: own.length,
          kbps: own.reduce((all, { kbps }) => all + kbps, 0),
        };
      }),
      sessions: this.sessions.map((session) => ({ ...session })),
      connections: this.sessions.length,
      seconds: this.#seconds,
      totals: {
        connections: this.#ids + 3,
        sessions: this.#ids,
        frames: this.#ended.frames + sum(({ framesSent }) => framesSent),
        packets: this.#ended.packets + sum(({ packetsSent }) => packetsSent),
        bytes: this.#ended.bytes + sum(({ bytesSent }) => bytesSent),
        skipped: this.#ended.skipped +
          sum(({ framesSkipped }) => framesSkipped),
      },
    };
  }
}

/** What a small server is like on a good day: a film, a camera, a test picture. */
export function threeStreams(): MadeUpRtspServer {
  return new MadeUpRtspServer()
    .stream("fencing-final")
    .stream("camera", { kind: "live", width: 1280, height: 720, fps: 30 })
    .stream("pattern", {
      kind: "live",
      source: "pattern:640x480@24",
      state: "idle",
      width: 0,
      height: 0,
      fps: 0,
    });
}
