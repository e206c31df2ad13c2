/**
 * The analysis steps back: the worker's thread and the decoders get what nobody
 * else wants of the processors.
 *
 * On two cores a decoder and the tracker keep both busy, and a frame that has
 * arrived would wait for the end of their time slices before its ack. nice(2)
 * alone does not help: every ffmpeg is a session of its own, so that Ctrl-C does
 * not reach it, and Linux shares the processors among sessions first (sched(7),
 * "The autogroup feature"). So a child's group is lowered, too.
 *
 * @module
 */

/** nice(2): about a tenth of the weight of a thread of 0 (sched(7): 1.25 to the power of 10 is 9.3). */
export const ANALYSIS_NICE = 10;

/** `PRIO_PROCESS`; on Linux a thread has a priority of its own, and 0 is who calls (setpriority(2)). */
const PRIO_PROCESS = 0;

/** `O_WRONLY`. */
const WRITE_ONLY = 1;

/** The C library's names: glibc's, musl's on either processor. */
const NAMES = ["libc.so.6", `libc.musl-${Deno.build.arch}.so.1`] as const;

const SYMBOLS = {
  setpriority: { parameters: ["i32", "u32", "i32"], result: "i32" },
  // Deno itself writes below /proc with --allow-all only.
  open: { parameters: ["buffer", "i32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
  getsid: { parameters: ["i32"], result: "i32" },
} as const;

type Calls = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/**
 * Lowers the calling thread and what it will start; to be called in a worker.
 * `false` where that cannot be: another system than Linux, or no
 * `--allow-ffi` (there is no prompt).
 */
export function lowerThread(): boolean {
  return withLibc(({ setpriority }) =>
    setpriority(PRIO_PROCESS, 0, ANALYSIS_NICE) === 0
  );
}

/** Milliseconds between two looks whether a child has made its session, and how many: setsid(1) needs one or two. */
const LOOK_MS = 5;
const MAX_LOOKS = 20;

/**
 * Lowers a child process, and the session that it makes; `false` as above, and
 * where it makes none.
 */
export async function lowerProcess(pid: number): Promise<boolean> {
  const lowered = withLibc(({ setpriority }) =>
    setpriority(PRIO_PROCESS, pid, ANALYSIS_NICE) === 0
  );
  if (!lowered) return false;
  for (let look = 0; look < MAX_LOOKS; look++) {
    // Before that its group is ours.
    if (withLibc(({ getsid }) => getsid(pid) === pid)) return lowerGroup(pid);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return false;
}

function lowerGroup(pid: number): boolean {
  return withLibc(({ open, write, close }) => {
    const file = open(zeroEnded(`/proc/${pid}/autogroup`), WRITE_ONLY);
    if (file < 0) return true; // a kernel without, or the child is gone
    const nice = zeroEnded(String(ANALYSIS_NICE));
    write(file, nice, BigInt(nice.length - 1));
    close(file);
    return true;
  });
}

function zeroEnded(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

function withLibc(use: (calls: Calls) => boolean): boolean {
  if (
    Deno.build.os !== "linux" ||
    Deno.permissions.querySync({ name: "ffi" }).state !== "granted"
  ) return false;
  for (const name of NAMES) {
    let library: Deno.DynamicLibrary<typeof SYMBOLS>;
    try {
      library = Deno.dlopen(name, SYMBOLS);
    } catch {
      continue; // that one is not here
    }
    try {
      return use(library.symbols);
    } finally {
      library.close();
    }
  }
  return false;
}
