/**
 * All systems under load for a while, with peers killed, connections cut, disks
 * filled and junk thrown at every port: `deno task soak [MINUTES]`.
 *
 * Ends in a table: what the witnesses saw and lost, memory and handles first
 * and last, a verdict. Exit code 1 when one is not clean.
 *
 * @module
 */

import { setTimeout as pause } from "node:timers/promises";
import { formatTable } from "../../src/cli/table.ts";
import type { RunningProcess } from "../support/process.ts";
import { SeededRandom } from "../support/random.ts";
import { waitUntil } from "../support/wait.ts";
import { chainSubject } from "./soak/chain_subject.ts";
import { throwJunk } from "./soak/junk.ts";
import { partySubject } from "./soak/party_subject.ts";
import { refereeSubject } from "./soak/referee_subject.ts";
import { rtspSubject } from "./soak/rtsp_subject.ts";
import type { SoakSubject, Witnessed } from "./soak/subject.ts";

/** Buffers and caches fill in this time; the first figures are taken after it. */
const WARM_UP_MS = 15_000;
/** Between two rounds of junk. */
const JUNK_MS = 1000;
/** Between two blows at a system; in it frames must have come to the witnesses. */
const BLOW_MS = 8000;
/** Memory may grow by a quarter and this much: garbage that is not yet collected. */
const SLACK_BYTES = 16e6;
/** Connections of the moment. */
const SLACK_HANDLES = 12;

/** The systems, each with its processes. */
const SUBJECTS = [chainSubject, rtspSubject, refereeSubject, partySubject];

interface Resources {
  readonly bytes: number;
  readonly handles: number;
}

async function resourcesOf(
  processes: readonly RunningProcess[],
): Promise<Resources> {
  const usages = await Promise.all(processes.map((each) => each.usage()));
  const { stdout } = await new Deno.Command("sh", {
    args: [
      "-c",
      'for pid; do ls "/proc/$pid/fd"; done | wc -l',
      "count",
      ...processes.map(({ pid }) => String(pid)),
    ],
  }).output();
  return {
    bytes: usages.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
    handles: Number(new TextDecoder().decode(stdout)),
  };
}

/** One system's account. */
class Account {
  readonly subject: SoakSubject;
  readonly #random: SeededRandom;
  readonly #problems = new Set<string>();
  /** Why it is over; `undefined` while all that shall live does. */
  dead: string | undefined;
  blows = 0;
  first: Resources = { bytes: 0, handles: 0 };
  last: Resources = { bytes: 0, handles: 0 };
  start: Witnessed = { frames: 0, lost: 0 };
  seen: Witnessed = { frames: 0, lost: 0 };

  constructor(subject: SoakSubject, seed: number) {
    this.subject = subject;
    this.#random = new SeededRandom(seed);
    for (const process of subject.lasting) {
      process.status.then(({ code }) => {
        this.dead = `a process ended with code ${code}: ${
          process.errorLines.at(-1)
        }`;
      });
    }
  }

  /** Why it is not clean. */
  get problems(): string[] {
    return this.dead === undefined ? [...this.#problems] : [this.dead];
  }

  async begin(): Promise<void> {
    if (this.dead !== undefined) return;
    this.first = await resourcesOf(this.subject.lasting);
    this.start = this.seen = await this.subject.witnessed();
  }

  async blow(): Promise<void> {
    if (this.dead !== undefined) return;
    this.blows++;
    const before = this.seen.frames;
    try {
      const what = await this.subject.torment(this.#random);
      console.log(`  ${this.subject.name}: ${what}`);
    } catch (error) {
      this.#problems.add(`a blow failed: ${error}`);
    }
    this.seen = await this.subject.witnessed();
    if (this.blows > 1 && this.seen.frames <= before) {
      this.#problems.add("the witnesses saw nothing for a while");
    }
  }

  async end(): Promise<void> {
    if (this.dead !== undefined) return;
    try {
      await waitUntil(async () => await this.subject.recovered() === undefined);
    } catch {
      this.#problems.add(await this.subject.recovered() ?? "it came back late");
    }
    this.seen = await this.subject.witnessed();
    this.last = await resourcesOf(this.subject.lasting);
    const { first, last } = this;
    if (this.lost > 0) this.#problems.add("witnesses lost frames");
    if (last.bytes > first.bytes * 1.25 + SLACK_BYTES) {
      this.#problems.add("memory grew");
    }
    if (last.handles > first.handles + SLACK_HANDLES) {
      this.#problems.add("handles grew");
    }
  }

  get lost(): number {
    return this.seen.lost - this.start.lost;
  }

  row(): string[] {
    const megabytes = ({ bytes }: Resources): string =>
      (bytes / 1e6).toFixed(0);
    return [
      this.subject.name,
      String(this.blows),
      String(this.seen.frames - this.start.frames),
      String(this.lost),
      megabytes(this.first),
      megabytes(this.last),
      String(this.first.handles),
      String(this.last.handles),
      this.problems.length === 0 ? "clean" : this.problems.join("; "),
    ];
  }
}

async function main([text = "10"]: readonly string[]): Promise<number> {
  const minutes = Number(text);
  if (!(minutes > 0)) {
    console.error(`Cannot soak for "${text}" minutes: give a number above 0`);
    return 2;
  }
  const dir = await Deno.makeTempDir({ prefix: "streamtool_soak_" });
  const subjects: SoakSubject[] = [];
  const socket = Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.1",
    port: 0,
  });
  try {
    for (const make of SUBJECTS) {
      subjects.push(await make(dir));
    }
    const accounts = subjects.map((subject, index) =>
      new Account(subject, index + 1)
    );
    console.log(
      `${minutes} min with ${subjects.map(({ name }) => name).join(", ")}`,
    );
    await pause(WARM_UP_MS);
    for (const account of accounts) await account.begin();
    const endAt = performance.now() + minutes * 60_000;
    const random = new SeededRandom(7);
    const throwing = (async () => {
      while (performance.now() < endAt) {
        for (const { ports } of subjects) {
          await throwJunk(ports, socket, random);
        }
        await pause(JUNK_MS);
      }
    })();
    while (performance.now() < endAt) {
      await Promise.all(accounts.map((account) => account.blow()));
      await pause(BLOW_MS);
    }
    await throwing;
    for (const account of accounts) await account.end();
    console.log(formatTable(
      [
        ...["system", "blows", "frames", "lost", "MB first", "last"],
        ...["handles first", "last", "verdict"],
      ],
      accounts.map((account) => account.row()),
    ));
    return accounts.every(({ problems }) => problems.length === 0) ? 0 : 1;
  } finally {
    socket.close();
    for (const subject of subjects.reverse()) {
      await subject[Symbol.asyncDispose]();
    }
    await Deno.remove(dir, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
