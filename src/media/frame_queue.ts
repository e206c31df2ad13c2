/**
 * A bounded queue between one producer and one consumer.
 *
 * @module
 */

/** Holds at most `limit` items; a full one makes the producer wait, or drops the oldest. */
export class FrameQueue<T> {
  readonly #limit: number;
  readonly #dropOldest: boolean;
  readonly #items: T[] = [];
  #consumer: PromiseWithResolvers<void> | undefined;
  #producer: PromiseWithResolvers<void> | undefined;
  #state: "open" | "ended" | "closed" = "open";
  #error: unknown;

  /** An empty queue. */
  constructor(limit: number, dropOldest: boolean) {
    this.#limit = limit;
    this.#dropOldest = dropOldest;
  }

  /** Whether the consumer has gone. */
  get isClosed(): boolean {
    return this.#state === "closed";
  }

  /** Adds an item; resolves when there is room for another. */
  async push(item: T): Promise<void> {
    if (this.#state !== "open") return;
    this.#items.push(item);
    this.#consumer?.resolve();
    if (this.#dropOldest) {
      if (this.#items.length > this.#limit) this.#items.shift();
      return;
    }
    while (this.#state === "open" && this.#items.length >= this.#limit) {
      this.#producer = Promise.withResolvers();
      await this.#producer.promise;
    }
  }

  /** There will be no more items; those in the queue can still be taken. */
  end(): void {
    if (this.#state === "open") this.#state = "ended";
    this.#consumer?.resolve();
  }

  /** As {@linkcode FrameQueue.end}, and `next` throws `error` after the last item. */
  fail(error: unknown): void {
    this.#error ??= error;
    this.end();
  }

  /** The consumer goes: the items are thrown away and nobody waits any more. */
  close(): void {
    this.#state = "closed";
    this.#items.length = 0;
    this.#consumer?.resolve();
    this.#producer?.resolve();
  }

  /** The next item, as soon as there is one; `undefined` after the last. */
  async next(): Promise<T | undefined> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) {
        this.#producer?.resolve();
        return item;
      }
      if (this.#state === "closed") return undefined;
      if (this.#state === "ended") {
        if (this.#error !== undefined) throw this.#error;
        return undefined;
      }
      this.#consumer = Promise.withResolvers();
      await this.#consumer.promise;
    }
  }
}
