import assert from "node:assert/strict";
import {
  formatRtspUrl,
  parseRtspUrl,
  requestPath,
  resolveControl,
  RtspProtocolError,
} from "../../src/rtsp/mod.ts";
import type { RtspUrl } from "../../src/rtsp/mod.ts";
import { descriptionBase, withoutUser } from "../../src/rtsp/url.ts";

const URLS: readonly [text: string, url: RtspUrl, written?: string][] = [
  ["rtsp://h/m", { scheme: "rtsp", host: "h", port: 554, path: "/m" }],
  ["rtsp://h:8554/a/b/", {
    scheme: "rtsp",
    host: "h",
    port: 8554,
    path: "/a/b/",
  }],
  [
    "RTSPS://h",
    { scheme: "rtsps", host: "h", port: 322, path: "/" },
    "rtsps://h/",
  ],
  ["rtsp://[::1]:8554/m?x=1&y=2", {
    scheme: "rtsp",
    host: "::1",
    port: 8554,
    path: "/m",
    query: "x=1&y=2",
  }],
  ["rtsp://user:p%40ss@h/m#part", {
    scheme: "rtsp",
    username: "user",
    password: "p@ss",
    host: "h",
    port: 554,
    path: "/m",
  }, "rtsp://h/m"],
  ["rtsp://user@h:/m", {
    scheme: "rtsp",
    username: "user",
    host: "h",
    port: 554,
    path: "/m",
  }, "rtsp://h/m"],
  ["rtsp://h?x", {
    scheme: "rtsp",
    host: "h",
    port: 554,
    path: "/",
    query: "x",
  }, "rtsp://h/?x"],
];

for (const [text, url, written] of URLS) {
  Deno.test(`the URL ${text} is read and written`, () => {
    assert.deepEqual(parseRtspUrl(text), url);
    assert.equal(formatRtspUrl(url), written ?? text);
  });
}

for (
  const text of [
    "",
    "h/m",
    "http://h/m",
    "rtsp:/h/m",
    "rtsp:///m",
    "rtsp://h:0/m",
    "rtsp://h:65536/m",
    "rtsp://h:port/m",
    "rtsp://[::1/m",
    "rtsp://%@h/m",
  ]
) {
  Deno.test(`the URL "${text}" is refused`, () => {
    assert.throws(() => parseRtspUrl(text), RtspProtocolError);
  });
}

const PATHS: readonly [uri: string, path: string][] = [
  ["rtsp://h:8554/movie", "/movie"],
  ["rtsp://h:8554/movie/", "/movie"],
  ["rtsp://u:p@h/a%20b/c", "/a b/c"],
  ["rtsp://h/movie?x=1", "/movie?x=1"],
  ["rtsp://h", "/"],
  ["rtsp://h/", "/"],
  ["/movie", "/movie"],
  ["movie.Mjpeg", "/movie.Mjpeg"],
  ["*", "/*"],
];

for (const [uri, path] of PATHS) {
  Deno.test(`the path of ${uri} is ${path}`, () => {
    assert.equal(requestPath(uri), path);
  });
}

Deno.test("a path that is none is refused", () => {
  for (const uri of ["rtsp://h/%", "rtsp://h/%00", "rtsp://h:x/m", "a%0ab"]) {
    assert.throws(() => requestPath(uri), RtspProtocolError);
  }
});

const CONTROLS: readonly [base: string, control: string, url: string][] = [
  ["rtsp://h/m/", "trackID=0", "rtsp://h/m/trackID=0"],
  ["rtsp://h/m", "trackID=0", "rtsp://h/m/trackID=0"],
  ["rtsp://h/m/", "*", "rtsp://h/m/"],
  ["rtsp://h/m/", "", "rtsp://h/m/"],
  ["rtsp://h/m?x=1", "trackID=0", "rtsp://h/m?x=1/trackID=0"],
  ["rtsp://h/m/", "rtsp://other/t", "rtsp://other/t"],
  ["rtsp://h:1/m/", "/t", "rtsp://h:1/t"],
];

for (const [base, control, url] of CONTROLS) {
  Deno.test(`the control "${control}" of ${base} is ${url}`, () => {
    assert.equal(resolveControl(base, control), url);
  });
}

Deno.test("the base of a description is what the server says, if it says something usable", () => {
  const own = "rtsp://h/m";
  assert.equal(descriptionBase(own, "rtsp://h/m/ ", undefined), "rtsp://h/m/");
  assert.equal(descriptionBase(own, undefined, "rtsp://x/"), "rtsp://x/");
  assert.equal(descriptionBase(own, "", " "), own);
  assert.equal(descriptionBase(own, "/n/", undefined), "rtsp://h/n/");
});

Deno.test("user and password are taken off what others may read", () => {
  assert.equal(withoutUser("rtsp://u:p@h/m/t=0"), "rtsp://h/m/t=0");
  assert.equal(withoutUser("rtsp://h/m"), "rtsp://h/m");
  assert.equal(withoutUser("movie"), "movie");
});
