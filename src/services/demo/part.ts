/**
 * One of the systems in `demo`: what it is, how it is doing, and the processes
 * it consists of.
 *
 * @module
 */

import type { Logger } from "../../log/mod.ts";
import type { ServiceEvent } from "../context.ts";
import {
  type Child,
  type ChildEvent,
  startChild,
  type StartChildOptions,
  whenReady,
} from "../process/mod.ts";
import type { DemoClip } from "./clip.ts";

/** How long a part may take until it has shown that it works, beyond the clip's length. */
const PROOF_TIMEOUT_MS = 60_000;

/** The systems, in the order of the page. */
export type PartId = "chain" | "rtsp" | "referee" | "party";

/** How a part is doing; `proven` goes on, `failed` does not. */
export type PartState = "starting" | "running" | "proven" | "failed";

/** A part as the page and `--json` show it. */
export interface PartReport {
  readonly id: PartId;
  /** What it is, in a few words. */
  readonly title: string;
  readonly state: PartState;
  /** What was seen so far, a sentence with figures. */
  readonly says: string;
  /** Address of its own page; `null` before there is one. */
  readonly page: string | null;
  /** What a user types for the same, a command each. */
  readonly commands: readonly string[];
  /** Names of its live pictures, at `/parts/ID/NAME/frame` of the demo's page. */
  readonly pictures: readonly string[];
  /** What the link to its page is called. */
  readonly pageLabel: string;
  /** Phrases decided so far; the newest one's tracks are at `/parts/ID/timeline`. */
  readonly decided: number;
}

/** What a part needs of the demo. */
export interface PartContext {
  /** Folder for what comes of it. */
  readonly dir: string;
  readonly clip: DemoClip;
  /** Goes on after it is proven, until the signal. */
  readonly stay: boolean;
  /** Starts another process of this program. */
  readonly self: StartChildOptions["self"];
  /** Flags that every process with a decoder gets. */
  readonly ffmpegArgs: readonly string[];
  readonly log: Logger;
  emit(event: ServiceEvent): void;
}

/** What can change in a report. */
export type PartChange = Partial<
  Pick<PartReport, "says" | "page" | "commands" | "pictures">
>;

/** What a part does. */
export interface PartPlan {
  readonly id: PartId;
  readonly title: string;
  /** What the link to its page is called; "Open its page" when not given. */
  readonly pageLabel?: string;
  /**
   * Starts its processes and resolves with a sentence on what it has seen when
   * it has shown that it works.
   */
  readonly prove: (part: DemoPart) => Promise<string>;
}

/** What processes tell of themselves is too much for one terminal: only troubles are said aloud. */
function quieter(log: Logger): Logger {
  return {
    debug: (message, fields) => log.debug(message, fields),
    info: (message, fields) => log.debug(message, fields),
    warn: (message, fields) => log.warn(message, fields),
    error: (message, fields) => log.error(message, fields),
    isEnabled: (level) => log.isEnabled(level === "info" ? "debug" : level),
    child: (component) => quieter(log.child(component)),
  };
}

/** A running part. */
export class DemoPart {
  /** Aborts when the part shall stop. */
  readonly signal: AbortSignal;
  readonly context: PartContext;
  readonly #plan: PartPlan;
  readonly #children: Child[] = [];
  readonly #closing: (() => Promise<unknown>)[] = [];
  readonly #stop = new AbortController();
  readonly #frameUrls = new Map<string, URL>();
  #timeline: string | undefined;
  #report: PartReport;

  /** A part that has not begun; `signal` aborts when the demo shall stop. */
  constructor(plan: PartPlan, context: PartContext, signal: AbortSignal) {
    this.#plan = plan;
    this.context = { ...context, log: quieter(context.log) };
    this.signal = AbortSignal.any([signal, this.#stop.signal]);
    this.#report = {
      id: plan.id,
      title: plan.title,
      state: "starting",
      says: "Starting",
      page: null,
      commands: [],
      pictures: [],
      pageLabel: plan.pageLabel ?? "Open its page",
      decided: 0,
    };
  }

  /** How it is doing now. */
  get report(): PartReport {
    return this.#report;
  }

  /** Runs until it has shown that it works, or has failed; never throws. */
  async run(): Promise<void> {
    const limit = this.context.clip.seconds * 1000 + PROOF_TIMEOUT_MS;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() =>
        reject(
          new Error(
            `Cannot show the ${this.#plan.id}: nothing to see after ${
              limit / 1000
            } s`,
          ),
        ), limit);
    });
    try {
      const says = await Promise.race([this.#plan.prove(this), tooLate]);
      this.#become("proven", { says });
    } catch (error) {
      if (this.signal.aborted) return;
      const says = error instanceof Error ? error.message : String(error);
      this.context.log.error(says);
      this.#become("failed", { says });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Says how it is doing. */
  update(change: PartChange): void {
    const state = this.#report.state === "starting"
      ? "running"
      : this.#report.state;
    this.#become(state, change);
  }

  /** Names the live pictures, and where each is on the part's own servers. */
  showPictures(pictures: ReadonlyMap<string, URL>): void {
    this.#frameUrls.clear();
    for (const [name, url] of pictures) this.#frameUrls.set(name, url);
    this.update({ pictures: [...pictures.keys()] });
  }

  /** Where a live picture is; `undefined` when there is none of that name. */
  frameUrl(name: string): URL | undefined {
    return this.#frameUrls.get(name);
  }

  /** Shows the tracks of a decided phrase, JSON, in the place of the one before. */
  showTimeline(tracks: string): void {
    this.#timeline = tracks;
    this.#become(this.#report.state, { decided: this.#report.decided + 1 });
  }

  /** The tracks of the newest decided phrase, JSON. */
  get timeline(): string | undefined {
    return this.#timeline;
  }

  /** Starts one of its processes; the part fails when it dies. */
  start(
    name: string,
    args: readonly string[],
    onEvent: (event: ChildEvent) => void = () => {},
  ): Child {
    const { self, log } = this.context;
    const child = startChild({ name, args, self, log, onEvent });
    this.#children.push(child);
    return child;
  }

  /** The address that a process of the part listens at under `label`. */
  async listening(child: Child, label: string): Promise<string> {
    const { url } = await whenReady(
      child,
      this.signal,
      (event) => event.event === "listening" && event.label === label,
    );
    return String(url);
  }

  /** Called when the part stops, before its processes do. */
  onClose(close: () => Promise<unknown>): void {
    this.#closing.push(close);
  }

  /** Stops its processes, the newest first. */
  async close(): Promise<void> {
    this.#stop.abort();
    for (const close of this.#closing.splice(0)) await close();
    for (const child of this.#children.splice(0).reverse()) await child.stop();
  }

  #become(state: PartState, change: Partial<PartReport>): void {
    const before = this.#report.state;
    this.#report = { ...this.#report, ...change, state };
    if (state !== before) {
      this.context.emit({ event: "part", ...this.#report });
    }
  }
}
