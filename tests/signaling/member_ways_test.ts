import assert from "node:assert/strict";
import {
  type FilmReceiver,
  type FilmTransport,
  MemberWays,
  type TransportKind,
} from "../../src/signaling/mod.ts";

function transport(kind: TransportKind): FilmTransport {
  return {
    kind,
    bufferedAmount: 0,
    send() {},
    drained: () => Promise.resolve(),
    listen() {},
    close() {},
  };
}

/** Ways to a member, their time and what a receiver is told. */
class Trip {
  now = 0;
  readonly asked: string[] = [];
  readonly sources = new Map<
    string,
    { kind: TransportKind; bytes: number; held: boolean; rate: number }
  >();
  connections = 1;
  readonly ways: MemberWays;
  #timers = new Set<{ at: number; run: () => void }>();

  constructor(rtc = true, relay = true) {
    const receiver = {
      attach: (id: string, { kind }: FilmTransport) =>
        void this.sources.set(id, { kind, bytes: 0, held: false, rate: 0 }),
      detach: (id: string) => this.lose(id),
      retire: (id: string) => this.lose(id),
      hold: (id: string, held: boolean) => {
        this.sources.get(id)!.held = held;
      },
      askForConnections: (_: string, count: number) => this.connections = count,
      sources: () => [...this.sources].map(([id, one]) => ({ id, ...one })),
    } as unknown as FilmReceiver;
    let serial = 0;
    this.ways = new MemberWays({
      memberId: "host",
      receiver,
      askRtc: rtc ? () => void this.asked.push("rtc") : undefined,
      dropRtc() {},
      askRelay: relay ? () => void this.asked.push("relay") : undefined,
      openHttp: () => transport("http"),
      serial: () => ++serial,
      clock: {
        now: () => this.now,
        after: (ms, run) => {
          const timer = { at: this.now + ms, run };
          this.#timers.add(timer);
          return () => this.#timers.delete(timer);
        },
      },
      onChange() {},
    });
  }

  lose(id: string): void {
    if (this.sources.delete(id)) this.ways.closed(id);
  }

  /** Bytes a second that each kind gives when it is asked. */
  pass(ms: number, rates: Partial<Record<TransportKind, number>> = {}): void {
    for (const end = this.now + ms; this.now < end;) {
      this.now += 10;
      for (const one of this.sources.values()) {
        if (!one.held) one.bytes += (rates[one.kind] ?? 0) / 100;
      }
      for (const timer of [...this.#timers]) {
        if (timer.at > this.now || !this.#timers.delete(timer)) continue;
        timer.run();
      }
    }
  }

  get kinds(): TransportKind[] {
    return [...this.sources.values()].map(({ kind }) => kind);
  }
}

Deno.test("all ways are asked for at once; WebRTC takes over when it is enough", () => {
  const trip = new Trip();
  assert.deepEqual(trip.asked, ["rtc", "relay"]);
  trip.ways.need = 100_000;
  trip.ways.relayOpened(transport("relay"));
  trip.pass(300, { relay: 500_000 });
  trip.ways.rtcOpened(0, transport("rtc"));
  assert.deepEqual(trip.kinds, ["relay", "rtc"]);
  trip.pass(1600, { relay: 500_000, rtc: 500_000 });
  assert.deepEqual(trip.kinds, ["rtc"]);
});

Deno.test("where more is needed each is tried alone, and the quicker one stays", () => {
  for (
    const [relay, rtc, left] of [
      [40e6, 10e6, ["relay", "rtc"]],
      [2e6, 2e6, ["rtc"]],
    ] as const
  ) {
    const trip = new Trip();
    trip.ways.relayOpened(transport("relay"));
    trip.ways.rtcOpened(0, transport("rtc"));
    trip.pass(6000, { relay, rtc });
    assert.deepEqual(trip.kinds, left);
    const rests = [...trip.sources.values()].filter(({ held }) => held);
    assert.deepEqual(
      rests.map(({ kind }) => kind),
      left.length === 2 ? ["rtc"] : [],
    );
    // The relay stops: WebRTC is asked again.
    trip.pass(4000, { relay: 0, rtc });
    assert.ok(
      [...trip.sources.values()].some(({ kind, held }) =>
        kind === "rtc" && !held
      ),
    );
  }
});

Deno.test("more connections are tried when one is too slow, and kept when they help", () => {
  for (const helps of [true, false]) {
    const trip = new Trip(true, false);
    trip.ways.need = 1e6;
    trip.ways.rtcOpened(0, transport("rtc"));
    trip.pass(2600, { rtc: 300_000 });
    assert.equal(trip.connections, 2);
    trip.ways.rtcOpened(1, transport("rtc"));
    trip.pass(4000, { rtc: helps ? 300_000 : 150_000 });
    assert.equal(trip.connections, helps ? 4 : 2);
    assert.equal(trip.sources.size, helps ? 2 : 1);
  }
});

Deno.test("nothing opens: the relay over HTTP; a lost way is asked for again", () => {
  const trip = new Trip();
  trip.pass(3900);
  assert.deepEqual(trip.kinds, []);
  trip.pass(200);
  assert.deepEqual(trip.kinds, ["http"]);
  trip.ways.rtcOpened(0, transport("rtc"));
  trip.asked.length = 0;
  trip.lose("rtc0.2");
  trip.pass(500);
  assert.ok(trip.asked.includes("rtc"));
  const without = new Trip(false, false);
  without.pass(20);
  assert.deepEqual(without.kinds, ["http"]);
  without.ways.close();
  assert.deepEqual(without.kinds, []);
});
