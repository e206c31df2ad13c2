/**
 * What the server tells a member about the film: that one is on, who wants it,
 * and by which way.
 *
 * @module
 */

import type { Bytes } from "./chunk.ts";
import type { Fields } from "./event_fields.ts";
import type { FilmPaths } from "./film_paths.ts";
import type { PartyFilm } from "./party_film.ts";
import { rangeAnswer } from "./range_answer.ts";

/** Who hears it. */
export interface FilmListeners {
  /** The room's film. */
  readonly film: PartyFilm;
  /** The ways it takes. */
  readonly paths: FilmPaths;
  /** Answers a request of the relay over HTTP; `undefined`: we cannot. */
  readonly postAnswer:
    | ((id: string, bytes: Bytes | undefined) => void)
    | undefined;
}

/** Where the two ends of a connection tell each other of it. */
const SIGNALS = [
  ["webrtc-offer", "offer"],
  ["webrtc-answer", "answer"],
  ["ice-candidate", "candidate"],
] as const;

/** Listens to all of it; `on` registers a listener with the socket. */
export function listenForFilm(
  on: (event: string, listener: (fields: Fields) => void) => void,
  { film, paths, postAnswer }: FilmListeners,
): void {
  async function answer({ id, what, start, end }: Fields): Promise<void> {
    if (typeof id !== "string" || postAnswer === undefined) return;
    const { sender } = film;
    let bytes: Bytes | undefined;
    try {
      bytes = sender &&
        await rangeAnswer(sender, what, Number(start), Number(end));
    } catch {
      // The file is gone or was cut: nothing is answered, and that says so.
    }
    postAnswer(id, bytes);
  }
  on("streaming-started", (fields) =>
    film.tell({
      userId: String(fields.userId),
      metadata: fields.metadata,
      totalChunks: Number(fields.totalChunks),
      quality: String(fields.quality),
    }));
  on("streaming-stopped", () => film.tell(undefined));
  on(
    "join-stream-request",
    ({ participantId }) => paths.wanted(String(participantId)),
  );
  for (const [event, field] of SIGNALS) {
    on(
      event,
      (fields) => paths.signal(String(fields.fromUserId), fields[field]),
    );
  }
  on(
    "relay-ready",
    ({ participantId, ticket, asked }) =>
      void paths.relayReady(
        String(participantId),
        typeof ticket === "string" ? ticket : null,
        asked === true,
      ),
  );
  on("range-request", (fields) => void answer(fields));
}
