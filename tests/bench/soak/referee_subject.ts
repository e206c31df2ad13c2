/**
 * The referee's server with one phrase after another. The witness sends without
 * a fault on its way; another's connection is cut, and guests are killed.
 *
 * @module
 */

import { join } from "node:path";
import { makeClip } from "../../support/clips.ts";
import { type RunningProcess, startStreamtool } from "../../support/process.ts";
import { TcpRelay } from "../../support/tcp_relay.ts";
import { portOf, type SoakSubject } from "./subject.ts";

/** Frames of a phrase: four seconds. */
const PHRASE_FRAMES = 100;

/** Starts the server and its senders in `dir`. */
export async function refereeSubject(dir: string): Promise<SoakSubject> {
  const clip = join(dir, "phrase.mkv");
  const signalFile = join(dir, "phrase.txt");
  await makeClip(clip, { size: "640x480", fps: 25, frames: PHRASE_FRAMES });
  await Deno.writeTextFile(
    signalFile,
    "Scores -> Fencer 1: HIT, Fencer 2: MISS\n",
  );
  const server = startStreamtool([
    ...["referee-serve", "--port", "0"],
    ...["--output-dir", join(dir, "referee"), "--keep-bytes", "20MB"],
  ], { cwd: dir });
  const page =
    (await server.event((event) => String(event.url).startsWith("http"))).url;
  const port = portOf(page);
  const relay = new TcpRelay({ target: { port } });
  const send = (to: number): RunningProcess =>
    startStreamtool([
      ...["referee-send", `127.0.0.1:${to}`, "--realtime"],
      ...["--video", clip, "--signal", signalFile],
    ], { cwd: dir });

  let frames = 0;
  let lost = 0;
  let trouble: string | undefined;
  let stopping = false;
  const senders = new Set<RunningProcess>();

  async function phrases(to: number, onEnd: (frames: number) => void) {
    while (!stopping) {
      const sender = send(to);
      senders.add(sender);
      try {
        const end = await sender.event("end", { within: 120_000 });
        if (!stopping) onEnd(Number(end.frames ?? 0));
        trouble = end.code === 0
          ? undefined
          : `a phrase ended with ${end.code}: ${sender.errorLines.at(-1)}`;
      } catch (error) {
        trouble = String(error);
      }
      await sender.kill();
      senders.delete(sender);
    }
  }
  const running = [
    phrases(port, (sent) => {
      frames += sent;
      lost += PHRASE_FRAMES - sent;
    }),
    phrases(relay.port, (sent) => {
      lost += PHRASE_FRAMES - sent;
    }),
  ];
  return {
    name: "referee",
    lasting: [server],
    ports: { tcp: [port], udp: [] },
    async torment(random) {
      if (random.next() < 0.5) {
        relay.cut();
        return "a sender's connection was cut";
      }
      const guest = send(port);
      await guest.event("progress");
      await guest.kill();
      return "a sender was killed in the middle";
    },
    witnessed: () => Promise.resolve({ frames, lost }),
    recovered: () => Promise.resolve(trouble),
    async [Symbol.asyncDispose]() {
      stopping = true;
      await Promise.all([...senders].map((sender) => sender.kill()));
      await Promise.all(running);
      await relay[Symbol.asyncDispose]();
      await server.kill();
    },
  };
}
