/**
 * Reading `multipart/form-data` (RFC 7578, RFC 2046 section 5.1) as it
 * arrives: headers are parsed, contents pass through in pieces.
 *
 * ```text
 *  --boundary CRLF headers CRLF CRLF content CRLF --boundary … CRLF --boundary--
 * ```
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** Longest headers of one part; browsers send some 200 bytes. */
export const MAX_PART_HEADER_BYTES = 8 * 1024;

/** Most parts; the form has four. */
export const MAX_PARTS = 64;

/** Longest boundary (RFC 2046 section 5.1.1). */
const MAX_BOUNDARY = 70;

/** Bytes before the first boundary that are skipped. */
const MAX_PREAMBLE_BYTES = 8 * 1024;

/** What is wrong with a form. */
export type MultipartErrorCode =
  | "bad-content-type"
  | "bad-header"
  | "too-many-parts"
  | "too-long"
  | "truncated";

/** A body that is no form. */
export class MultipartError extends SyntaxError {
  /** The class, in messages and for who cannot import it. */
  override readonly name = "MultipartError";

  /** `code` is for programs, `message` for people. */
  constructor(readonly code: MultipartErrorCode, message: string) {
    super(message);
  }
}

/** What the reader found. */
export type MultipartEvent =
  | {
    readonly type: "part";
    /** The field's name. */
    readonly name: string;
    /** `undefined` for a plain field; may be empty for a file that was not chosen. */
    readonly filename: string | undefined;
  }
  | {
    readonly type: "data";
    /** A piece of the part's content. */
    readonly bytes: Uint8Array;
  }
  | { readonly type: "part_end" }
  | { readonly type: "end" };

/**
 * The boundary of a `Content-Type`.
 *
 * @throws {MultipartError} `bad-content-type`.
 */
export function multipartBoundary(contentType: string | null): string {
  const match =
    /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]*)"|([^\s";]+))/i
      .exec(contentType ?? "");
  const boundary = match?.[1] ?? match?.[2];
  if (
    boundary === undefined || boundary.length > MAX_BOUNDARY ||
    !/^[\w'()+,./:=? -]*[\w'()+,./:=?-]$/.test(boundary)
  ) {
    throw new MultipartError(
      "bad-content-type",
      "Cannot read the upload: it is not multipart/form-data with a boundary",
    );
  }
  return boundary;
}

type State = "preamble" | "delimiter" | "headers" | "content" | "done";

/** Bytes in, events out. */
export class MultipartReader {
  readonly #delimiter: Buffer;
  #state: State = "preamble";
  #bytes: Buffer;
  #parts = 0;
  #skipped = 0;

  /** For a body whose parts are divided by `boundary`. */
  constructor(boundary: string) {
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
    // The first boundary has no line before it, usually.
    this.#bytes = Buffer.from("\r\n");
  }

