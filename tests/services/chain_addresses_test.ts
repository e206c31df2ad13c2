import assert from "node:assert/strict";
import {
  hostSeenFrom,
  isSameHost,
  plainAddress,
  reachedAt,
  whyUnreachable,
} from "../../src/services/chain/addresses.ts";
import { Upstream } from "../../src/services/chain_peer/upstream.ts";

Deno.test("a peer on the coordinator's machine is where a peer elsewhere reached the coordinator", () => {
  const here = { host: "127.0.0.1", coordinatorHost: "127.0.0.1" };
  const elsewhere = { host: "192.0.2.30", coordinatorHost: "192.0.2.20" };
  const cases: [string, typeof here, string][] = [
    ["127.0.0.1", here, "127.0.0.1"],
    ["127.0.0.1", elsewhere, "192.0.2.20"],
    ["::1", elsewhere, "192.0.2.20"],
    ["192.0.2.40", here, "192.0.2.40"],
    ["192.0.2.40", elsewhere, "192.0.2.40"],
  ];
  for (const [host, from, seen] of cases) {
    assert.equal(hostSeenFrom(host, from), seen, `${host} from ${from.host}`);
  }
});

Deno.test("an IPv4 address in an IPv6 one is shown as itself", () => {
  assert.equal(plainAddress("::ffff:10.0.0.7"), "10.0.0.7");
  assert.equal(plainAddress("::FFFF:10.0.0.7"), "10.0.0.7");
  assert.equal(plainAddress("10.0.0.7"), "10.0.0.7");
  assert.equal(plainAddress("fd00::2"), "fd00::2");
});

Deno.test("which sockets reach which addresses", () => {
  const cases: [string, string, boolean][] = [
    ["127.0.0.1", "127.0.0.1", true],
    ["0.0.0.0", "192.0.2.1", true],
    ["0.0.0.0", "::1", false],
    ["127.0.0.1", "fd00::2", false],
    ["::", "::1", true],
    ["::", "192.0.2.1", true],
    ["::", "::ffff:192.0.2.1", true],
    ["::1", "fd00::2", true],
    ["::1", "192.0.2.1", false],
  ];
  for (const [local, host, reaches] of cases) {
    const why = whyUnreachable(local, host);
    assert.equal(why === undefined, reaches, `${local} to ${host}: ${why}`);
  }
});

Deno.test("a server on all interfaces is reached at this machine's addresses, else at its own", () => {
  assert.deepEqual(reachedAt("::1"), ["::1"]);
  assert.deepEqual(reachedAt("film.example"), ["film.example"]);
  const four = reachedAt("0.0.0.0");
  assert.equal(four[0], "127.0.0.1");
  assert.ok(four.every((address) => !address.includes(":")));
  const both = reachedAt("::");
  assert.deepEqual(both.filter((address) => !address.includes(":")), four);
  assert.ok(both.every((address) => !address.startsWith("fe80:")));
});

Deno.test("whom a peer takes its datagrams from", () => {
  const from = (hostname: string, port: number) => ({ hostname, port });
  const upstream = new Upstream();
  assert.equal(upstream.isFrom(from("127.0.0.1", 1)), false);
  upstream.learn(from("127.0.0.1", 1));
  assert.equal(upstream.isFrom(from("127.0.0.1", 1)), true);
  assert.equal(upstream.isFrom(from("127.0.0.1", 2)), false);
  upstream.name(from("192.0.2.1", 5));
  upstream.learn(from("127.0.0.1", 1));
  assert.equal(upstream.isFrom(from("127.0.0.1", 1)), false);
  assert.equal(upstream.isFrom(from("192.0.2.1", 5)), true);
  assert.equal(upstream.isFrom(from("::ffff:192.0.2.1", 5)), true);
  assert.equal(upstream.isFrom(from("192.0.2.1", 6)), false);
  assert.equal(upstream.isFrom(undefined), false);
  upstream.name(from("192.0.2.1", 0));
  assert.equal(upstream.isFrom(from("192.0.2.1", 6)), true);
  upstream.name(from("127.0.0.1", 7));
  assert.equal(upstream.isFrom(from("::1", 7)), true);
  upstream.name(undefined);
  assert.equal(upstream.isFrom(from("127.0.0.1", 7)), false);
});

Deno.test("one host has one address, in whatever form, and two of loopback", () => {
  const same: [string, string][] = [
    ["10.0.0.7", "::ffff:10.0.0.7"],
    ["::1", "127.0.0.1"],
    ["fd00::7", "fd00::7"],
  ];
  for (const [one, other] of same) assert.ok(isSameHost(one, other));
  const different: [string, string][] = [
    ["10.0.0.7", "10.0.0.8"],
    ["127.0.0.1", "10.0.0.7"],
    ["fd00::7", "::ffff:10.0.0.7"],
  ];
  for (const [one, other] of different) assert.ok(!isSameHost(one, other));
});
