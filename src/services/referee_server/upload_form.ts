/**
 * The form of an upload: its video to disk as it arrives, its signal and switches
 * kept.
 *
 * @module
 */

import { MAX_SIGNAL_BYTES } from "../../referee/mod.ts";
import type { SessionFolder } from "./session_folder.ts";

/** Longest plain field. */
const MAX_FIELD_BYTES = 1024;

/** An upload that cannot be taken; the answer is `{"detail": …}`. */
export class UploadError extends Error {
  override readonly name = "UploadError";

  constructor(readonly status: number, readonly detail: unknown) {
    super(typeof detail === "string" ? detail : JSON.stringify(detail));
  }
}

/** What a form brought. */
export interface Form {
  videoName: string | undefined;
  signalName: string | undefined;
  signal: Uint8Array;
  readonly fields: Map<string, string>;
}

/** Where the parts of a form go. */
export class FormSink {
  readonly form: Form = {
    videoName: undefined,
    signalName: undefined,
    signal: new Uint8Array(),
    fields: new Map(),
  };
  readonly #folder: SessionFolder;
  #file: Deno.FsFile | undefined;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #name = "";

  constructor(folder: SessionFolder) {
    this.#folder = folder;
  }

  async begin(
    { name, filename }: { name: string; filename: string | undefined },
  ): Promise<void> {
    this.#name = name;
    this.#pieces = [];
    this.#bytes = 0;
    if (name !== "video" && name !== "signal") return;
    if (filename === undefined) throw missing(name, "must be a file");
    if (filename === "") throw new UploadError(400, `No ${name} file name`);
    if (name === "signal") this.form.signalName = filename.slice(0, 256);
    else {
      if (this.form.videoName !== undefined) {
        throw new UploadError(400, "There are two videos in the form");
      }
      this.form.videoName = filename.slice(0, 256);
      this.#file = await Deno.open(this.#folder.uploadPath, {
        write: true,
        createNew: true,
      });
    }
  }

  async add(bytes: Uint8Array): Promise<void> {
    if (this.#name === "video") {
      for (let at = 0; at < bytes.length;) {
        at += await this.#file!.write(bytes.subarray(at));
      }
      return;
    }
    this.#bytes += bytes.length;
    const most = this.#name === "signal" ? MAX_SIGNAL_BYTES : MAX_FIELD_BYTES;
    if (this.#bytes > most) {
      throw new UploadError(
        413,
        `The field "${this.#name.slice(0, 64)}" is larger than ${most} bytes`,
      );
    }
    this.#pieces.push(bytes);
  }

  end(): void {
    if (this.#name === "video") this.close();
    else {
      const bytes = joined(this.#pieces, this.#bytes);
      if (this.#name === "signal") this.form.signal = bytes;
      else {
        this.form.fields.set(this.#name, new TextDecoder().decode(bytes));
      }
    }
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/**
 * The form when all is in it.
 *
 * @throws {UploadError} else.
 */
export function checkedForm(form: Form): Form {
  if (form.videoName === undefined) throw missing("video");
  if (form.signalName === undefined) throw missing("signal");
  for (const name of ["include_keypoints", "save_overlay", "swap_sides"]) {
    flag(form, name, false);
  }
  return form;
}

/** A switch of the form; clients write "false" and "true". */
export function flag(
  { fields }: Form,
  name: string,
  fallback: boolean,
): boolean {
  const word = fields.get(name)?.trim().toLowerCase();
  if (word === undefined || word === "") return fallback;
  if (["true", "1", "yes", "on"].includes(word)) return true;
  if (["false", "0", "no", "off"].includes(word)) return false;
  throw missing(name, "must be true or false");
}

/** What existing clients know of a field that is not as it must be. */
export function missing(name: string, message = "Field required"): UploadError {
  return new UploadError(422, [
    { type: "missing", loc: ["body", name], msg: message },
  ]);
}
