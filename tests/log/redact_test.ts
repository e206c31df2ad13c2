import assert from "node:assert/strict";
import { escapeControls, isSecretName, redact } from "../../src/log/mod.ts";

Deno.test("redact takes credentials out of URLs and leaves the rest", () => {
  const table = [
    ["rtsp://user:pw@host:8554/a", "rtsp://***@host:8554/a"],
    ["rtsp://user@host/a", "rtsp://***@host/a"],
    ["http://u:p@ss@host/", "http://***@host/"],
    ["http://host/a@b", "http://host/a@b"],
    ["http://host/?a=1&password=x&b=2", "http://host/?a=1&password=***&b=2"],
    ["http://host/#token=x", "http://host/#token=***"],
    ["http://host/?monkey=x", "http://host/?monkey=x"],
    [
      "two http://a:b@c/ and http://d:e@f/",
      "two http://***@c/ and http://***@f/",
    ],
    ['{"url":"rtsp://a:b@c/d"}', '{"url":"rtsp://***@c/d"}'],
    ["Authorization: Basic dTpw", "Authorization: ***"],
    ["mail me@example.org", "mail me@example.org"],
  ] as const;
  for (const [input, expected] of table) assert.equal(redact(input), expected);
});

Deno.test("redact takes linear time on text made to be slow", () => {
  // A quadratic search would need minutes for these.
  for (const part of ["a.", "a://", "://", "a:b@", "&key=", "x+"]) {
    const text = part.repeat(200_000) + "://";
    assert.equal(typeof redact(text), "string");
  }
});

Deno.test("secret names are known in every spelling", () => {
  for (
    const name of [
      "password",
      "PASSWORD",
      "dbPassword",
      "api_token",
      "x-secret",
      "authorization",
      "privateKey",
    ]
  ) assert.ok(isSecretName(name), name);
  for (const name of ["port", "tokens", "keyframe", "passed", "author"]) {
    assert.ok(!isSecretName(name), name);
  }
});

Deno.test("escapeControls writes controls out and keeps letters", () => {
  assert.equal(escapeControls("a\tb\r\n\x00\x9b"), "a\\tb\\r\\n\\x00\\x9b");
  assert.equal(escapeControls("\u202e\ufeff\u2029"), "\\u202e\\ufeff\\u2029");
  assert.equal(escapeControls("ä 中 🎬 \\n"), "ä 中 🎬 \\n");
});
