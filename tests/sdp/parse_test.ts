import assert from "node:assert/strict";
import {
  attributeValue,
  attributeValues,
  findJpegMedia,
  formatParameters,
  formatSdp,
  mediaCodecs,
  mediaCryptos,
  mediaDimensions,
  mediaFrameRate,
  mediaMikey,
  parseSdp,
  SdpProtocolError,
} from "../../src/sdp/mod.ts";
import type { SdpErrorCode } from "../../src/sdp/mod.ts";
import { sdpFixture, sdpFixtures } from "./fixtures.ts";

for (const [name, text] of sdpFixtures()) {
  Deno.test(`a description stays the same when it is written and read: ${name}`, () => {
    const description = parseSdp(text);
    const again = parseSdp(formatSdp(description));
    assert.deepEqual(again.media, description.media);
    assert.deepEqual(again.attributes, description.attributes);
    assert.equal(again.name, description.name);
  });

  Deno.test(`a description is the same with any line ending: ${name}`, () => {
    const description = parseSdp(text);
    for (const ending of ["\r\n", "\r", "\n\n", " \n"]) {
      assert.deepEqual(parseSdp(text.replaceAll("\n", ending)), description);
    }
    assert.deepEqual(parseSdp(`\n${text.trimEnd()}`), description);
  });
}

Deno.test("every line of a description is read", () => {
  const description = parseSdp([
    "v=0",
    "o=jdoe 3724394400 3724394405 IN IP6 2001:db8::1",
    "s=Call to John Smith",
    "i=SDP Offer #1",
    "u=http://www.jdoe.example.com/home.html",
    "e=Jane Doe <jane@jdoe.example.com>",
    "c=IN IP4 224.2.36.42/127/3",
    "b=CT:154798",
    "t=3034423619 3042462419",
    "r=604800 3600 0 90000",
    "a=recvonly",
    "m=video 49170/2 RTP/AVP 26 31",
    "i=the picture",
    "c=IN IP6 ff15::101/3",
    "b=AS:2000",
    "b=TIAS:1800000",
    "a=framerate:24",
  ].join("\r\n"));
  assert.deepEqual(description, {
    origin: {
      username: "jdoe",
      sessionId: "3724394400",
      sessionVersion: "3724394405",
      networkType: "IN",
      addressType: "IP6",
      address: "2001:db8::1",
    },
    name: "Call to John Smith",
    information: "SDP Offer #1",
    connection: {
      networkType: "IN",
      addressType: "IP4",
      address: "224.2.36.42",
      ttl: 127,
      count: 3,
    },
    bandwidths: [{ type: "CT", value: 154798 }],
    times: [{ start: 3034423619, stop: 3042462419 }],
    attributes: [{ name: "recvonly" }],
    media: [{
      type: "video",
      port: 49170,
      portCount: 2,
      protocol: "RTP/AVP",
      formats: ["26", "31"],
      title: "the picture",
      connections: [{
        networkType: "IN",
        addressType: "IP6",
        address: "ff15::101",
        count: 3,
      }],
      bandwidths: [
        { type: "AS", value: 2000 },
        { type: "TIAS", value: 1800000 },
      ],
      attributes: [{ name: "framerate", value: "24" }],
    }],
  });
});

const REFUSED: readonly [name: string, text: string, code: SdpErrorCode][] = [
  ["nothing", "", "SDP_BAD_VERSION"],
  ["a web page", "<!DOCTYPE html>", "SDP_BAD_VERSION"],
  ["another version", "v=1\r\ns=x\r\n", "SDP_BAD_VERSION"],
  ["a line without its type", "v=0\r\nhello\r\n", "SDP_BAD_LINE"],
  ["a media line without formats or port", "v=0\nm=video\n", "SDP_BAD_MEDIA"],
  ["a port that is none", "v=0\nm=video 70000 RTP/AVP 26", "SDP_BAD_MEDIA"],
  ["a port in words", "v=0\nm=video http RTP/AVP 26", "SDP_BAD_MEDIA"],
  [
    "too many media",
    `v=0\n${"m=video 0 RTP/AVP 26\n".repeat(65)}`,
    "SDP_TOO_LARGE",
  ],
  ["too many lines", `v=0\n${"a=x\n".repeat(5000)}`, "SDP_TOO_LARGE"],
  ["too long a text", `v=0\ns=${"x".repeat(200_000)}`, "SDP_TOO_LARGE"],
];

for (const [name, text, code] of REFUSED) {
  Deno.test(`a description is refused: ${name}`, () => {
    assert.throws(
      () => parseSdp(text),
      (error) => error instanceof SdpProtocolError && error.code === code,
    );
  });
}

