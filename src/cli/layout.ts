/**
 * Text into columns.
 *
 * @module
 */

/** Widest help we print: what fits everywhere. */
export const MAX_WIDTH = 80;

/** Narrowest width text is wrapped to; narrower terminals wrap by themselves. */
const MIN_WIDTH = 40;

/** Where the second column starts. */
const SECOND_COLUMN = 28;

/** The width to wrap help to, on a terminal of `columns`. */
export function helpWidth(columns: number | undefined): number {
  return Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, columns ?? MAX_WIDTH));
}

/** Lines of at most `width` characters, broken at spaces outside of brackets; a longer word stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/ (?![^[\]]*\])/)) {
    if (line === "") line = word;
    else if (line.length + 1 + word.length <= width) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  lines.push(line);
  return lines;
}

/** Two columns, the second wrapped; a long first entry stands on a line of its own. */
export function columns(
  rows: readonly (readonly [string, string])[],
  width: number,
): string[] {
  const longest = Math.max(0, ...rows.map(([left]) => left.length));
  const start = Math.min(SECOND_COLUMN, 2 + longest + 2);
  return rows.flatMap(([left, right]) => {
    const indented = `  ${left}`;
    const lines = wrap(right, width - start);
    if (indented.length + 2 > start) {
      return [indented, ...lines.map((line) => " ".repeat(start) + line)];
    }
    return lines.map((line, index) =>
      (index === 0 ? indented.padEnd(start) : " ".repeat(start)) + line
    );
  });
}
