/**
 * Levels of quality of a hosted film: made by ffmpeg in the background, each a
 * film of its own that takes the other's place in the room at the same position.
 *
 * @module
 */

import { basename, extname, join } from "node:path";
import {
  ensureFfmpeg,
  fileInput,
  probeVideo,
  runFfmpeg,
} from "../../media/mod.ts";
import type { ServiceContext } from "../context.ts";
import type { ShareHost } from "./host.ts";
import {
  AUTO,
  levelNamed,
  ORIGINAL,
  QUALITY_LEVELS,
  QualityChooser,
  type QualityLevel,
  SOUND_BITRATE,
} from "./quality_choice.ts";

/** How often the viewers are looked at, ms. */
const LOOK_MS = 1000;
/** Seconds between pictures that stand for themselves: a player begins at one. */
const KEY_S = 2;

/** What levels are made of. */
export interface QualityLevelsOptions {
  /** The film as it is. */
  readonly file: string;
  /** Seconds, when they are known. */
  readonly duration: number | null;
  /** `auto`, `original`, or a level. */
  readonly quality: string;
  /** Path given with `--ffmpeg`. */
  readonly ffmpeg: string | undefined;
}

interface Made {
  readonly level: QualityLevel;
  readonly path: string;
  state: "waits" | "is made" | "ready" | "failed";
  part: number;
}

