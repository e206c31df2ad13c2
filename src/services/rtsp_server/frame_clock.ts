/**
 * One timer for everything that has to leave on time.
 *
 * A hundred viewers with a timer each wake the process 2400 times a second; on
 * a common grid they wake it at most 250 times, and whoever is due in the same
 * slot is served in one go.
 *
 * @module
 */

/** Slots are so far apart, ms: well below the 5 ms that a frame may be off. */
export const SLOT_MS = 4;

/** Calls back at times of `performance.now()`, rounded up to the next slot. */
export class FrameClock {
  readonly #slots = new Map<number, (() => void)[]>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wakeSlot = Infinity;
  #closed = false;
  #wokeAt: number | undefined;

  /**
   * Now, in `performance.now()`'s milliseconds. Within a task it is when the
   * slot's first was called: a hundred tasks ask the system once.
   */
  get now(): number {
    return this.#wokeAt ?? performance.now();
  }

  /**
   * Calls `task` at `atMs` or up to one slot later. Tasks of a slot keep their
   * order; they must not throw.
   */
  schedule(atMs: number, task: () => void): void {
    if (this.#closed) return;
    const slot = Math.max(
      Math.ceil(atMs / SLOT_MS),
      Math.ceil(this.now / SLOT_MS),
    );
    const tasks = this.#slots.get(slot);
    if (tasks === undefined) this.#slots.set(slot, [task]);
    else tasks.push(task);
    if (slot < this.#wakeSlot) this.#arm(slot);
  }

  #arm(slot: number): void {
    clearTimeout(this.#timer);
    this.#wakeSlot = slot;
    // Timers cut fractions off: too early, there would be nothing to do yet.
    const delay = Math.ceil(slot * SLOT_MS - performance.now());
    this.#timer = setTimeout(() => this.#wake(), Math.max(0, delay));
  }

  #wake(): void {
    const now = performance.now();
    this.#wakeSlot = Infinity;
    this.#wokeAt = now;
    const due = [...this.#slots.keys()]
      .filter((slot) => slot * SLOT_MS <= now)
      .sort((a, b) => a - b);
    for (const slot of due) {
      const tasks = this.#slots.get(slot) ?? [];
      this.#slots.delete(slot);
      for (const task of tasks) task();
    }
    this.#wokeAt = undefined;
    const next = Math.min(...this.#slots.keys());
    if (next < this.#wakeSlot) this.#arm(next);
  }

  /** Forgets every task, and those to come. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#slots.clear();
  }
}
