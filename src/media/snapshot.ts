/**
 * Pictures made from single frames: snapshots with words, thumbnails, contact
 * sheets. They take tens of milliseconds and do not belong in a stream's path.
 *
 * @module
 */

import { fitText, GLYPH_HEIGHT, textWidth } from "./bitmap_font.ts";
import { Canvas, scalePixels } from "./canvas.ts";
import type { Pixels } from "./canvas.ts";
import { MediaError } from "./errors.ts";
import { decodeJpeg } from "./jpeg_decoder.ts";
import { encodeJpeg } from "./jpeg_encoder.ts";

/** Cells of a contact sheet: more peers than a chain has. */
export const MAX_SHEET_CELLS = 64;

/** Lines of a caption that are shown. */
const MAX_CAPTION_LINES = 6;

/** JPEG quality of what is made here: text must stay sharp. */
const QUALITY = 92;

const PAGE = 0x181818;
const PANEL = 0x212121;
const EMPTY = 0x282828;
const ACCENT = 0x3ea6ff;
const STRONG = 0xffffff;
const WEAK = 0xaaaaaa;

/**
 * The picture with `lines` on a dark strip at its lower edge, as a JPEG.
 *
 * @throws {MediaError} when the picture is damaged.
 */
export async function captionedSnapshot(
  jpeg: Uint8Array,
  lines: readonly string[],
): Promise<Uint8Array> {
  const pixels = await decodeJpeg(jpeg);
  const { width, height } = pixels;
  const canvas = new Canvas(pixels);
  const shown = lines.slice(0, MAX_CAPTION_LINES);
  const scale = Math.max(1, Math.round(width / 320));
  const pitch = (GLYPH_HEIGHT + 4) * scale;
  const strip = shown.length * pitch + 4 * scale;
  const margin = 6 * scale;
  canvas.fill(0, height - strip, width, strip, PAGE, 0.78);
  shown.forEach((line, i) => {
    canvas.text(
      fitText(line, width - 2 * margin, scale),
      margin,
      height - strip + 4 * scale + i * pitch,
      scale,
      i === 0 ? STRONG : WEAK,
    );
  });
  return encodeJpeg(pixels, QUALITY);
}

/**
 * The picture `width` pixels wide, in its own shape, as a JPEG; a smaller one
 * stays as it is.
 *
 * @throws {MediaError} when the picture is damaged.
 */
export async function thumbnail(
  jpeg: Uint8Array,
  width: number,
): Promise<Uint8Array> {
  const pixels = await decodeJpeg(jpeg, width);
  if (pixels.width <= width) return jpeg;
  const height = Math.max(1, Math.round(pixels.height * width / pixels.width));
  return encodeJpeg(scalePixels(pixels, width, height), QUALITY);
}

/** One picture of a contact sheet. */
export interface SheetCell {
  /** Words below it; lines are divided by "\n", the first is the name. */
  readonly caption: string;
  /** The picture; without one, or with a damaged one, the cell says so. */
  readonly jpeg: Uint8Array | undefined;
}

/** How a contact sheet is laid out. */
export interface SheetOptions {
  /** Cells in a row. */
  readonly columns: number;
  /** Width of a picture in pixels. */
  readonly cellWidth: number;
  /** Words at the top; lines are divided by "\n", the first is the title. */
  readonly title: string;
}

/**
 * The pictures side by side on a dark page, each in its panel with its caption,
 * as a JPEG.
 *
 * @throws {RangeError} for no cells, or more than {@linkcode MAX_SHEET_CELLS}.
 */
export async function contactSheet(
  cells: readonly SheetCell[],
  options: SheetOptions,
): Promise<Uint8Array> {
  if (cells.length === 0 || cells.length > MAX_SHEET_CELLS) {
    throw new RangeError(
      `Cannot make a contact sheet of ${cells.length} pictures: from 1 to ${MAX_SHEET_CELLS} fit`,
    );
  }
  const { cellWidth } = options;
  const pictures: (Pixels | "none" | "damaged")[] = [];
  let ratio: number | undefined;
  for (const { jpeg } of cells) {
    const picture = jpeg === undefined ? "none" : await shrink(jpeg, cellWidth);
    pictures.push(picture);
    if (typeof picture === "object") ratio ??= picture.height / picture.width;
  }
  const layout = new SheetLayout(cells, options, ratio ?? 9 / 16);
  const page = layout.makePage();
  const canvas = new Canvas(page);
  layout.paintHead(canvas);
  cells.forEach((cell, i) => {
    layout.paintCell(canvas, i, cell.caption, pictures[i] ?? "none");
  });
  return encodeJpeg(page, QUALITY);
}

async function shrink(
  jpeg: Uint8Array,
  width: number,
): Promise<Pixels | "damaged"> {
  try {
    const pixels = await decodeJpeg(jpeg, width);
    const height = Math.round(pixels.height * width / pixels.width);
    return scalePixels(pixels, width, Math.max(1, height));
  } catch (error) {
    if (error instanceof MediaError) return "damaged";
    throw error;
  }
}

