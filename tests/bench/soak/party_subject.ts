/**
 * A watch party: a server and a host; viewers come one after another and take
 * the whole film, some are killed in the middle. The witness compares bytes.
 *
 * @module
 */

import { join } from "node:path";
import { makeClip } from "../../support/clips.ts";
import { type RunningProcess, startStreamtool } from "../../support/process.ts";
import { portOf, type SoakSubject } from "./subject.ts";

/** Bytes of a chunk, what the table counts. */
const CHUNK_BYTES = 64 * 1024;

/** Starts the server, the host and the viewers in `dir`. */
export async function partySubject(dir: string): Promise<SoakSubject> {
  const film = join(dir, "film.mkv");
  await makeClip(film, { size: "1280x720", fps: 25, frames: 250 });
  const source = await Deno.readFile(film);
  const server = startStreamtool(
    ["signal", "--port", "0", "--stun-port", "0"],
    { cwd: dir },
  );
  const { url } = await server.event(({ label }) => label === "Local");
  const host = startStreamtool(
    ["share", film, "--server", String(url)],
    { cwd: dir },
  );
  const { link } = await host.event("link");
  const startViewer = (output: string): RunningProcess =>
    startStreamtool(
      ["share", "--join", String(link), "-o", join(dir, output)],
      { cwd: dir },
    );

  let chunks = 0;
  let wrong = 0;
  let trouble: string | undefined;
  let stopping = false;
  let viewer: RunningProcess | undefined;
  const running = (async () => {
    while (!stopping) {
      viewer = startViewer("received.mkv");
      try {
        await viewer.event("end", { within: 60_000 });
        await viewer.exited();
        const received = await Deno.readFile(join(dir, "received.mkv"));
        const same = received.length === source.length &&
          received.every((byte, at) => byte === source[at]);
        if (same) chunks += Math.ceil(source.length / CHUNK_BYTES);
        else wrong++;
        trouble = undefined;
      } catch (error) {
        trouble = String(error);
      }
      await viewer.kill();
      await Deno.remove(join(dir, "received.mkv")).catch(() => {});
    }
  })();
  return {
    name: "party",
    lasting: [server, host],
    ports: { tcp: [portOf(url)], udp: [] },
    async torment(random) {
      const guest = startViewer(`guest_${random.integer(1e9)}.mkv`);
      await guest.event("stream-start");
      await guest.kill();
      return "a viewer was killed in the middle";
    },
    witnessed: () => Promise.resolve({ frames: chunks, lost: wrong }),
    recovered: () => Promise.resolve(trouble),
    async [Symbol.asyncDispose]() {
      stopping = true;
      await viewer?.kill();
      await running;
      await host.kill();
      await server.kill();
    },
  };
}
