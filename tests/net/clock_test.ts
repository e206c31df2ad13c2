import assert from "node:assert/strict";
import { nowMicros, sleepUntil, whenAborted } from "../../src/net/mod.ts";

Deno.test("a sleep ends at its time, or when its signal aborts", async () => {
  const at = nowMicros() + 5000;
  await sleepUntil(at);
  assert.ok(nowMicros() >= at);
  const stop = new AbortController();
  const asleep = sleepUntil(nowMicros() + 60e6, stop.signal);
  stop.abort();
  await asleep;
});

Deno.test("a signal that has aborted is not waited for", async () => {
  await whenAborted(AbortSignal.abort());
});

Deno.test("a signal of several is heard, also when nobody else holds it", async () => {
  const clock = new URL("../../src/net/clock.ts", import.meta.url);
  const script = `
    import { whenAborted } from ${JSON.stringify(clock.href)};
    const [first, second] = [new AbortController(), new AbortController()];
    const heard = whenAborted(AbortSignal.any([first.signal, second.signal]));
    for (let round = 0; round < 3; round++) {
      await new Promise((resolve) => setTimeout(resolve));
      globalThis.gc();
    }
    second.abort();
    await heard;
    console.log("heard");`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["eval", "--no-config", "--v8-flags=--expose-gc", "--ext=ts"],
      script,
    ],
    stdin: "null",
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.equal(decode(stdout), "heard\n", decode(stderr));
});
