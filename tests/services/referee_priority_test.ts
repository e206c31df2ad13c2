import assert from "node:assert/strict";
import {
  ANALYSIS_NICE,
  lowerProcess,
} from "../../src/services/referee/low_priority.ts";

/** Where threads have priorities and FFI may set them. */
const isLinux = Deno.build.os === "linux" &&
  Deno.permissions.querySync({ name: "ffi" }).state === "granted";

/** How nice(1) is when it is started here. */
async function niceHere(): Promise<number> {
  const { stdout } = await new Deno.Command("nice", { stdin: "null" }).output();
  return Number(new TextDecoder().decode(stdout));
}

Deno.test({
  name: "a lowered process is lower, and who lowered it is not",
  ignore: !isLinux,
  async fn() {
    const before = await niceHere();
    const child = new Deno.Command("cat", {
      stdin: "piped",
      stdout: "null",
      detached: true,
    }).spawn();
    assert.equal(await lowerProcess(child.pid), true);
    const { stdout } = await new Deno.Command("ps", {
      args: ["-o", "ni=", "-p", String(child.pid)],
      stdin: "null",
    }).output();
    assert.equal(Number(new TextDecoder().decode(stdout)), ANALYSIS_NICE);
    await child.stdin.close();
    await child.status;
    assert.equal(await lowerProcess(child.pid), false);
    assert.equal(await niceHere(), before);
  },
});

Deno.test({
  name: "a lowered worker starts lower children, and the main thread does not",
  ignore: !isLinux,
  async fn() {
    const before = await niceHere();
    const url = new URL(
      "../../src/services/referee/low_priority.ts",
      import.meta.url,
    );
    const script = `import { lowerThread } from ${JSON.stringify(url.href)};
      const lowered = lowerThread();
      const { stdout } = await new Deno.Command("nice", { stdin: "null" }).output();
      postMessage([lowered, Number(new TextDecoder().decode(stdout))]);`;
    const worker = new Worker(
      `data:application/javascript,${encodeURIComponent(script)}`,
      { type: "module" },
    );
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(event.error ?? event.message);
    try {
      assert.deepEqual(await promise, [true, Math.max(before, ANALYSIS_NICE)]);
      assert.equal(await niceHere(), before);
    } finally {
      worker.terminate();
    }
  },
});
