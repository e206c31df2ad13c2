/**
 * A machine with nothing on it: the binary and the parts of the C library it
 * asks for, in a root folder, mount, process and network namespace of its own.
 * Neither Deno nor ffmpeg nor a shell is there, and no network but loopback.
 *
 * @module
 */

import { dirname, join } from "node:path";

/** Where our binary is in the bare root. */
const PROGRAM = "/streamtool";

/** Devices that every program may expect. */
const DEVICES = ["null", "urandom", "zero"];

/**
 * Made by the shell of the machine, from within the new namespaces: `$1` is the
 * root, the rest the command.
 */
const ENTER = `set -e
root=$1; shift
ip link set lo up
mount -t proc proc "$root/proc"
for name in ${
  DEVICES.join(" ")
}; do mount --bind "/dev/$name" "$root/dev/$name"; done
chroot=$(command -v chroot)
exec env -i HOME=/root PATH= "$chroot" "$root" "$@"`;

/** Why no bare root can be entered here; `undefined` when it can. */
export async function bareRootMissing(): Promise<string | undefined> {
  const { success } = await new Deno.Command("sh", {
    args: [
      "-c",
      "command -v chroot && command -v ldd && " +
      "unshare --mount --net --pid --fork ip link set lo up",
    ],
    stdout: "null",
    stderr: "null",
  }).output().catch(() => ({ success: false }));
  return success ? undefined : "it needs Linux, root, unshare, chroot and ip";
}

/** A root folder with the binary; removed when disposed. */
export class BareRoot {
  /** The folder. */
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes a root for `binary`, with the libraries that it and `programs` load. */
  static async make(
    binary: string,
    programs: readonly string[],
  ): Promise<BareRoot> {
    const path = await Deno.makeTempDir({ prefix: "streamtool_bare_" });
    for (const folder of ["proc", "dev", "tmp", "root"]) {
      await Deno.mkdir(join(path, folder));
    }
    for (const name of DEVICES) {
      await Deno.writeFile(join(path, "dev", name), new Uint8Array());
    }
    await Deno.copyFile(binary, join(path, PROGRAM));
    const libraries = await Promise.all([binary, ...programs].map(librariesOf));
    for (const library of new Set(libraries.flat())) {
      await Deno.mkdir(join(path, dirname(library)), { recursive: true });
      await Deno.copyFile(library, join(path, library));
    }
    return new BareRoot(path);
  }

  /** The command, to be started outside, that runs the binary inside with `args`. */
  command(args: readonly string[]): { command: string; args: string[] } {
    return {
      command: "unshare",
      args: [
        ...["--mount", "--net", "--pid", "--fork", "--kill-child"],
        ...["sh", "-c", ENTER, "enter", this.path, PROGRAM, ...args],
      ],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** The paths of the shared libraries a program loads. */
async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await new Deno.Command("ldd", {
    args: [program],
    stderr: "null",
  }).output();
  const text = new TextDecoder().decode(stdout);
  return [...text.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map((match) =>
    match[1]!
  );
}
