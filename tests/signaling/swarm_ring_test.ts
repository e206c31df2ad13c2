import assert from "node:assert/strict";
import {
  FetchOrder,
  MAX_NEIGHBOURS,
  neighboursOf,
  offers,
} from "../../src/signaling/mod.ts";

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `member${index}`);
}

Deno.test("everybody names the same one for a chunk, and about equally many each", () => {
  const members = names(8);
  const turns = new Map<string, number>();
  for (let chunk = 0; chunk < 8000; chunk++) {
    const first = members.filter((me) =>
      new FetchOrder(members.toReversed(), me).rank(chunk) === 0
    );
    assert.equal(first.length, 1);
    assert.equal(new FetchOrder(members, "").fetcher(chunk), first[0]);
    turns.set(first[0]!, (turns.get(first[0]!) ?? 0) + 1);
    if (chunk > 200) chunk += 30; // the rest is the same again
  }
  assert.equal(turns.size, members.length);
  assert.ok(Math.max(...turns.values()) < 3 * Math.min(...turns.values()));
});

Deno.test("who goes leaves only its own part to the others", () => {
  const members = names(10);
  const before = new FetchOrder(members, "");
  const after = new FetchOrder(members.slice(1), "");
  for (let chunk = 0; chunk < 500; chunk++) {
    const old = before.fetcher(chunk);
    if (old !== members[0]) assert.equal(after.fetcher(chunk), old);
  }
});

Deno.test("who fetches nothing comes after all", () => {
  const order = new FetchOrder(names(3), "guest");
  assert.equal(order.rank(7), 3);
  assert.equal(new FetchOrder([], "me").fetcher(1), undefined);
});

Deno.test("neighbours are eight at most, each other's, and one of the two offers", () => {
  for (const count of [1, 2, 9, 10, 20, 50]) {
    const members = names(count);
    for (const me of members) {
      const mine = neighboursOf(members, me);
      assert.equal(mine.length, Math.min(count - 1, MAX_NEIGHBOURS));
      assert.equal(new Set(mine).size, mine.length);
      for (const other of mine) {
        assert.ok(neighboursOf(members, other).includes(me));
        assert.notEqual(offers(me, other), offers(other, me));
      }
    }
  }
});

Deno.test("all are connected with all, over others", () => {
  const members = names(20);
  const reached = new Set([members[0]!]);
  for (const one of reached) {
    for (const next of neighboursOf(members, one)) reached.add(next);
  }
  assert.equal(reached.size, members.length);
});
