/**
 * Tables for people: columns aligned, figures to the right.
 *
 * @module
 */

/** A table as text without a final line break; a column of figures is aligned right. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length))
  );
  const numeric = head.map((_, column) =>
    rows.length > 0 &&
    rows.every((row) => /^[-–\d.,%]*$/.test(row[column] ?? ""))
  );
  const line = (cells: readonly string[]): string =>
    widths.map((width, column) => {
      const cell = cells[column] ?? "";
      return numeric[column] ? cell.padStart(width) : cell.padEnd(width);
    }).join("  ").trimEnd();
  return [line(head), ...rows.map(line)].join("\n");
}
