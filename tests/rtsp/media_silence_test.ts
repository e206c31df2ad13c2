import assert from "node:assert/strict";
import { MediaSilence } from "../../src/rtsp/media_silence.ts";

Deno.test("silence counts from PLAY or the last packet, and only while packets are expected", () => {
  const silence = new MediaSilence();
  silence.packet(5);
  assert.equal(silence.dueAt(100), undefined);
  assert.equal(silence.heard, true);
  silence.begin(10);
  assert.equal(silence.dueAt(100), 110);
  silence.packet(40);
  assert.equal(silence.dueAt(100), 140);
  silence.end();
  silence.packet(50);
  assert.equal(silence.dueAt(100), undefined);
});

Deno.test("nothing has been heard before the first packet", () => {
  const silence = new MediaSilence();
  silence.begin(0);
  assert.equal(silence.heard, false);
  assert.equal(silence.dueAt(3000), 3000);
});
