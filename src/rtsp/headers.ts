/**
 * The header lines of a message: ordered, names compared without case.
 *
 * @module
 */

/** Spellings where capitalising each word is not what the RFC writes. */
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ["cseq", "CSeq"],
  ["rtp-info", "RTP-Info"],
  ["www-authenticate", "WWW-Authenticate"],
  ["keymgmt", "KeyMgmt"],
]);

/** Header fields in the order they stand. */
export class RtspHeaders implements Iterable<readonly [string, string]> {
  readonly #fields: (readonly [name: string, value: string])[] = [];

  /** Starts with `fields`; `undefined` values are left out. */
  constructor(
    fields: Iterable<readonly [string, string | undefined]> = [],
  ) {
    for (const [name, value] of fields) {
      if (value !== undefined) this.append(name, value);
    }
  }

  /** Number of fields. */
  get size(): number {
    return this.#fields.length;
  }

  /** First value of `name`. */
  get(name: string): string | undefined {
    const lower = name.toLowerCase();
    return this.#fields.find(([field]) => field.toLowerCase() === lower)?.[1];
  }

  /** All values of `name`, in order. */
  getAll(name: string): string[] {
    const lower = name.toLowerCase();
    return this.#fields.filter(([field]) => field.toLowerCase() === lower)
      .map(([, value]) => value);
  }

  /** Whether there is a field `name`. */
  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Adds a field behind the others. */
  append(name: string, value: string): this {
    this.#fields.push([name, value]);
    return this;
  }

  /** Name and value of each field, as they were given. */
  [Symbol.iterator](): Iterator<readonly [string, string]> {
    return this.#fields[Symbol.iterator]();
  }

  /** Plain data with the RFC's spelling of names, for tests and logs. */
  toJSON(): Record<string, string | string[]> {
    const plain: Record<string, string | string[]> = {};
    for (const [name] of this.#fields) {
      const values = this.getAll(name);
      plain[canonicalHeaderName(name)] = values.length === 1
        ? values[0]!
        : values;
    }
    return plain;
  }
}

/** `content-base` → `Content-Base`, `cseq` → `CSeq`. */
export function canonicalHeaderName(name: string): string {
  const lower = name.toLowerCase();
  return SPELLINGS.get(lower) ??
    lower.replace(
      /(^|-)([a-z])/g,
      (_, dash, letter) => dash + letter.toUpperCase(),
    );
}
