import assert from "node:assert/strict";
import { MacKey, readChainKey, sameTag } from "../../src/chain/chain_key.ts";

/** RFC 4231 section 4, cases 1, 2, 3 and 6. */
const VECTORS = [
  {
    key: new Uint8Array(20).fill(0x0b),
    data: text("Hi There"),
    mac: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
  },
  {
    key: text("Jefe"),
    data: text("what do ya want for nothing?"),
    mac: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  },
  {
    key: new Uint8Array(20).fill(0xaa),
    data: new Uint8Array(50).fill(0xdd),
    mac: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
  },
  {
    key: new Uint8Array(131).fill(0xaa),
    data: text("Test Using Larger Than Block-Size Key - Hash Key First"),
    mac: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
  },
];

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

Deno.test("codes are those of RFC 4231", () => {
  for (const { key, data, mac } of VECTORS) {
    assert.equal(new MacKey(key).mac(data).toHex(), mac);
  }
});

Deno.test("keys for different purposes are different keys", () => {
  const key = readChainKey(text("0123456789abcdef"));
  const tags = ["control", "datagrams 1", "datagrams 2"]
    .map((label) => key.derive(label).tagOf("x"));
  assert.equal(new Set(tags).size, 3);
  assert.equal(tags[0]?.length, 32);
});

Deno.test("a key file's white space does not count, and a short one is refused without being quoted", () => {
  const plain = readChainKey(text("0123456789abcdef")).tagOf("x");
  const spaced = readChainKey(text(" 0123456789abcdef\r\n")).tagOf("x");
  assert.equal(plain, spaced);
  for (const secret of ["", "hunter2", "   0123456789abcde \n"]) {
    assert.throws(
      () => readChainKey(text(secret)),
      (error) =>
        error instanceof RangeError && /16 to 65536$/.test(error.message) &&
        !error.message.includes("hunter"),
    );
  }
  assert.throws(() => readChainKey(new Uint8Array(70_000).fill(65)));
});

Deno.test("tags are the same or not", () => {
  assert.ok(sameTag("abc", "abc"));
  for (const other of ["abd", "ab", "", "abcd"]) {
    assert.ok(!sameTag("abc", other));
  }
});