/** The levels of a film that is hosted. */
export class QualityLevels implements AsyncDisposable {
  readonly #host: Pick<ShareHost, "client" | "replace">;
  readonly #options: QualityLevelsOptions;
  readonly #context: ServiceContext;
  readonly #folder: string;
  readonly #made: Made[] = [];
  readonly #over = new AbortController();
  #chooser: QualityChooser | undefined;
  #wanted: string;
  #on: string = ORIGINAL;
  #working: Promise<void> = Promise.resolve();
  #switching: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor(
    host: Pick<ShareHost, "client" | "replace">,
    options: QualityLevelsOptions,
    context: ServiceContext,
    folder: string,
  ) {
    this.#host = host;
    this.#options = options;
    this.#context = context;
    this.#folder = folder;
    this.#wanted = options.quality;
  }

  /**
   * Begins to make the levels of a film that is hosted already.
   *
   * @throws {MediaError} without ffmpeg, or when it cannot read the film.
   */
  static async start(
    host: Pick<ShareHost, "client" | "replace">,
    options: QualityLevelsOptions,
    context: ServiceContext,
  ): Promise<QualityLevels> {
    const { path: ffmpeg } = await ensureFfmpeg({
      flag: options.ffmpeg,
      log: context.log,
      signal: context.signal,
    });
    const { height } = await probeVideo(ffmpeg, fileInput(options.file));
    const folder = await Deno.makeTempDir({ prefix: "streamtool_levels_" });
    const levels = new QualityLevels(host, options, context, folder);
    levels.#begin(ffmpeg, height ?? Infinity);
    return levels;
  }

  /** The level that is on. */
  get on(): string {
    return this.#on;
  }

  /** Changes to a level as soon as it is there; gives what happens. */
  choose(word: string): string {
    const name = levelNamed(word)?.name ?? word;
    this.#wanted = name;
    if (name === AUTO) return "the program chooses the quality";
    if (name === ORIGINAL) {
      this.#go(ORIGINAL);
      return "everybody goes over to the film as it is";
    }
    const made = this.#made.find(({ level }) => level.name === name);
    if (made === undefined) return `the film has no more than ${name}`;
    if (made.state !== "ready") {
      return `${name} ${made.state} (${
        Math.round(100 * made.part)
      } %): everybody goes over when it is ready`;
    }
    this.#go(name);
    return `everybody goes over to ${name}`;
  }

  /** Stops, and removes the levels. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#over.abort();
    await this.#working.catch(() => {});
    await this.#switching.catch(() => {});
    await Deno.remove(this.#folder, { recursive: true }).catch(() => {});
  }

  #begin(ffmpeg: string, height: number): void {
    const { file, duration } = this.#options;
    const stem = basename(file, extname(file));
    for (const level of QUALITY_LEVELS) {
      if (level.height >= height) continue;
      const path = join(this.#folder, `${stem}.${level.name}.mp4`);
      this.#made.push({ level, path, state: "waits", part: 0 });
    }
    // The one that is waited for comes first, then the smallest: it helps most.
    const order = this.#made.toSorted((a, b) =>
      Number(b.level.name === this.#wanted) -
      Number(a.level.name === this.#wanted)
    );
    const { size } = Deno.statSync(file);
    const original = duration === null ? Infinity : 8 * size / duration;
    this.#chooser = new QualityChooser([
      ...this.#made.map(({ level }) => level.bitrate + SOUND_BITRATE),
      original,
    ]);
    this.#working = this.#makeAll(ffmpeg, order);
    this.#working.catch((error) => {
      if (!this.#over.signal.aborted) this.#context.log.warn(String(error));
    });
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  async #makeAll(ffmpeg: string, order: readonly Made[]): Promise<void> {
    const { duration } = this.#options;
    for (const made of order) {
      const { level } = made;
      made.state = "is made";
      try {
        await runFfmpeg(ffmpeg, this.#arguments(made), {
          signal: this.#over.signal,
          onProgress: ({ seconds }) => {
            made.part = Math.min(1, seconds / (duration ?? Infinity));
          },
        });
      } catch (error) {
        made.state = "failed";
        throw error;
      }
      made.state = "ready";
      made.part = 1;
      this.#context.log.info(`${level.name} is ready`);
      this.#context.emit({ event: "level", name: level.name });
      if (this.#wanted === level.name) this.#go(level.name);
    }
  }

  #arguments({ level: { height, bitrate }, path }: Made): string[] {
    return [
      ...["-y", "-i", this.#options.file],
      ...["-map", "0:v:0", "-map", "0:a:0?", "-sn", "-dn"],
      ...["-vf", `scale=-2:${height}`, "-pix_fmt", "yuv420p"],
      ...["-c:v", "libx264", "-preset", "veryfast", "-b:v", `${bitrate}`],
      ...["-maxrate", `${1.5 * bitrate}`, "-bufsize", `${2 * bitrate}`],
      ...["-force_key_frames", `expr:gte(t,n_forced*${KEY_S})`],
      ...["-c:a", "aac", "-b:a", `${SOUND_BITRATE}`, "-ac", "2"],
      ...["-movflags", "+faststart", path],
    ];
  }

  #look(): void {
    if (this.#wanted !== AUTO || this.#chooser === undefined) return;
    const { statuses } = this.#host.client.state;
    const next = this.#chooser.look([...statuses.values()], performance.now());
    if (next === undefined) return;
    const made = this.#made[next];
    if (made === undefined) this.#go(ORIGINAL);
    else if (made.state === "ready") this.#go(made.level.name);
    // What is not there yet is looked for again; what is on stays on.
    else this.#chooser.set(this.#indexOf(this.#on), performance.now());
  }

  #indexOf(name: string): number {
    const index = this.#made.findIndex(({ level }) => level.name === name);
    return index < 0 ? this.#made.length : index;
  }

  #go(name: string): void {
    if (this.#on === name) return;
    this.#on = name;
    this.#chooser?.set(this.#indexOf(name), performance.now());
    const made = this.#made.find(({ level }) => level.name === name);
    const path = made?.path ?? this.#options.file;
    this.#switching = this.#switching
      .then(() => this.#host.replace(path, this.#options.duration))
      .then(() => {
        this.#context.log.info(`Quality: ${name}`);
        this.#context.emit({ event: "quality", name });
      })
      .catch((error) => this.#context.log.error(String(error)));
  }
}