/** Where everything on a contact sheet is. */
class SheetLayout {
  readonly #title: readonly string[];
  readonly #columns: number;
  readonly #cellWidth: number;
  readonly #pictureHeight: number;
  readonly #scale: number;
  readonly #captionLines: number;
  readonly width: number;
  readonly height: number;

  constructor(
    cells: readonly SheetCell[],
    options: SheetOptions,
    ratio: number,
  ) {
    this.#title = options.title.split("\n").slice(0, MAX_CAPTION_LINES);
    this.#columns = Math.max(1, Math.min(options.columns, cells.length));
    this.#cellWidth = options.cellWidth;
    this.#pictureHeight = Math.max(1, Math.round(options.cellWidth * ratio));
    this.#scale = Math.max(1, Math.round(options.cellWidth / 200));
    this.#captionLines = Math.min(
      MAX_CAPTION_LINES,
      Math.max(...cells.map((cell) => cell.caption.split("\n").length)),
    );
    const rows = Math.ceil(cells.length / this.#columns);
    this.width = this.#margin +
      this.#columns * (this.#panelWidth + this.#margin);
    this.height = this.#headHeight + rows * (this.#panelHeight + this.#margin);
  }

  get #margin(): number {
    return 12 * this.#scale;
  }

  get #padding(): number {
    return 6 * this.#scale;
  }

  get #pitch(): number {
    return (GLYPH_HEIGHT + 5) * this.#scale;
  }

  get #panelWidth(): number {
    return this.#cellWidth + 2 * this.#padding;
  }

  get #panelHeight(): number {
    return this.#pictureHeight + 2 * this.#padding +
      this.#captionLines * this.#pitch + 2 * this.#scale;
  }

  /** The title is written at twice the size of the rest. */
  get #headHeight(): number {
    return 2 * this.#margin + 2 * GLYPH_HEIGHT * this.#scale +
      (this.#title.length - 1) * this.#pitch + 7 * this.#scale;
  }

  makePage(): Pixels {
    const bitmap = new Uint8Array(this.width * this.height * 4);
    return { width: this.width, height: this.height, bitmap };
  }

  paintHead(canvas: Canvas): void {
    const scale = this.#scale;
    const room = this.width - 2 * this.#margin;
    canvas.fill(0, 0, this.width, this.height, PAGE);
    const [title = "", ...others] = this.#title;
    let y = this.#margin;
    canvas.text(
      fitText(title, room, 2 * scale),
      this.#margin,
      y,
      2 * scale,
      STRONG,
    );
    y += 2 * GLYPH_HEIGHT * scale + 5 * scale;
    canvas.fill(this.#margin, y, 36 * scale, scale, ACCENT);
    y += 6 * scale;
    for (const line of others) {
      canvas.text(fitText(line, room, scale), this.#margin, y, scale, WEAK);
      y += this.#pitch;
    }
  }

  paintCell(
    canvas: Canvas,
    index: number,
    caption: string,
    picture: Pixels | "none" | "damaged",
  ): void {
    const scale = this.#scale;
    const x = this.#margin +
      (index % this.#columns) * (this.#panelWidth + this.#margin);
    const y = this.#headHeight +
      Math.floor(index / this.#columns) * (this.#panelHeight + this.#margin);
    canvas.fillRound(
      x,
      y,
      this.#panelWidth,
      this.#panelHeight,
      5 * scale,
      PANEL,
    );
    this.#paintPicture(canvas, x + this.#padding, y + this.#padding, picture);
    const top = y + 2 * this.#padding + this.#pictureHeight + scale;
    caption.split("\n").slice(0, this.#captionLines).forEach((line, i) => {
      canvas.text(
        fitText(line, this.#cellWidth, scale),
        x + this.#padding,
        top + i * this.#pitch,
        scale,
        i === 0 ? STRONG : WEAK,
      );
    });
  }

  #paintPicture(
    canvas: Canvas,
    x: number,
    y: number,
    picture: Pixels | "none" | "damaged",
  ): void {
    const width = this.#cellWidth;
    const height = this.#pictureHeight;
    if (typeof picture === "object" && picture.height <= height) {
      canvas.fill(x, y, width, height, 0);
      canvas.draw(picture, x, y + ((height - picture.height) >> 1));
      return;
    }
    if (typeof picture === "object") {
      // taller than the first: as a whole, with dark sides
      const narrow = Math.max(1, Math.round(width * height / picture.height));
      canvas.fill(x, y, width, height, 0);
      canvas.draw(
        scalePixels(picture, narrow, height),
        x + ((width - narrow) >> 1),
        y,
      );
      return;
    }
    canvas.fill(x, y, width, height, EMPTY);
    const words = picture === "none" ? "no picture" : "damaged picture";
    canvas.text(
      words,
      x + ((width - textWidth(words, this.#scale)) >> 1),
      y + ((height - GLYPH_HEIGHT * this.#scale) >> 1),
      this.#scale,
      WEAK,
    );
  }
}
