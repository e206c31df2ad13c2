/**
 * The few functions of Linux's C library that make UDP fast, by FFI.
 *
 * Every call is synchronous and nonblocking, so the kernel holds the address of
 * a buffer only while the call lasts. A buffer that is an argument of a call is
 * alive for as long; one whose address is written into another buffer must be
 * kept by the caller, or it may be collected first.
 *
 * @module
 */

/** What `errno` may be after a call that failed (errno(3), Linux's numbers). */
export const ERRNO = {
  interrupted: 4,
  inputOutput: 5,
  badDescriptor: 9,
  again: 11,
  invalid: 22,
  messageTooLong: 90,
} as const;

/** `SOL_SOCKET`, and options of that level (asm-generic/socket.h). */
export const SOL_SOCKET = 1;
/** Type of a socket, `SOCK_DGRAM` for UDP. */
export const SO_TYPE = 3;
/** Send buffer in bytes, bounded by `wmem_max`. */
export const SO_SNDBUF = 7;
/** Receive buffer in bytes, bounded by `rmem_max`. */
export const SO_RCVBUF = 8;
/** Send buffer beyond the bound, for who may administer the network. */
export const SO_SNDBUFFORCE = 32;
/** Receive buffer beyond the bound, likewise. */
export const SO_RCVBUFFORCE = 33;

const SYMBOLS = {
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "buffer"],
    result: "i32",
  },
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
  // The lengths that these return are below 2^31, so their lower half is all.
  sendto: {
    parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"],
    result: "i32",
  },
  sendmmsg: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  recvmmsg: {
    parameters: ["i32", "buffer", "u32", "i32", "pointer"],
    result: "i32",
  },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

/** The C library's names: glibc's, musl's on either processor. */
const NAMES = [
  "libc.so.6",
  `libc.musl-${Deno.build.arch}.so.1`,
] as const;

/** Processors whose structures are laid out as this folder writes them. */
const ARCHITECTURES: readonly string[] = ["x86_64", "aarch64"];

/** The library, open. */
export class Libc {
  /** The functions. */
  readonly call: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];
  readonly #library: Deno.DynamicLibrary<typeof SYMBOLS>;
  readonly #errno: Int32Array;
  readonly #int = new Int32Array(new ArrayBuffer(4));
  readonly #length = new Uint32Array(new ArrayBuffer(4));

  constructor(library: Deno.DynamicLibrary<typeof SYMBOLS>) {
    this.#library = library;
    this.call = library.symbols;
    // `errno` stays where it is for the life of a thread. Read through memory,
    // nothing can run between the call that failed and the look at it.
    const place = library.symbols.__errno_location();
    if (place === null) throw new Error("Cannot find errno: it has no place");
    this.#errno = new Int32Array(
      Deno.UnsafePointerView.getArrayBuffer(place, 4),
    );
  }

  /** Why the last call failed. */
  get errno(): number {
    return this.#errno[0]!;
  }

  /** An option of a socket that is a number; `undefined` when there is none. */
  getOption(fd: number, level: number, option: number): number | undefined {
    this.#length[0] = 4;
    const { getsockopt } = this.call;
    return getsockopt(fd, level, option, this.#int, this.#length) === 0
      ? this.#int[0]
      : undefined;
  }

  /** Sets such an option; false when the kernel does not let us. */
  setOption(fd: number, level: number, option: number, to: number): boolean {
    this.#int[0] = to;
    return this.call.setsockopt(fd, level, option, this.#int, 4) === 0;
  }

  /** Unloads it; no function may be called again. */
  close(): void {
    this.#library.close();
  }
}

let shared: Libc | undefined;
let users = 0;
let isUnusable = false;

/**
 * The library, for as long as nobody has said {@linkcode releaseLibc} as often
 * as this gave it. `undefined` where it cannot be had: another system, no
 * `--allow-ffi` (there is no prompt), or a call that does not do what it should.
 */
export function acquireLibc(): Libc | undefined {
  if (isUnusable) return undefined;
  shared ??= openLibc();
  if (shared === undefined) isUnusable = true;
  else users++;
  return shared;
}

/** Gives back what {@linkcode acquireLibc} gave. */
export function releaseLibc(): void {
  users--;
  if (users > 0) return;
  shared?.close();
  shared = undefined;
}

function openLibc(): Libc | undefined {
  const { os, arch } = Deno.build;
  if (os !== "linux" || !ARCHITECTURES.includes(arch)) return undefined;
  // Allowed for single files only, a bare name is one of the current folder.
  const { state } = Deno.permissions.querySync({ name: "ffi" });
  if (state !== "granted") return undefined;
  for (const path of NAMES) {
    try {
      const libc = new Libc(Deno.dlopen(path, SYMBOLS));
      if (answersAsExpected(libc)) return libc;
      libc.close();
    } catch {
      // Not this library's name here, or it lacks a function: try the next.
    }
  }
  return undefined;
}

/** A call that must fail in a known way: arguments, result and `errno` get across. */
function answersAsExpected(libc: Libc): boolean {
  const nothing = new Uint8Array(new ArrayBuffer(128));
  return libc.call.getsockname(-1, nothing, nothing) === -1 &&
    libc.errno === ERRNO.badDescriptor;
}
