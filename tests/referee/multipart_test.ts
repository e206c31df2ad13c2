import assert from "node:assert/strict";
import {
  multipartBoundary,
  MultipartError,
  type MultipartEvent,
  MultipartReader,
} from "../../src/referee/mod.ts";
import {
  MAX_PART_HEADER_BYTES,
  MAX_PARTS,
  type MultipartErrorCode,
} from "../../src/referee/multipart.ts";

/** Everything read, with the pieces of each content put together. */
function read(pieces: Iterable<Uint8Array>, boundary = "b"): unknown[] {
  const reader = new MultipartReader(boundary);
  const found: unknown[] = [];
  let content: number[] = [];
  const take = (event: MultipartEvent): void => {
    if (event.type === "data") content.push(...event.bytes);
    else if (event.type === "part_end") {
      found.push(String.fromCharCode(...content));
      content = [];
    } else if (event.type === "part") found.push([event.name, event.filename]);
    else found.push("end");
  };
  for (const piece of pieces) {
    reader.push(piece);
    for (let event = reader.next(); event; event = reader.next()) take(event);
  }
  reader.end();
  return found;
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

const FORM = "--b\r\n" +
  'Content-Disposition: form-data; name="video"; filename="a \\"b\\".mp4"\r\n' +
  "Content-Type: video/mp4\r\n\r\n" +
  "line\r\n--c bogus\r\n-\r\n--\x00\xff\r\n--b" + " \t\r\n" +
  'content-disposition: form-data; filename=""; name=signal\r\n\r\n' +
  "\r\n--b\r\n" +
  'Content-Disposition: form-data; name="x%22y"\r\n\r\n' +
  "false\r\n--b--\r\nepilogue";

const FOUND = [
  ["video", 'a "b".mp4'],
  "line\r\n--c bogus\r\n-\r\n--\x00\xff",
  ["signal", ""],
  "",
  ['x"y', undefined],
  "false",
  "end",
];

Deno.test("a form is read the same whole, byte by byte, and cut anywhere", () => {
  const form = latin1(FORM);
  assert.deepEqual(read([form]), FOUND);
  assert.deepEqual(
    read(Array.from(form, (byte) => Uint8Array.of(byte))),
    FOUND,
  );
  for (let cut = 1; cut < form.length; cut++) {
    assert.deepEqual(
      read([form.subarray(0, cut), form.subarray(cut)]),
      FOUND,
      `cut at ${cut}`,
    );
  }
});

Deno.test("a preamble is skipped, an empty form is a form", () => {
  assert.deepEqual(read([latin1("hello\r\n--b--")]), ["end"]);
  assert.deepEqual(read([latin1("--b--\r\n")]), ["end"]);
});

Deno.test("contents pass through: nothing but a boundary's length stays behind", () => {
  const reader = new MultipartReader("b");
  reader.push(
    latin1('--b\r\nContent-Disposition: form-data; name="v"\r\n\r\n'),
  );
  assert.equal(reader.next()?.type, "part");
  let passed = 0;
  for (let i = 0; i < 100; i++) {
    reader.push(new Uint8Array(100_000));
    for (let event = reader.next(); event; event = reader.next()) {
      assert.equal(event.type, "data");
      if (event.type === "data") passed += event.bytes.length;
    }
    assert.ok(passed >= (i + 1) * 100_000 - 8);
  }
});

const PART = 'Content-Disposition: form-data; name="a"\r\n\r\n';
const BAD: readonly (readonly [string, string, MultipartErrorCode])[] = [
  ["nothing", "", "truncated"],
  ["no boundary at all", "x".repeat(20_000), "too-long"],
  ["cut in a content", `--b\r\n${PART}abc`, "truncated"],
  ["cut in the headers", "--b\r\nContent-Disp", "truncated"],
  ["a boundary with a tail", `--bx\r\n${PART}`, "bad-header"],
  [
    "endless headers",
    `--b\r\n${"X: y\r\n".repeat(MAX_PART_HEADER_BYTES)}`,
    "bad-header",
  ],
  ["a part without headers", "--b\r\n\r\nabc\r\n--b--", "bad-header"],
  [
    "a part without a disposition",
    "--b\r\nX: y\r\n\r\n\r\n--b--",
    "bad-header",
  ],
  [
    "another disposition",
    '--b\r\nContent-Disposition: attachment; name="a"\r\n\r\n\r\n--b--',
    "bad-header",
  ],
  [
    "a part without a name",
    "--b\r\nContent-Disposition: form-data\r\n\r\n\r\n--b--",
    "bad-header",
  ],
  [
    "too many parts",
    `--b\r\n${`${PART}\r\n--b\r\n`.repeat(MAX_PARTS + 1)}`,
    "too-many-parts",
  ],
];

Deno.test("what is no form is refused with its code", () => {
  for (const [name, text, code] of BAD) {
    assert.throws(() => read([latin1(text)]), (error) => {
      assert.ok(error instanceof MultipartError, `${name}: ${error}`);
      assert.equal(error.code, code, name);
      return true;
    });
  }
});

Deno.test("the boundary of a content type", () => {
  const cases: [string | null, string | undefined][] = [
    ["multipart/form-data; boundary=abc", "abc"],
    ['multipart/form-data; boundary="a b:c"', "a b:c"],
    ["Multipart/Form-Data; charset=utf-8; boundary=abc", "abc"],
    [
      "multipart/form-data;boundary=----WebKitFormBoundaryX",
      "----WebKitFormBoundaryX",
    ],
    ["multipart/form-data", undefined],
    ["multipart/form-data; boundary=", undefined],
    [`multipart/form-data; boundary=${"x".repeat(71)}`, undefined],
    ["application/json", undefined],
    [null, undefined],
  ];
  for (const [type, boundary] of cases) {
    if (boundary !== undefined) assert.equal(multipartBoundary(type), boundary);
    else {assert.throws(
        () => multipartBoundary(type),
        MultipartError,
        String(type),
      );}
  }
});
