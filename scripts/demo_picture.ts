/**
 * Draws the README's picture of the demo page from a real run, as it was told
 * by its events: `deno run … scripts/demo_picture.ts [OUTPUT]`. An SVG, because
 * the repository holds no photographs.
 *
 * @module
 */

import { readDenoEvents } from "./docs/events.ts";
import { PROGRAM_PERMISSIONS, ROOT } from "./support.ts";

const OUTPUT = "docs/demo.svg";
const WIDTH = 960;
const CARD = { width: 464, height: 208, gap: 16, top: 72 } as const;
/** Characters of a line of a card's sentence. */
const LINE_LENGTH = 58;

/** The pages' colours. */
const COLOUR = {
  page: "#181818",
  panel: "#212121",
  line: "#3a3a3a",
  text: "#ffffff",
  second: "#aaaaaa",
  action: "#3ea6ff",
  good: "#4caf50",
  bad: "#ff5252",
  left: "#4d9dff",
  right: "#4ccf6b",
} as const;

/** A system of the demo, as its last `part` event has it. */
export interface DrawnPart {
  readonly id: string;
  readonly title: string;
  readonly state: string;
  readonly says: string;
}

/** A peer of the demo's chain. */
export interface DrawnPeer {
  readonly name: string;
  readonly framesReceived?: number;
}

/** What is drawn. */
export interface DrawnDemo {
  readonly parts: readonly DrawnPart[];
  readonly peers: readonly DrawnPeer[];
}

function escape(text: string): string {
  return text.replace(
    /[&<>"]/g,
    (sign) =>
      ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign] ?? sign,
  );
}

function text(
  x: number,
  y: number,
  words: string,
  { size = 13, fill = COLOUR.text, weight = 400 }: {
    size?: number;
    fill?: string;
    weight?: number;
  } = {},
): string {
  return `<text x="${x}" y="${y}" font-size="${size}" font-weight="${weight}" fill="${fill}">${
    escape(words)
  }</text>`;
}

function box(
  x: number,
  y: number,
  width: number,
  height: number,
  fill: string,
): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6" fill="${fill}" stroke="${COLOUR.line}"/>`;
}

/** The moving test picture, as small as a tile. */
function pattern(x: number, y: number, width: number, height: number): string {
  const bars = ["#c0c0c0", "#c0c000", "#00c0c0", "#00c000", "#c000c0"];
  const each = width / bars.length;
  return bars.map((colour, index) =>
    `<rect x="${
      x + index * each
    }" y="${y}" width="${each}" height="${height}" fill="${colour}"/>`
  ).join("") +
    `<circle cx="${x + width * 0.6}" cy="${y + height / 2}" r="${
      height / 5
    }" fill="#ffffff"/>`;
}

/** Every frame at every peer: tiles, one after another. */
function drawChain(x: number, y: number, peers: readonly DrawnPeer[]): string {
  return peers.map(({ name, framesReceived }, index) => {
    const at = x + index * 108;
    const arrow = index === 0
      ? ""
      : `<path d="M${at - 16} ${
        y + 28
      }h10m-4 -4l4 4l-4 4" stroke="${COLOUR.action}" fill="none" stroke-width="2"/>`;
    const label = framesReceived === undefined
      ? name
      : `${name}: ${framesReceived} frames`;
    return arrow + pattern(at, y, 88, 56) +
      text(at, y + 72, label, { size: 11, fill: COLOUR.second });
  }).join("");
}

/** Two fencers that come nearer, and the hit. */
function drawReferee(x: number, y: number): string {
  return `<path d="M${x} ${
    y + 60
  }l120 -8l60 0l80 -18" stroke="${COLOUR.left}" fill="none" stroke-width="3"/>` +
    `<path d="M${x} ${
      y + 4
    }l120 6l60 -4l80 20" stroke="${COLOUR.right}" fill="none" stroke-width="3"/>` +
    `<path d="M${x + 260} ${
      y - 4
    }v72" stroke="${COLOUR.bad}" stroke-dasharray="4 3"/>` +
    text(x + 268, y + 36, "hit", { size: 12, fill: COLOUR.bad });
}

/** One film at two places, at one position. */
function drawParty(x: number, y: number): string {
  return [0, 1].map((viewer) => {
    const at = x + viewer * 180;
    return pattern(at, y, 120, 56) +
      `<rect x="${at}" y="${
        y + 62
      }" width="120" height="4" fill="${COLOUR.line}"/>` +
      `<rect x="${at}" y="${
        y + 62
      }" width="72" height="4" fill="${COLOUR.action}"/>`;
  }).join("");
}

function drawing(part: DrawnPart, x: number, y: number, demo: DrawnDemo) {
  switch (part.id) {
    case "chain":
      return drawChain(x, y, demo.peers);
    case "referee":
      return drawReferee(x, y + 4);
    case "party":
      return drawParty(x, y);
    default:
      return pattern(x, y, 128, 72);
  }
}

function lines(sentence: string): string[] {
  const made: string[] = [""];
  for (const word of sentence.split(" ")) {
    const line = made.at(-1)!;
    if (line !== "" && line.length + word.length >= LINE_LENGTH) {
      made.push(word);
    } else made[made.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return made;
}

function card(part: DrawnPart, index: number, demo: DrawnDemo): string {
  const x = CARD.gap / 2 + (index % 2) * (CARD.width + CARD.gap);
  const y = CARD.top + Math.floor(index / 2) * (CARD.height + CARD.gap);
  const works = part.state === "proven";
  return [
    box(x, y, CARD.width, CARD.height, COLOUR.panel),
    `<circle cx="${x + 20}" cy="${y + 26}" r="5" fill="${
      works ? COLOUR.good : COLOUR.bad
    }"/>`,
    text(x + 34, y + 31, part.title, { size: 15, weight: 600 }),
    ...lines(part.says).map((line, at) =>
      text(x + 20, y + 56 + at * 18, line, { fill: COLOUR.second })
    ),
    drawing(part, x + 20, y + 104, demo),
  ].join("\n");
}

/** The picture of a run. */
export function drawDemo(demo: DrawnDemo): string {
  const { parts } = demo;
  const rows = Math.ceil(parts.length / 2);
  const height = CARD.top + rows * (CARD.height + CARD.gap);
  const works = parts.filter(({ state }) => state === "proven").length;
  const verdict = works === parts.length
    ? `All ${parts.length} systems work`
    : `${works} of ${parts.length} systems work`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" role="img" aria-label="The demo's page: ${verdict}">`,
    `<rect width="${WIDTH}" height="${height}" fill="${COLOUR.page}"/>`,
    text(20, 44, verdict, { size: 24, weight: 700 }),
    text(WIDTH - 176, 42, "streamtool demo", { fill: COLOUR.second, size: 15 }),
    ...parts.map((part, index) => card(part, index, demo)),
    "</svg>\n",
  ].join("\n");
}

async function main(output: string): Promise<number> {
  const events = await readDenoEvents([
    "run",
    "--quiet",
    ...PROGRAM_PERMISSIONS,
    `${ROOT}main.ts`,
    ...["demo", "--once", "--json", "--seconds", "4", "--page-port", "0"],
  ]);
  const end = events.at(-1);
  const chain = events.find(({ event }) => event === "chain");
  if (end?.event !== "end" || end.complete !== true) {
    console.error("Cannot draw the demo: it did not show that all works");
    return 1;
  }
  const svg = drawDemo({
    parts: end.parts as DrawnPart[],
    peers: (chain?.peers ?? []) as DrawnPeer[],
  });
  await Deno.writeTextFile(output, svg);
  console.log(output);
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args[0] ?? ROOT + OUTPUT));
