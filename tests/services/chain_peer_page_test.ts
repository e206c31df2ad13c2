import assert from "node:assert/strict";
import { makeJpeg } from "../support/clips.ts";
import { waitUntil } from "../support/wait.ts";
import { binaryDatagrams, withPeer } from "./support/peer_scene.ts";

Deno.test("a snapshot names its frame, and before the first there is none", async () => {
  await withPeer({ pagePort: 0 }, async ({ running, send }) => {
    const url = `${running.pageUrls[0]}snapshot.jpg`;
    const none = await fetch(url);
    assert.equal(none.status, 404);
    assert.match((await none.json()).error, /no picture has arrived/);
    const jpeg = await makeJpeg({ size: "160x120" });
    await send(binaryDatagrams(jpeg, 7, 9));
    await waitUntil(() => running.peer.live.newest());
    const snapshot = await fetch(url);
    assert.equal(snapshot.status, 200);
    assert.equal(snapshot.headers.get("x-frame-number"), "7");
    assert.equal(snapshot.headers.get("content-type"), "image/jpeg");
    const bytes = await snapshot.bytes();
    assert.deepEqual([...bytes.subarray(0, 2)], [0xff, 0xd8]);
  });
});
