/**
 * Takes one file out of a tar archive (POSIX.1-1988 ustar, IEEE Std 1003.1
 * "pax" section), as its bytes arrive.
 *
 * ```text
 *   0      100  108 116     124      136     148   156 157 …  257   345    500
 *   | name | mode|uid| gid  | size  | mtime | chksum | t | … | magic | … prefix |
 * ```
 *
 * Numbers are octal text; each member's bytes follow its 512-byte header and
 * are padded to 512; two zero blocks end the archive. Nothing but the one
 * member is given out, so no name in an archive ever becomes a path.
 *
 * @module
 */

const BLOCK = 512;

/** Members looked at before giving up: an ffmpeg package has five. */
export const MAX_TAR_MEMBERS = 1000;

/** Largest member, wanted or not: the static builds have 80 to 130 MB. */
export const MAX_TAR_MEMBER_SIZE = 512 * 1024 * 1024;

/** An archive that is damaged, or hostile, or lacks the member. */
export class TarError extends SyntaxError {
  /** The class, in messages and for who cannot import it. */
  override name = "TarError";
}

/** Finds one member; push the archive in any pieces. */
export class TarMemberReader {
  readonly #member: string;
  readonly #header = new Uint8Array(BLOCK);
  #headerLength = 0;
  #skip = 0;
  #take = 0;
  #members = 0;
  #found = false;
  #ended = false;

  /** Looks for the regular file whose full name is `member`. */
  constructor(member: string) {
    this.#member = member;
  }

  /** Whether the member has been given out whole; the rest of the archive need not be read. */
  get done(): boolean {
    return this.#found && this.#take === 0;
  }

  /**
   * The member's bytes in `chunk`, as views of it.
   *
   * @throws {TarError} when the archive is damaged.
   */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    let at = 0;
    while (at < chunk.length && !this.done && !this.#ended) {
      const left = chunk.length - at;
      if (this.#take > 0) {
        const count = Math.min(this.#take, left);
        this.#take -= count;
        yield chunk.subarray(at, at + count);
        at += count;
      } else if (this.#skip > 0) {
        const count = Math.min(this.#skip, left);
        this.#skip -= count;
        at += count;
      } else {
        const count = Math.min(BLOCK - this.#headerLength, left);
        this.#header.set(chunk.subarray(at, at + count), this.#headerLength);
        this.#headerLength += count;
        at += count;
        if (this.#headerLength === BLOCK) this.#readHeader();
      }
    }
  }

  /**
   * Says that the archive has ended.
   *
   * @throws {TarError} when the member was not in it, or not whole.
   */
  finish(): void {
    if (this.done) return;
    throw new TarError(
      this.#found
        ? `Cannot unpack ${
          JSON.stringify(this.#member)
        }: the archive ends within it`
        : `Cannot unpack ${
          JSON.stringify(this.#member)
        }: it is not in the archive`,
    );
  }

  #readHeader(): void {
    const header = this.#header;
    this.#headerLength = 0;
    if (header.every((byte) => byte === 0)) {
      this.#ended = true;
      return;
    }
    if (++this.#members > MAX_TAR_MEMBERS) {
      throw new TarError(
        `Cannot unpack the archive: it has more than ${MAX_TAR_MEMBERS} members`,
      );
    }
    let sum = 8 * 0x20; // the checksum itself counts as spaces
    for (let i = 0; i < BLOCK; i++) {
      if (i < 148 || i >= 156) sum += header[i] ?? 0;
    }
    if (octal(header, 148, 8) !== sum) {
      throw new TarError("Cannot unpack the archive: a header is damaged");
    }
    const size = octal(header, 124, 12);
    if (size > MAX_TAR_MEMBER_SIZE) {
      throw new TarError(
        `Cannot unpack the archive: a member has ${size} bytes, the limit is ${MAX_TAR_MEMBER_SIZE}`,
      );
    }
    const isUstar = text(header, 257, 5) === "ustar";
    const prefix = isUstar ? text(header, 345, 155) : "";
    const name = (prefix === "" ? "" : `${prefix}/`) + text(header, 0, 100);
    const type = header[156];
    if (name === this.#member && (type === 0x30 || type === 0)) {
      if (size === 0) {
        throw new TarError(
          `Cannot unpack ${JSON.stringify(name)}: it is empty`,
        );
      }
      this.#found = true;
      this.#take = size;
    } else {
      this.#skip = Math.ceil(size / BLOCK) * BLOCK;
    }
  }
}

function text(bytes: Uint8Array, start: number, length: number): string {
  const field = bytes.subarray(start, start + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

function octal(bytes: Uint8Array, start: number, length: number): number {
  const digits = text(bytes, start, length).trim();
  if (!/^[0-7]{1,11}$/.test(digits)) {
    throw new TarError("Cannot unpack the archive: a number is damaged");
  }
  return parseInt(digits, 8);
}
