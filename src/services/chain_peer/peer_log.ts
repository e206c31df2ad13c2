/**
 * The peer's log file in the form that the existing documents show:
 * `[YYYY-MM-DD HH:MM:SS.mmm] text`, local time.
 *
 * @module
 */

/** One line of a peer's log file, without its newline. */
export function formatPeerLogLine(time: Date, text: string): string {
  const pad = (value: number, width = 2): string =>
    String(value).padStart(width, "0");
  const day = `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${
    pad(time.getDate())
  }`;
  const clock = `${pad(time.getHours())}:${pad(time.getMinutes())}:${
    pad(time.getSeconds())
  }.${pad(time.getMilliseconds(), 3)}`;
  return `[${day} ${clock}] ${text}`;
}

/** Appends lines to a file, in order, without holding up the caller. */
export class PeerLog implements AsyncDisposable {
  readonly #path: string;
  readonly #onError: (error: unknown) => void;
  #pending: string[] = [];
  #writing: Promise<void> | undefined;
  #failed = false;

  private constructor(path: string, onError: (error: unknown) => void) {
    this.#path = path;
    this.#onError = onError;
  }

  /**
   * Starts the file afresh. `onError` is told once when the file cannot be
   * written any more; later lines are dropped.
   *
   * @throws {Error} when the file cannot be created.
   */
  static async create(
    path: string,
    onError: (error: unknown) => void,
  ): Promise<PeerLog> {
    try {
      await Deno.writeTextFile(path, "");
    } catch (error) {
      throw new Error(
        `Cannot write the log file "${path}": ${
          error instanceof Error ? error.message : error
        }. Pass --log-file with a place you may write to`,
        { cause: error },
      );
    }
    return new PeerLog(path, onError);
  }

  /** Adds a line with the time of now. */
  write(text: string): void {
    if (this.#failed) return;
    this.#pending.push(formatPeerLogLine(new Date(), text) + "\n");
    this.#writing ??= this.#drain();
  }

  async #drain(): Promise<void> {
    try {
      while (this.#pending.length > 0) {
        const text = this.#pending.join("");
        this.#pending = [];
        await Deno.writeTextFile(this.#path, text, { append: true });
      }
    } catch (error) {
      this.#failed = true;
      this.#pending = [];
      this.#onError(error);
    } finally {
      this.#writing = undefined;
    }
  }

  /** Waits until every line is in the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
  }
}
