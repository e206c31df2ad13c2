// @ts-check
/**
 * How this page is doing, told to the others and shown once a second.
 *
 * @module
 */

/** @typedef {import("../../signaling/mod.ts").PartyClient} PartyClient */

/** With less film than this ahead further ways are opened, seconds. */
const HUNGRY_S = 8;
/** A film that comes this much quicker than it is played never stops. */
const MARGIN = 1.5;

/**
 * @param {object} parts
 * @param {ReturnType<typeof import("./signal_player.js").createPlayer>} parts.player
 * @param {ReturnType<typeof import("./signal_figures.js").createFigures>} parts.figures
 */
export function createStatus({ player, figures }) {
  let before = { at: 0, received: 0, sent: 0 };
  const rates = { down: 0, up: 0 };

  /**
   * @param {number} received
   * @param {number} sent
   */
  function measure(received, sent) {
    const now = performance.now();
    const seconds = (now - before.at) / 1000;
    if (before.at > 0) {
      rates.down = Math.max(0, received - before.received) * 8 / seconds;
      rates.up = Math.max(0, sent - before.sent) * 8 / seconds;
    }
    before = { at: now, received, sent };
  }

  /**
   * Once a second.
   *
   * @param {PartyClient} client
   * @param {import("./signal_film.js").ReceivedFilm | undefined} film
   * @param {import("../../signaling/mod.ts").FilmSender | undefined} sender
   */
  return function update(client, film, sender) {
    const received = film?.receiver.receivedBytes ?? 0;
    const sent = sender?.sentBytes ?? film?.swarm?.totals().sent ?? 0;
    measure(received, sent);
    const { driftMs, bufferedS, state } = player.figures();
    const sources = film?.receiver.sources() ?? [];
    const kinds = sender !== undefined ? ["file"] : client.paths.kinds;
    client.report({
      driftMs: driftMs ?? null,
      bufferedS,
      state,
      downBps: rates.down,
      upBps: rates.up,
      path: kinds.join("+"),
      ...(film?.swarm === undefined ? {} : { swarm: film.swarm.status() }),
    });
    if (film !== undefined) {
      const { fileSize, duration, totalChunks } = film.manifest;
      const rate = fileSize / (duration ?? (player.video.duration || 1));
      const enough = bufferedS >= HUNGRY_S ||
        film.receiver.count === totalChunks;
      client.paths.setNeed(enough ? 0 : MARGIN * rate);
    }
    figures.update({
      driftMs,
      bufferedS,
      downBps: rates.down,
      upBps: rates.up,
      roundTripMs: sources[0]?.roundTripMs ?? client.serverRoundTripMs,
      refused: film?.receiver.refusedChunks ?? 0,
      total: received + sent,
      ways: kinds,
    });
  };
}
