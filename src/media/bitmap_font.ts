/**
 * A 5×7 font for ASCII, drawn for this project, so that pictures can be
 * written on without any font of the machine.
 *
 * @module
 */

/** Columns of a glyph. */
export const GLYPH_WIDTH = 5;

/** Rows of a glyph. */
export const GLYPH_HEIGHT = 7;

/** Columns from one glyph to the next. */
export const GLYPH_ADVANCE = 6;

const FIRST = 32;

/**
 * A glyph a line, from the space to the tilde: seven rows of two digits each,
 * whose lowest five bits are the pixels from left (16) to right (1).
 */
const GLYPHS: readonly string[] = [
  "00000000000000", // space
  "04040404040004", // !
  "0a0a0a00000000", // "
  "0a0a1f0a1f0a0a", // #
  "040f140e051e04", // $
  "18190204081303", // %
  "0c12140815120d", // &
  "04040800000000", // '
  "02040808080402", // (
  "08040202020408", // )
  "0004150e150400", // *
  "0004041f040400", // +
  "000000000c0408", // ,
  "0000001f000000", // -
  "00000000000c0c", // .
  "00010204081000", // /
  "0e11131519110e", // 0
  "040c040404040e", // 1
  "0e11010204081f", // 2
  "1f02040201110e", // 3
  "02060a121f0202", // 4
  "1f101e0101110e", // 5
  "0608101e11110e", // 6
  "1f010204080808", // 7
  "0e11110e11110e", // 8
  "0e11110f01020c", // 9
  "000c0c000c0c00", // :
  "000c0c000c0408", // ;
  "02040810080402", // <
  "00001f001f0000", // =
  "08040201020408", // >
  "0e110102040004", // ?
  "0e11171517100f", // @
  "0e11111f111111", // A
  "1e11111e11111e", // B
  "0e11101010110e", // C
  "1c12111111121c", // D
  "1f10101e10101f", // E
  "1f10101e101010", // F
  "0e11101711110f", // G
  "1111111f111111", // H
  "0e04040404040e", // I
  "0702020202120c", // J
  "11121418141211", // K
  "1010101010101f", // L
  "111b1515111111", // M
  "11111915131111", // N
  "0e11111111110e", // O
  "1e11111e101010", // P
  "0e11111115120d", // Q
  "1e11111e141211", // R
  "0f10100e01011e", // S
  "1f040404040404", // T
  "1111111111110e", // U
  "11111111110a04", // V
  "11111115151b11", // W
  "11110a040a1111", // X
  "11110a04040404", // Y
  "1f01020408101f", // Z
  "0e08080808080e", // [
  "00100804020100", // \
  "0e02020202020e", // ]
  "040a1100000000", // ^
  "0000000000001f", // _
  "08040200000000", // `
  "00000e010f110f", // a
  "1010161911111e", // b
  "00000e1010110e", // c
  "01010d1311110f", // d
  "00000e111f100e", // e
  "0609081c080808", // f
  "000f11110f010e", // g
  "10101619111111", // h
  "04000c0404040e", // i
  "0200060202120c", // j
  "10101214181412", // k
  "0c04040404040e", // l
  "00001a15151111", // m
  "00001619111111", // n
  "00000e1111110e", // o
  "00001e111e1010", // p
  "00000d130f0101", // q
  "00001619101010", // r
  "00000e100e011e", // s
  "08081c08080906", // t
  "0000111111130d", // u
  "00001111110a04", // v
  "0000111115150a", // w
  "0000110a040a11", // x
  "000011110f010e", // y
  "00001f0204081f", // z
  "02040408040402", // {
  "04040404040404", // |
  "08040402040408", // }
  "00000915120000", // ~
];

/** Stands for what the font has not. */
const UNKNOWN = "?".charCodeAt(0) - FIRST;

/** Width of `text` at `scale`, in pixels, without a gap at its end. */
export function textWidth(text: string, scale: number): number {
  const count = [...text].length;
  return count === 0
    ? 0
    : (count * GLYPH_ADVANCE - (GLYPH_ADVANCE - GLYPH_WIDTH)) * scale;
}

/**
 * Calls `paint` for each horizontal run of lit pixels of `text`, whose top
 * left corner is at (x, y), with squares of `scale` pixels. A character
 * outside ASCII becomes a question mark.
 */
export function drawText(
  text: string,
  x: number,
  y: number,
  scale: number,
  paint: (x: number, y: number, width: number, height: number) => void,
): void {
  let left = x;
  for (const char of text) {
    const index = (char.codePointAt(0) ?? 0) - FIRST;
    const glyph = GLYPHS[index] ?? GLYPHS[UNKNOWN] ?? "";
    for (let row = 0; row < GLYPH_HEIGHT; row++) {
      const bits = parseInt(glyph.slice(row * 2, row * 2 + 2), 16);
      let start = -1;
      for (let column = 0; column <= GLYPH_WIDTH; column++) {
        const isLit = column < GLYPH_WIDTH &&
          (bits & (1 << (GLYPH_WIDTH - 1 - column))) !== 0;
        if (isLit && start < 0) start = column;
        if (!isLit && start >= 0) {
          paint(
            left + start * scale,
            y + row * scale,
            (column - start) * scale,
            scale,
          );
          start = -1;
        }
      }
    }
    left += GLYPH_ADVANCE * scale;
  }
}

/** `text` cut to what fits `width` pixels at `scale`, with ".." where something was cut. */
export function fitText(text: string, width: number, scale: number): string {
  const chars = [...text];
  if (textWidth(text, scale) <= width) return text;
  const room = Math.floor(
    (width / scale + GLYPH_ADVANCE - GLYPH_WIDTH) / GLYPH_ADVANCE,
  );
  return room <= 2
    ? chars.slice(0, Math.max(0, room)).join("")
    : chars.slice(0, room - 2).join("") + "..";
}