  /** Adds what arrived; call `next` until it gives nothing before the next push. */
  push(bytes: Uint8Array): void {
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#bytes = this.#bytes.length === 0
      ? piece
      : Buffer.concat([this.#bytes, piece]);
  }

  /**
   * The next event; `undefined` when it needs more bytes.
   *
   * @throws {MultipartError} for what is no form.
   */
  next(): MultipartEvent | undefined {
    if (this.#state === "preamble" && !this.#skipPreamble()) return undefined;
    if (this.#state === "delimiter") {
      const ended = this.#passDelimiter();
      if (ended === undefined) return undefined;
      if (ended) return { type: "end" };
    }
    if (this.#state === "headers") return this.#readHeaders();
    if (this.#state === "content") return this.#readContent();
    this.#bytes = Buffer.alloc(0); // the epilogue is nobody's
    return undefined;
  }

  /**
   * The body is over.
   *
   * @throws {MultipartError} `truncated` when its last boundary has not come.
   */
  end(): void {
    if (this.#state !== "done") {
      throw new MultipartError(
        "truncated",
        "Cannot read the upload: it ends before its last boundary",
      );
    }
  }

  #take(count: number): Buffer {
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  #skipPreamble(): boolean {
    const at = this.#bytes.indexOf(this.#delimiter);
    const skip = at < 0 ? this.#bytes.length - this.#delimiter.length : at;
    if (skip > 0) {
      this.#skipped += skip;
      this.#take(skip);
    }
    if (this.#skipped > MAX_PREAMBLE_BYTES) {
      throw new MultipartError(
        "too-long",
        `Cannot read the upload: no boundary in its first ${MAX_PREAMBLE_BYTES} bytes`,
      );
    }
    if (at < 0) return false;
    this.#take(this.#delimiter.length);
    this.#state = "delimiter";
    return true;
  }

  /** What follows a boundary: `--` at the end, else the rest of its line. `undefined` needs more. */
  #passDelimiter(): boolean | undefined {
    if (this.#bytes.length < 2) return undefined;
    if (this.#bytes[0] === 0x2d && this.#bytes[1] === 0x2d) {
      this.#state = "done";
      return true;
    }
    const end = this.#bytes.indexOf("\r\n");
    if (end < 0) {
      if (this.#bytes.length > MAX_BOUNDARY) {
        throw badHeader("the line of a boundary");
      }
      return undefined;
    }
    if (!/^[ \t]*$/.test(this.#take(end + 2).toString("latin1", 0, end))) {
      throw badHeader("the line of a boundary");
    }
    this.#state = "headers";
    return false;
  }

  #readHeaders(): MultipartEvent | undefined {
    const empty = this.#bytes[0] === 0x0d && this.#bytes[1] === 0x0a;
    const end = empty ? 0 : this.#bytes.indexOf("\r\n\r\n");
    if (end > MAX_PART_HEADER_BYTES || end < 0) {
      if (this.#bytes.length > MAX_PART_HEADER_BYTES) {
        throw badHeader("the header of a part (its length)");
      }
      return undefined;
    }
    const text = this.#take(end + (empty ? 2 : 4)).toString("utf8", 0, end);
    if (++this.#parts > MAX_PARTS) {
      throw new MultipartError(
        "too-many-parts",
        `Cannot read the upload: it has more than ${MAX_PARTS} parts`,
      );
    }
    this.#state = "content";
    return { type: "part", ...readDisposition(text) };
  }

  #readContent(): MultipartEvent | undefined {
    const at = this.#bytes.indexOf(this.#delimiter);
    if (at === 0) {
      this.#take(this.#delimiter.length);
      this.#state = "delimiter";
      return { type: "part_end" };
    }
    // What might be the begin of a boundary waits for the rest of it.
    const count = at > 0 ? at : this.#bytes.length - this.#delimiter.length + 1;
    return count > 0 ? { type: "data", bytes: this.#take(count) } : undefined;
  }
}

/** Name and file name of a part's `Content-Disposition`. */
function readDisposition(
  headers: string,
): { name: string; filename: string | undefined } {
  const line = headers.split("\r\n")
    .find((header) => /^content-disposition\s*:/i.test(header));
  if (line === undefined || !/^[^:]*:\s*form-data\s*(?:;|$)/i.test(line)) {
    throw badHeader("the Content-Disposition of a part");
  }
  const name = parameter(line, "name");
  if (name === undefined) throw badHeader("the name of a part");
  return { name, filename: parameter(line, "filename") };
}

/** A quoted or bare parameter; browsers write a quote in it as `%22`, others as `\"`. */
function parameter(line: string, name: string): string | undefined {
  const match = new RegExp(
    `;\\s*${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]+))`,
    "i",
  ).exec(line);
  return match?.[1]?.replace(/\\(["\\])/g, "$1").replaceAll("%22", '"') ??
    match?.[2];
}

function badHeader(what: string): MultipartError {
  return new MultipartError(
    "bad-header",
    `Cannot read the upload: ${what} is not as it must be`,
  );
}
