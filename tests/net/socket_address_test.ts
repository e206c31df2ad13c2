import assert from "node:assert/strict";
import {
  ADDRESS_WORDS,
  decodeSocketAddress,
  DestinationCache,
  encodeSocketAddress,
  SourceCache,
} from "../../src/net/socket_address.ts";

function bytesOf(hostname: string, port: number): number[] {
  const address = encodeSocketAddress({ hostname, port });
  assert.ok(address);
  return [...new Uint8Array(address.words.buffer).subarray(0, address.bytes)];
}

Deno.test("addresses are laid out as the kernel has them", () => {
  assert.deepEqual(bytesOf("192.168.0.10", 8554), [
    ...[2, 0, 0x21, 0x6a, 192, 168, 0, 10],
    ...[0, 0, 0, 0, 0, 0, 0, 0],
  ]);
  assert.deepEqual(bytesOf("2001:db8::ff:1", 1), [
    ...[10, 0, 0, 1, 0, 0, 0, 0],
    ...[0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0, 1],
    ...[0, 0, 0, 0],
  ]);
});

Deno.test("an address comes back in the text that is usual for it", () => {
  const texts: Record<string, string> = {
    "0.0.0.0": "0.0.0.0",
    "255.254.253.1": "255.254.253.1",
    "::": "::",
    "::1": "::1",
    "1::": "1::",
    "FE80:0:0:0:0:0:0:1": "fe80::1",
    "1:0:0:2:0:0:0:3": "1:0:0:2::3",
    "1:2:3:4:5:6:7:8": "1:2:3:4:5:6:7:8",
    "::ffff:127.0.0.1": "::ffff:127.0.0.1",
    "::FFFF:7f00:2": "::ffff:127.0.0.2",
  };
  for (const [text, usual] of Object.entries(texts)) {
    const address = encodeSocketAddress({ hostname: text, port: 65_535 });
    assert.ok(address, text);
    assert.deepEqual(decodeSocketAddress(address.words, 0), {
      hostname: usual,
      port: 65_535,
    });
  }
});

Deno.test("what is no numeric address has no layout", () => {
  for (
    const hostname of [
      "",
      "localhost",
      "1.2.3",
      "1.2.3.256",
      "1.2.3.4 ",
      "0x7f.0.0.1",
      ":",
      ":::",
      "1:2",
      "1::2::3",
      "fe80::1%eth0",
      "[::1]",
      "::1]/[",
    ]
  ) {
    const address = encodeSocketAddress({ hostname, port: 1 });
    assert.equal(address, undefined, hostname);
  }
  for (const port of [-1, 65_536, 1.5, NaN]) {
    const address = encodeSocketAddress({ hostname: "127.0.0.1", port });
    assert.equal(address, undefined, String(port));
  }
});

Deno.test("a sender is one object however many there are between", () => {
  const cache = new SourceCache();
  const hosts = ["10.0.0.1", "10.0.0.2", "2001:db8::1", "2001:db8:0:1::1"];
  const words = new Uint32Array(new ArrayBuffer(ADDRESS_WORDS * 4 * 2));
  const get = (hostname: string, port: number) => {
    words.set(encodeSocketAddress({ hostname, port })!.words, ADDRESS_WORDS);
    return cache.get(words, ADDRESS_WORDS);
  };
  const first = get("10.0.0.9", 5000);
  assert.equal(get("10.0.0.9", 5000), first);
  // Many more than it has places: every one is right, whatever it remembers.
  for (let port = 1; port < 2000; port++) {
    for (const hostname of hosts) {
      assert.deepEqual(get(hostname, port), { hostname, port });
    }
  }
  assert.deepEqual(get("10.0.0.9", 5000), first);
});

Deno.test("a destination is encoded once, and again when it changes", () => {
  const cache = new DestinationCache();
  const to = { hostname: "10.0.0.1", port: 5000 };
  const other = { hostname: "::1", port: 5000 };
  const encoded = cache.get(to);
  assert.equal(cache.get(to), encoded);
  assert.notEqual(cache.get(other), encoded);
  assert.equal(cache.get(to), encoded);
  to.hostname = "10.0.0.2";
  assert.equal(cache.get(to)?.hostname, "10.0.0.2");
  to.hostname = "elsewhere";
  assert.equal(cache.get(to), undefined);
});
