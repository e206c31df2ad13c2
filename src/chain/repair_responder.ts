/**
 * The sender's half of a hop's repair: keeps nothing itself, but decides which
 * of the fragments that were asked for are sent again, and how much of that
 * there may be.
 *
 * @module
 */

import { type WantedFragment, WHOLE_FRAME } from "./feedback_datagram.ts";

/**
 * Share of what is sent that may be sent again. A tenth of all datagrams lost,
 * and a tenth of those sent again, needs an eighth of the rate.
 */
const REPAIR_SHARE = 0.3;
/** Bytes of repair that may be saved up: three frames of the kind we play. */
const MAX_SAVED_BYTES = 512 * 1024;
/** Bytes that one question is answered with: a third of the smallest receive buffer. */
const MAX_ANSWER_BYTES = 64 * 1024;
/**
 * A fragment that was sent again so lately is on its way still: questions that
 * cross it ask for nothing new.
 */
const RESEND_SPACING_US = 6000;

/** A frame that was sent or forwarded not long ago. */
export interface StoredFrame {
  /** Its number. */
  readonly number: number;
  /** Its bytes; of a partial one, those at the fragments it has. */
  readonly bytes: Uint8Array;
  /** Its fragments. */
  readonly total: number;
  /** When the coordinator sent it, µs since the epoch. */
  readonly originTimeUs: number;
  /** Whether the fragment was sent or forwarded, and can be again. */
  has(index: number): boolean;
}

/** The frames of one stream that are still there. */
export interface FragmentStore {
  /** The stream; 0 for none. */
  readonly storedStreamId: number;
  /** A frame of it; `undefined` when it is gone, or not there yet. */
  stored(frame: number): StoredFrame | undefined;
}

/** What was asked of a sender, and what it did. */
export interface AnswerFigures {
  /** Fragments that were asked for. */
  readonly asked: number;
  /** Fragments sent again. */
  readonly resent: number;
  /** Not sent again: asked for too often or too soon, or too much at a time. */
  readonly withheld: number;
  /** Not sent again because they are not there. */
  readonly unknown: number;
}

/** Answers one hop's questions. */
export class RepairResponder {
  readonly #lastSentUs = new Map<number, Float64Array>();
  #streamId = 0;
  #savedBytes = MAX_SAVED_BYTES;
  #asked = 0;
  #resent = 0;
  #withheld = 0;
  #unknown = 0;

  /** What was asked, and what became of it. */
  get figures(): AnswerFigures {
    return {
      asked: this.#asked,
      resent: this.#resent,
      withheld: this.#withheld,
      unknown: this.#unknown,
    };
  }

  /** `bytes` were sent for the first time: a share of that may be sent again. */
  sent(bytes: number): void {
    this.#savedBytes = Math.min(
      MAX_SAVED_BYTES,
      this.#savedBytes + bytes * REPAIR_SHARE,
    );
  }

  /** The fragments to send again now, of those that are `wanted`. */
  answer(
    wanted: readonly WantedFragment[],
    store: FragmentStore,
    nowUs: number,
  ): WantedFragment[] {
    if (store.storedStreamId !== this.#streamId) {
      this.#streamId = store.storedStreamId;
      this.#lastSentUs.clear();
    }
    const answer: WantedFragment[] = [];
    let room = Math.min(MAX_ANSWER_BYTES, this.#savedBytes);
    const spend = (stored: StoredFrame, index: number): void => {
      this.#asked++;
      const bytes = Math.ceil(stored.bytes.length / stored.total);
      const times = this.#timesOf(stored);
      if (!stored.has(index)) this.#unknown++;
      else if (bytes > room || nowUs - times[index]! < RESEND_SPACING_US) {
        this.#withheld++;
      } else {
        times[index] = nowUs;
        room -= bytes;
        this.#savedBytes -= bytes;
        this.#resent++;
        answer.push({ frame: stored.number, index });
      }
    };
    for (const { frame, index } of wanted) {
      const stored = store.stored(frame);
      if (stored === undefined) {
        this.#asked++;
        this.#unknown++;
      } else if (index !== WHOLE_FRAME) spend(stored, index);
      else {
        for (let each = 0; each < stored.total; each++) {
          if (stored.has(each)) spend(stored, each);
        }
      }
    }
    this.#forget(store);
    return answer;
  }

  #timesOf({ number, total }: StoredFrame): Float64Array {
    let times = this.#lastSentUs.get(number);
    if (times?.length !== total) {
      times = new Float64Array(total).fill(-Infinity);
      this.#lastSentUs.set(number, times);
    }
    return times;
  }

  /** What is not stored any more is not sent again: its times are of no use. */
  #forget(store: FragmentStore): void {
    for (const frame of this.#lastSentUs.keys()) {
      if (store.stored(frame) === undefined) this.#lastSentUs.delete(frame);
    }
  }
}
