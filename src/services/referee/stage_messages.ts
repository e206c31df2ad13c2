/**
 * What the server and the worker of an analysis say to each other.
 *
 * @module
 */

import type {
  Analysis,
  ArrivingFrame,
  StageProgress,
} from "../../referee/mod.ts";
import type {
  FinishedPhrase,
  PhraseSession,
} from "../referee_server/analysis_stage.ts";

/** From the server; `phrase` tells the phrases apart. */
export type ToWorker =
  | {
    readonly type: "begin";
    readonly phrase: number;
    readonly session: PhraseSession;
    readonly config: unknown;
  }
  | {
    readonly type: "frame";
    readonly phrase: number;
    readonly frame: ArrivingFrame;
  }
  | {
    readonly type: "finish";
    readonly phrase: number;
    readonly finished: FinishedPhrase;
  }
  | { readonly type: "abandon"; readonly phrase: number };

/** From the worker. */
export type FromWorker =
  | {
    /** A frame was looked at. */
    readonly type: "taken";
    readonly phrase: number;
    readonly bytes: number;
  }
  | {
    readonly type: "progress";
    readonly phrase: number;
    readonly step: Parameters<StageProgress>;
  }
  | {
    readonly type: "done";
    readonly phrase: number;
    readonly analysis: Analysis;
  }
  | {
    /** Something went wrong outside of all phrases; the worker ends. */
    readonly type: "crashed";
    readonly reason: string;
  }
  | {
    readonly type: "failed";
    readonly phrase: number;
    readonly reason: string;
  };