Deno.test("lines that cannot be read are stepped over where nothing hangs on them", () => {
  const description = parseSdp(
    "v=0\no=short\nc=IN\nb=nothing\nt=now\nz=\nm=video 0 RTP/AVP\nc=x\n",
  );
  assert.equal(description.origin, undefined);
  assert.equal(description.connection, undefined);
  assert.deepEqual(description.times, []);
  assert.deepEqual(description.media[0]!.formats, []);
});

Deno.test("a user name with spaces does not shift the origin", () => {
  const { origin } = parseSdp(sdpFixture("h264_camera"));
  assert.equal(origin?.username, "RTSP Session");
  assert.equal(origin?.address, "0.0.0.0");
});

Deno.test("codecs come from rtpmap, or from their number", () => {
  const codecs = (name: string) =>
    parseSdp(sdpFixture(name)).media.map((media) =>
      mediaCodecs(media).map(({ encoding, clockRate }) =>
        `${encoding}/${clockRate}`
      )
    );
  assert.deepEqual(codecs("live555"), [["JPEG/90000"]]);
  assert.deepEqual(codecs("axis_camera"), [
    ["JPEG/90000"],
    ["MPEG4-GENERIC/16000"],
  ]);
  assert.deepEqual(codecs("h264_camera"), [
    ["H264/90000"],
    ["PCMA/8000"],
    ["VND.ONVIF.METADATA/90000"],
  ]);
});

Deno.test("the JPEG track is found where there is one", () => {
  const found = (name: string) => findJpegMedia(parseSdp(sdpFixture(name)));
  assert.equal(found("axis_camera")?.codec.payloadType, 26);
  assert.equal(found("bare")?.index, 0);
  assert.equal(found("h264_camera"), undefined);
});

Deno.test("what a track says of itself is read", () => {
  const media = (name: string) => parseSdp(sdpFixture(name)).media[0]!;
  assert.equal(mediaFrameRate(media("axis_camera")), 30);
  assert.equal(mediaFrameRate(media("live555")), undefined);
  assert.deepEqual(mediaDimensions(media("gst_rtsp_server")), {
    width: 640,
    height: 480,
  });
  assert.deepEqual(mediaDimensions(media("axis_camera")), {
    width: 1280,
    height: 720,
  });
  const cliprect = parseSdp(
    "v=0\nm=video 0 RTP/AVP 26\na=cliprect:0,0,480,640",
  );
  assert.deepEqual(mediaDimensions(cliprect.media[0]!), {
    width: 640,
    height: 480,
  });
  assert.equal(mediaDimensions(media("bare")), undefined);
  assert.equal(
    attributeValue(media("live555").attributes, "control"),
    "track1",
  );
});

Deno.test("format parameters are read, values with equals signs whole", () => {
  const description = parseSdp(sdpFixture("h264_camera"));
  const parameters = formatParameters(description.media[0]!, 96);
  assert.equal(parameters.get("packetization-mode"), "1");
  assert.equal(
    parameters.get("sprop-parameter-sets"),
    "Z00AKp2oHgCJ+WbgICAoAAAfQAAGGoQgAAAAAQ==,aO48gAA=",
  );
  assert.equal(formatParameters(description.media[0]!, 97).size, 0);
});

Deno.test("keys of SRTP are kept", () => {
  const description = parseSdp(sdpFixture("gst_rtsp_server_srtp"));
  const media = description.media[0]!;
  assert.match(mediaMikey(description, media)!, /^AQAFAP1td9AB/);
  assert.deepEqual(mediaCryptos(media), [{
    tag: 1,
    suite: "AES_CM_128_HMAC_SHA1_80",
    parameters: "inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:32",
  }]);
  const session = parseSdp("v=0\na=key-mgmt:mikey AAAA\nm=video 0 RTP/SAVP 26");
  assert.equal(mediaMikey(session, session.media[0]!), "AAAA");
  const none = parseSdp(sdpFixture("live555"));
  assert.equal(mediaMikey(none, none.media[0]!), undefined);
  assert.deepEqual(mediaCryptos(none.media[0]!), []);
});

Deno.test("attributes of one name are all found", () => {
  const { media } = parseSdp("v=0\nm=x 0 y z\na=b:1\na=c\na=b:2");
  assert.deepEqual(attributeValues(media[0]!.attributes, "b"), ["1", "2"]);
  assert.equal(attributeValue(media[0]!.attributes, "c"), "");
  assert.equal(attributeValue(media[0]!.attributes, "d"), undefined);
});

Deno.test("a value with a line break is not written", () => {
  const description = parseSdp(sdpFixture("bare"));
  assert.throws(
    () => formatSdp({ ...description, name: "a\r\na=injected" }),
    RangeError,
  );
});
