/**
 * Rows of the two table forms of a signal file.
 *
 * @module
 */

/** One row. */
export interface SignalRow {
  /** Seconds; `undefined` for notes. */
  readonly time: number | undefined;
  readonly event: string;
  readonly side: string | undefined;
  readonly frame: number | undefined;
}

/** The fields of one CSV line (RFC 4180; a quoted field ends with its line). */
export function parseCsvLine(line: string): string[] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    let field = "";
    if (line[at] === '"') {
      for (at++; at < line.length; at++) {
        if (line[at] !== '"') field += line[at];
        else if (line[at + 1] === '"') field += line[++at];
        else break;
      }
      const comma = line.indexOf(",", at);
      at = comma < 0 ? line.length : comma;
    } else {
      const comma = line.indexOf(",", at);
      const end = comma < 0 ? line.length : comma;
      field = line.slice(at, end);
      at = end;
    }
    fields.push(field);
    if (line[at] !== ",") return fields;
    at++;
  }
}

/** One line of JSON lines; `undefined` when it is no object with an event. */
export function readJsonLine(line: string): SignalRow | undefined {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof row !== "object" || row === null) return undefined;
  const value = (name: string): unknown =>
    Object.hasOwn(row, name)
      ? (row as Record<string, unknown>)[name]
      : undefined;
  const event = value("event") ?? value("text");
  if (typeof event !== "string") return undefined;
  const time = value("time");
  const side = value("side");
  const frame = value("frame");
  return {
    time: time === undefined || time === null ? undefined : Number(time),
    event,
    side: typeof side === "string" ? side : undefined,
    frame: typeof frame === "number" ? frame : undefined,
  };
}
