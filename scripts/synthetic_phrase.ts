/**
 * Makes a fencing phrase that never happened: a video, its scoring box's file
 * and the truth.
 *
 * ```sh
 * deno run --allow-read --allow-write --allow-run --allow-env --allow-net \
 *   scripts/synthetic_phrase.ts --scenario right_retreats --seed 1 --out phrase.mkv
 * ```
 *
 * @module
 */

import { parseArgs } from "node:util";
import { createLogger } from "../src/log/mod.ts";
import { ensureFfmpeg } from "../src/media/mod.ts";
import { writeSyntheticClip } from "../src/services/referee_analysis/mod.ts";
import {
  type Condition,
  CONDITIONS,
  type Scenario,
  SCENARIOS,
} from "../src/vision/mod.ts";

const USAGE = `synthetic_phrase.ts --out FILE.mkv|FILE.mp4|FILE.mjpeg
  --scenario  ${SCENARIOS.join(" ")}
  --condition ${CONDITIONS.join(" ")}
  --seed 1  --size 1920x1080  --fps 30  --mirrored  --contact  --shift 0`;

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      scenario: { type: "string", default: "right_retreats" },
      condition: { type: "string", default: "plain" },
      seed: { type: "string", default: "1" },
      size: { type: "string", default: "1920x1080" },
      fps: { type: "string", default: "30" },
      shift: { type: "string", default: "0" },
      mirrored: { type: "boolean", default: false },
      contact: { type: "boolean", default: false },
      out: { type: "string" },
    },
  });
  const { scenario, condition, out } = values;
  const size = /^(\d+)x(\d+)$/.exec(values.size);
  if (
    out === undefined || size === null ||
    !(SCENARIOS as readonly string[]).includes(scenario) ||
    !(CONDITIONS as readonly string[]).includes(condition)
  ) {
    console.error(USAGE);
    return 2;
  }
  const log = createLogger({
    level: "info",
    format: "text",
    color: false,
    now: () => new Date(),
    write: (line) => console.error(line),
  });
  const { path: ffmpeg } = await ensureFfmpeg({ log });
  const { phrase } = await writeSyntheticClip(out, {
    scenario: scenario as Scenario,
    condition: condition as Condition,
    seed: Number(values.seed),
    width: Number(size[1]),
    height: Number(size[2]),
    fps: Number(values.fps),
    mirrored: values.mirrored,
    contact: values.contact,
  }, { ffmpeg });
  const base = out.replace(/\.[^.]+$/, "");
  await Deno.writeTextFile(
    `${base}.txt`,
    phrase.signalText(Number(values.shift)),
  );
  const truth = {
    ...phrase.script,
    frames: Array.from(
      { length: phrase.frameCount },
      (_, i) => phrase.truth(i),
    ),
  };
  await Deno.writeTextFile(`${base}.truth.json`, JSON.stringify(truth));
  console.log(
    `${out}   ${phrase.frameCount} frames, winner ${phrase.script.winner}`,
  );
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
