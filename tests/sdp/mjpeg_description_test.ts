import assert from "node:assert/strict";
import {
  describeMjpeg,
  findJpegMedia,
  formatSdp,
  mediaMikey,
  parseSdp,
} from "../../src/sdp/mod.ts";

const FILE = {
  name: "movie",
  sessionId: "42",
  address: "192.168.1.2",
  frameRate: 24,
  width: 640,
  height: 480,
  duration: 12.5,
  bandwidth: 4800.5,
};

Deno.test("a file's description is what players want, line by line", () => {
  assert.deepEqual(formatSdp(describeMjpeg(FILE)).split("\r\n"), [
    "v=0",
    "o=- 42 1 IN IP4 192.168.1.2",
    "s=movie",
    "c=IN IP4 0.0.0.0",
    "t=0 0",
    "a=tool:streamtool",
    "a=control:*",
    "a=range:npt=0-12.500",
    "m=video 0 RTP/AVP 26",
    "b=AS:4801",
    "a=rtpmap:26 JPEG/90000",
    "a=framerate:24",
    "a=x-dimensions:640,480",
    "a=control:trackID=0",
    "",
  ]);
});

Deno.test("a live stream's description has an open range and nothing that is not known", () => {
  const live = { name: "camera", sessionId: "1", address: "::1" };
  assert.deepEqual(formatSdp(describeMjpeg(live)).split("\r\n"), [
    "v=0",
    "o=- 1 1 IN IP6 ::1",
    "s=camera",
    "c=IN IP6 ::",
    "t=0 0",
    "a=tool:streamtool",
    "a=control:*",
    "a=range:npt=now-",
    "m=video 0 RTP/AVP 26",
    "a=rtpmap:26 JPEG/90000",
    "a=control:trackID=0",
    "",
  ]);
});

Deno.test("a key makes the stream SRTP", () => {
  const description = describeMjpeg({ ...FILE, mikey: "AAAA" });
  const read = parseSdp(formatSdp(description));
  assert.equal(read.media[0]!.protocol, "RTP/SAVP");
  assert.equal(mediaMikey(read, read.media[0]!), "AAAA");
});

Deno.test("a multicast group is named with its TTL", () => {
  const text = formatSdp(describeMjpeg({
    ...FILE,
    multicast: { address: "239.1.2.3", ttl: 16 },
  }));
  assert.match(text, /\r\nc=IN IP4 239\.1\.2\.3\/16\r\n/);
  const six = formatSdp(describeMjpeg({
    ...FILE,
    multicast: { address: "ff15::1", ttl: 16 },
  }));
  assert.match(six, /\r\nc=IN IP6 ff15::1\r\n/);
});

Deno.test("our own description is understood by our own player", () => {
  const found = findJpegMedia(parseSdp(formatSdp(describeMjpeg(FILE))));
  assert.equal(found?.codec.clockRate, 90_000);
});
