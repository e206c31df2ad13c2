import assert from "node:assert/strict";
import { MAX_PEERS } from "../../src/chain/mod.ts";
import { closeQuietly } from "../../src/net/mod.ts";
import { waitUntil } from "../support/wait.ts";
import {
  ask,
  SessionPeer,
  withCoordinator,
} from "./support/coordinator_scene.ts";

/** Connections that only hold the door. */
class Crowd implements Disposable {
  readonly #connections: Deno.TcpConn[] = [];

  async grow(port: number, count: number, word: string): Promise<void> {
    for (let index = 0; index < count; index++) {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      this.#connections.push(connection);
      if (word !== "") await this.#write(connection, word);
    }
  }

  /** Everybody says a little more, as far as they are still heard. */
  async say(word: string): Promise<void> {
    for (const connection of this.#connections) {
      await this.#write(connection, word);
    }
  }

  async #write(connection: Deno.TcpConn, word: string): Promise<void> {
    await connection.write(new TextEncoder().encode(word)).catch(() => {});
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) closeQuietly(connection);
  }
}

Deno.test("strangers fill the chain up to its limit; those in it go on, and who is not there is taken out", async () => {
  await withCoordinator({}, async ({ coordinator }, context, port) => {
    await using a = await SessionPeer.join(port, "A");
    let refused = 0;
    for (let index = 0; index < MAX_PEERS + 40; index++) {
      const answer = await ask(
        port,
        `{"type": "register", "port": ${index + 1}, "ctrl_port": 1}`,
      );
      if (!answer.startsWith('{"error"')) continue;
      assert.match(answer, /the chain has 256/);
      refused++;
    }
    assert.equal(refused, 41);
    assert.equal(coordinator.list().length, MAX_PEERS);
    assert.equal(coordinator.snapshot().peers[0]?.state, "live");
    // Nobody answers at their control ports: the chain is closed over them.
    await waitUntil(() => coordinator.list().length === 2);
    assert.equal(coordinator.list()[0]?.name, "A");
    await using b = await SessionPeer.join(port, "B");
    assert.equal((await b.message("upstream")).port, 0);
    assert.equal(coordinator.snapshot().departed.length, 20);
    assert.equal(a.messages.some(({ type }) => type === "end"), false);
    assert.ok(context.events.length < 2 * MAX_PEERS + 10);
  });
});

Deno.test("a thousand idle connections keep nobody out", async () => {
  await withCoordinator({}, async ({ coordinator }, _context, port) => {
    await using a = await SessionPeer.join(port, "A");
    using crowd = new Crowd();
    await crowd.grow(port, 1000, "");
    assert.match(await ask(port, '{"type": "list"}'), /"A"/);
    await using b = await SessionPeer.join(port, "B");
    assert.equal(b.answer["name"], "A");
    assert.equal(a.answer["assigned"], "A");
    assert.equal(coordinator.list().length, 2);
  });
});

Deno.test("connections that say a byte at a time keep nobody out", async () => {
  await withCoordinator({}, async ({ coordinator }, _context, port) => {
    await using a = await SessionPeer.join(port, "A");
    using crowd = new Crowd();
    await crowd.grow(port, 400, "{");
    for (const word of '"type"') {
      await crowd.say(word);
      assert.match(await ask(port, '{"type": "list"}'), /"A"/);
    }
    await using b = await SessionPeer.join(port, "B");
    assert.equal(b.answer["name"], "A");
    assert.equal(a.answer["assigned"], "A");
    assert.equal(coordinator.list().length, 2);
  });
});
