/**
 * The RTSP server with players that stay, by UDP and TCP, one whose connection
 * is cut again and again, and guests that are killed in the middle.
 *
 * @module
 */

import { join } from "node:path";
import { makeClip } from "../../support/clips.ts";
import { type RunningProcess, startStreamtool } from "../../support/process.ts";
import { TcpRelay } from "../../support/tcp_relay.ts";
import { portOf, type SoakSubject } from "./subject.ts";

/** The newest status of a player. */
function statusOf({ events }: RunningProcess): Record<string, unknown> {
  return events.findLast(({ event }) => event === "status") ?? {};
}

/** Starts the server and its players in `dir`. */
export async function rtspSubject(dir: string): Promise<SoakSubject> {
  const clip = join(dir, "rtsp.mjpeg");
  await makeClip(clip, { size: "640x480", fps: 24, frames: 240 });
  const server = startStreamtool([
    ...["rtsp-serve", clip, "--fps", "24", "--loop"],
    ...["--port", "0", "--page-port", "0"],
  ], { cwd: dir });
  const url = String(
    (await server.event(({ label }) => label === "Local")).url,
  );
  const page = (await server.event(({ label }) => label === "Page")).url;
  const relay = new TcpRelay({ target: { port: portOf(url) } });
  const cutUrl = url.replace(/:\d+\//, `:${relay.port}/`);
  const play = (to: string, transport: string): RunningProcess =>
    startStreamtool(
      ["rtsp-play", to, "--transport", transport, "--no-page"],
      { cwd: dir },
    );
  const witnesses = [play(url, "udp"), play(url, "tcp")];
  const cut = play(cutUrl, "tcp");
  for (const player of [...witnesses, cut]) await player.event("playing");
  let guest: RunningProcess | undefined;
  return {
    name: "rtsp",
    lasting: [server, ...witnesses],
    ports: { tcp: [portOf(url), portOf(page)], udp: [] },
    async torment(random) {
      if (random.next() < 0.5) {
        relay.cut();
        return "a player's connection was cut";
      }
      await guest?.kill();
      guest = play(url, random.next() < 0.5 ? "udp" : "tcp");
      await guest.event("playing");
      await guest.kill();
      return "a player was killed in the middle";
    },
    witnessed() {
      const statuses = witnesses.map(statusOf);
      const sum = (name: string): number =>
        statuses.reduce((all, status) => all + Number(status[name] ?? 0), 0);
      return Promise.resolve({
        frames: sum("framesReceived"),
        lost: sum("framesLost"),
      });
    },
    recovered() {
      const { state, fps } = statusOf(cut);
      return Promise.resolve(
        state === "playing" && Number(fps) > 15
          ? undefined
          : `the player that was cut is ${state} at ${fps} frames/s`,
      );
    },
    async [Symbol.asyncDispose]() {
      const players = [
        ...witnesses,
        cut,
        ...guest === undefined ? [] : [guest],
      ];
      await Promise.all(players.map((player) => player.kill()));
      await relay[Symbol.asyncDispose]();
      await server.kill();
    },
  };
}
