import assert from "node:assert/strict";
import {
  type LinkUpdate,
  MAX_PEERS,
  Topology,
  type TopologyPeer,
} from "../../src/chain/mod.ts";

function peer(name: string, changes: Partial<TopologyPeer> = {}): TopologyPeer {
  return {
    name,
    host: "127.0.0.1",
    port: 10_001,
    controlPort: 20_001,
    binary: true,
    session: true,
    page: undefined,
    bufferBytes: undefined,
    ...changes,
  };
}

/** "coordinator>A:binary": who is to send where, and how. */
function shown(updates: readonly LinkUpdate[]): string[] {
  return updates.map(({ from, next }) => {
    const to = next === undefined ? "nobody" : `${next.peer.name}:${next.wire}`;
    return `${from?.name ?? "coordinator"}>${to}`;
  });
}

function names(topology: Topology): string {
  return topology.list().map(({ name }) => name).join("");
}

function chain(letters: string): Topology {
  const topology = new Topology();
  for (const letter of letters) topology.register(peer(letter));
  return topology;
}

Deno.test("peers stand in the order of their registration", () => {
  const topology = new Topology();
  assert.equal(chain("").firstHop, undefined);
  const first = topology.register(peer("A"));
  assert.equal(first.previous, undefined);
  assert.deepEqual(shown(first.updates), ["coordinator>A:binary"]);
  const second = topology.register(peer("B"));
  assert.equal(second.previous?.name, "A");
  assert.deepEqual(shown(second.updates), ["A>B:binary"]);
  assert.equal(names(topology), "AB");
  assert.equal(topology.firstHop?.peer.name, "A");
  assert.equal(topology.lookup("B")?.name, "B");
  assert.equal(topology.lookup("Z"), undefined);
  assert.equal(topology.previousOf("B")?.name, "A");
  assert.equal(topology.previousOf("A"), undefined);
  assert.equal(topology.previousOf("Z"), undefined);
  assert.equal(topology.nextOf("A")?.peer.name, "B");
  assert.equal(topology.nextOf("B"), undefined);
  assert.equal(topology.nextOf("Z"), undefined);
});

Deno.test("removing a peer joins its neighbours and nobody else is told", () => {
  const cases: [string, string, string[]][] = [
    ["A", "BCD", ["coordinator>B:binary"]],
    ["B", "ACD", ["A>C:binary"]],
    ["D", "ABC", ["C>nobody"]],
    ["Z", "ABCD", []],
    ["__proto__", "ABCD", []],
  ];
  for (const [gone, left, updates] of cases) {
    const topology = chain("ABCD");
    assert.deepEqual(shown(topology.remove(gone)), updates);
    assert.equal(names(topology), left);
  }
  assert.deepEqual(shown(chain("A").remove("A")), ["coordinator>nobody"]);
});

Deno.test("a peer that comes back is bridged and goes to the end", () => {
  const topology = chain("ABCD");
  const { previous, updates } = topology.register(peer("B"));
  assert.equal(names(topology), "ACDB");
  assert.equal(previous?.name, "D");
  assert.deepEqual(shown(updates), ["A>C:binary", "D>B:binary", "B>nobody"]);
});

Deno.test("the last peer that comes back at another port is told to its upstream only", () => {
  const topology = chain("ABC");
  assert.deepEqual(shown(topology.register(peer("C")).updates), []);
  const moved = topology.register(peer("C", { port: 10_099 }));
  assert.deepEqual(shown(moved.updates), ["B>C:binary"]);
  assert.equal(topology.nextOf("B")?.peer.port, 10_099);
});

Deno.test("a link is binary only when both its ends are", () => {
  const topology = new Topology();
  topology.register(peer("A"));
  topology.register(peer("B", { binary: false, session: false }));
  topology.register(peer("C"));
  topology.register(peer("D"));
  const wires = topology.list().map(({ name }) => topology.nextOf(name)?.wire);
  assert.equal(topology.firstHop?.wire, "binary");
  assert.deepEqual(wires, ["strandcast", "strandcast", "binary", undefined]);
  assert.deepEqual(shown(topology.remove("B")), ["A>C:binary"]);
  const compatible = new Topology({ coordinatorBinary: false });
  compatible.register(peer("A"));
  assert.equal(compatible.firstHop?.wire, "strandcast");
});

Deno.test("a nameless peer gets the next free number", () => {
  const topology = new Topology();
  const given = [1, 2, 3].map(() => topology.register(peer("")).peer.name);
  assert.deepEqual(given, ["peer1", "peer2", "peer3"]);
  topology.remove("peer1");
  assert.equal(topology.register(peer("")).peer.name, "peer4");
});

Deno.test("a full chain takes nobody new, and those who come back", () => {
  const topology = new Topology();
  for (let at = 0; at < MAX_PEERS; at++) topology.register(peer(`p${at}`));
  assert.throws(() => topology.register(peer("one")), {
    name: "RangeError",
    message: "Cannot register another peer: the chain has 256",
  });
  assert.equal(topology.lookup("one"), undefined);
  assert.equal(topology.register(peer("p0")).peer.name, "p0");
  assert.equal(topology.list().length, MAX_PEERS);
});

Deno.test("with a fan-out peers go to the shortest chain, and each chain heals by itself", () => {
  const topology = new Topology({ fanOut: 2 });
  assert.deepEqual(shown(topology.register(peer("A")).updates), [
    "coordinator>A:binary",
  ]);
  assert.deepEqual(shown(topology.register(peer("B")).updates), [
    "coordinator>B:binary",
  ]);
  const third = topology.register(peer("C"));
  assert.equal(third.previous?.name, "A");
  assert.deepEqual(shown(third.updates), ["A>C:binary"]);
  assert.deepEqual(shown(topology.register(peer("D")).updates), [
    "B>D:binary",
  ]);
  assert.equal(names(topology), "ACBD");
  assert.equal(topology.previousOf("B"), undefined);
  assert.equal(topology.nextOf("C"), undefined);
  assert.equal(topology.linkTo("D")?.peer.name, "D");
  assert.deepEqual(shown(topology.remove("B")), ["coordinator>D:binary"]);
  assert.deepEqual(
    topology.firstHops.map((link) => link?.peer.name),
    ["A", "D"],
  );
  // The gap is filled first.
  assert.deepEqual(shown(topology.register(peer("E")).updates), [
    "D>E:binary",
  ]);
});
