import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import {
  acquireLibc,
  ERRNO,
  type Libc,
  releaseLibc,
} from "../../src/net/libc.ts";
import {
  DatagramBatch,
  NO_FAST_PATH_VARIABLE,
  openUdpSocket,
} from "../../src/net/udp.ts";
import { openLinuxUdpSocket } from "../../src/net/udp_linux.ts";
import { PortableUdpSocket } from "../../src/net/udp_portable.ts";
import { fuzzRuns } from "../support/fuzz.ts";
import { HAS_FAST_PATH, LOCAL } from "./support/udp_paths.ts";

const IS_LINUX = Deno.build.os === "linux";
const PROGRAM = fileURLToPath(
  new URL("support/udp_program.ts", import.meta.url),
);
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

async function runProgram(
  what: string,
  flags: readonly string[],
  env: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      ...["--config", CONFIG],
      "--allow-net",
      ...flags,
      PROGRAM,
      what,
    ],
    env,
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test({
  name:
    "Linux takes the fast path with --allow-ffi, and large buffers; else it is portable and says so",
  ignore: !IS_LINUX,
  async fn() {
    const ffi = "--allow-ffi";
    const env = "--allow-env";
    const off = { [NO_FAST_PATH_VARIABLE]: "1" };
    const fast = await runProgram("path", [ffi, env]);
    assert.equal(fast.path, "linux");
    assert.ok((fast.receiveBufferBytes as number) >= 212_992);
    assert.equal((await runProgram("path", [ffi], off)).path, "linux");
    const portable = { path: "portable" };
    assert.deepEqual(await runProgram("path", [env]), portable);
    // That is a file of the current folder, which must not be loaded.
    assert.deepEqual(await runProgram("path", [`${ffi}=libc.so.6`]), portable);
    assert.deepEqual(await runProgram("path", [ffi, env], off), portable);
    assert.deepEqual(await runProgram("option", [ffi, env]), portable);
  },
});

Deno.test({
  name: "packets come and go whole while their batches are collected under way",
  ignore: !IS_LINUX,
  async fn() {
    const packets = fuzzRuns(100_000);
    const result = await runProgram(`collect:${packets}`, [
      "--allow-ffi",
      "--v8-flags=--expose-gc",
    ]);
    assert.deepEqual(result, { path: "linux", packets, lost: 0, damaged: 0 });
  },
});

/** The real library, some of whose functions are others. */
function changedLibc(
  changed: (real: Libc) => Partial<Libc["call"]>,
  errno: number,
): Libc {
  const real = acquireLibc();
  assert.ok(real);
  return {
    call: { ...real.call, ...changed(real) },
    errno,
    getOption: real.getOption.bind(real),
    setOption: real.setOption.bind(real),
  } as unknown as Libc;
}

function portableSocket(): PortableUdpSocket {
  return new PortableUdpSocket(
    Deno.listenDatagram({ ...LOCAL, transport: "udp" }),
  );
}

function threeEach(sizes: readonly number[]): DatagramBatch {
  const batch = new DatagramBatch(sizes.length, 100);
  sizes.forEach((size, i) => batch.append(new Uint8Array(size).fill(i)));
  return batch;
}

async function sizesOf(
  receiver: { receive(batch: DatagramBatch): Promise<boolean> },
  count: number,
): Promise<number[]> {
  const batch = new DatagramBatch(count, 100);
  const sizes: number[] = [];
  while (sizes.length < count) {
    await receiver.receive(batch);
    sizes.push(...batch.lengths.subarray(0, batch.count));
  }
  return sizes;
}

const FIVE = [10, 10, 20, 20, 5];

Deno.test({
  name: "a full send buffer is waited for, and nothing leaves twice or not",
  ignore: !HAS_FAST_PATH,
  async fn() {
    for (const full of [[0], [1], [0, 1, 2, 3]]) {
      let calls = 0;
      const libc = changedLibc((real) => ({
        sendmmsg: (fd, messages, count, flags) =>
          count > 0 && full.includes(calls++)
            ? -1
            : real.call.sendmmsg(fd, messages, Math.min(count, 1), flags),
        sendto: () => -1,
      }), ERRNO.again);
      using sender = openLinuxUdpSocket(portableSocket(), libc)!;
      using receiver = openUdpSocket(LOCAL);
      await sender.send(threeEach(FIVE), 0, 5, receiver.address);
      assert.deepEqual(await sizesOf(receiver, 5), FIVE);
      await sender.sendOne(new Uint8Array(7), receiver.address);
      assert.deepEqual(await sizesOf(receiver, 1), [7]);
      assert.equal(sender.sendErrors, 0);
    }
  },
});

Deno.test({
  name: "a kernel that does not cut up what is sent gets it piece by piece",
  ignore: !HAS_FAST_PATH,
  async fn() {
    for (
      const errno of [ERRNO.invalid, ERRNO.inputOutput, ERRNO.messageTooLong]
    ) {
      let refusals = 0;
      const libc = changedLibc((real) => ({
        sendmmsg: (fd, messages, count, flags) => {
          const words = messages as Uint32Array;
          // The size of a message's control data: it asks for being cut up.
          for (let i = 0; i < count; i++) {
            if (words[i * 16 + 10] === 0) continue;
            if (i > 0) return real.call.sendmmsg(fd, messages, i, flags);
            refusals++;
            return -1;
          }
          return real.call.sendmmsg(fd, messages, count, flags);
        },
      }), errno);
      using sender = openLinuxUdpSocket(portableSocket(), libc)!;
      using receiver = openUdpSocket(LOCAL);
      const out = threeEach(FIVE);
      for (let round = 0; round < 3; round++) {
        await sender.send(out, 0, 5, receiver.address);
        assert.deepEqual(await sizesOf(receiver, 5), FIVE);
      }
      assert.equal(sender.sendErrors, 0);
      // It is asked for each size once, not with every call.
      assert.equal(refusals, 1);
    }
  },
});

Deno.test({
  name: "a kernel that refuses the calls altogether leaves the socket portable",
  ignore: !HAS_FAST_PATH,
  fn() {
    const libc = changedLibc(() => ({ sendmmsg: () => -1 }), ERRNO.invalid);
    using portable = portableSocket();
    assert.equal(openLinuxUdpSocket(portable, libc), undefined);
    assert.equal(openLinuxUdpSocket(portable, undefined)?.path, "linux");
    releaseLibc();
  },
});

Deno.test({
  name: "a burst of a megabyte waits in the buffer where the kernel allows it",
  ignore: !HAS_FAST_PATH,
  async fn() {
    using sender = openUdpSocket(LOCAL);
    using receiver = openUdpSocket(LOCAL);
    const bufferBytes = receiver.receiveBufferBytes ?? 0;
    assert.ok(bufferBytes >= 212_992);
    // Each takes some 2.3 KB of what the kernel counts.
    const count = Math.min(750, Math.floor(bufferBytes / 3000));
    const out = new DatagramBatch(count, 1400);
    for (let i = 0; i < count; i++) out.append(new Uint8Array(1400));
    await sender.send(out, 0, count, receiver.address);
    const into = new DatagramBatch(64, 1500);
    for (let came = 0; came < count; came += into.count) {
      assert.ok(await receiver.receive(into));
    }
  },
});
