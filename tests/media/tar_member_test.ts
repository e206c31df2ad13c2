import assert from "node:assert/strict";
import {
  MAX_TAR_MEMBERS,
  TarError,
  TarMemberReader,
} from "../../src/media/tar_member.ts";
import { concat, makeTar, tarHeader } from "./support/tarball.ts";

const wanted = new Uint8Array(1300).map((_, i) => i);

function read(archive: Uint8Array, cuts: readonly number[]): Uint8Array {
  const reader = new TarMemberReader("package/ffmpeg");
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const end of [...cuts, archive.length]) {
    parts.push(...reader.push(archive.subarray(at, end)));
    at = end;
  }
  reader.finish();
  return concat(parts);
}

Deno.test("the member comes out the same however the archive is cut", () => {
  const archive = makeTar([
    ["package/package.json", new TextEncoder().encode("{}")],
    ["package/ffmpeg", wanted],
    ["package/LICENSE", new Uint8Array(600)],
  ]);
  assert.deepEqual(read(archive, []), wanted);
  assert.deepEqual(read(archive, [...archive.keys()]), wanted);
  for (let cut = 1; cut < archive.length; cut += 37) {
    assert.deepEqual(read(archive, [cut]), wanted);
  }
});

Deno.test("a name that is split into prefix and name is put together", () => {
  const header = tarHeader("ffmpeg", 4, { prefix: "package" });
  const archive = concat([header, new Uint8Array(512).fill(7)]);
  assert.deepEqual(read(archive, []), new Uint8Array(4).fill(7));
});

const bad: readonly (readonly [string, () => Uint8Array, RegExp])[] = [
  ["without the member", () => makeTar([["package/x", wanted]]), /not in the/],
  [
    "with names that climb out",
    () =>
      makeTar([["../../ffmpeg", wanted], ["/package/ffmpeg", wanted], [
        "package/../package/ffmpeg",
        wanted,
      ]]),
    /not in the archive/,
  ],
  [
    "where the member is a link",
    () => tarHeader("package/ffmpeg", 0, { type: "2" }),
    /not in the archive/,
  ],
  ["that is empty", () => new Uint8Array(0), /not in the archive/],
  [
    "cut within the member",
    () => makeTar([["package/ffmpeg", wanted]]).subarray(0, 1000),
    /ends within it/,
  ],
  [
    "with an empty member",
    () => makeTar([["package/ffmpeg", new Uint8Array(0)]]),
    /it is empty/,
  ],
  ["of junk", () => new Uint8Array(512).fill(0x41), /damaged/],
  [
    "with a wrong checksum",
    () => {
      const archive = makeTar([["package/ffmpeg", wanted]]);
      archive[0] = 0x41;
      return archive;
    },
    /a header is damaged/,
  ],
  [
    "with an absurd size",
    () => tarHeader("package/ffmpeg", 0o77777777777),
    /the limit is/,
  ],
  [
    "with endless members",
    () =>
      concat(
        Array.from({ length: MAX_TAR_MEMBERS + 1 }, () => tarHeader("x", 0)),
      ),
    /more than 1000 members/,
  ],
];

for (const [name, make, words] of bad) {
  Deno.test(`an archive ${name} is refused`, () => {
    assert.throws(
      () => read(make(), []),
      (error) => error instanceof TarError && words.test(error.message),
    );
  });
}
