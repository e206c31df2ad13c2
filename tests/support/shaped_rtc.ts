/**
 * A bad network between a host without a browser and everybody who receives
 * from it: the host's address in its candidates becomes a relay's.
 *
 * @module
 */

import type { RtcFactory, RtcSignal } from "../../src/signaling/mod.ts";
import type { Impairment } from "./impairment.ts";
import { LossyRelay } from "./lossy_relay.ts";

/** The relays of one host. */
export class ShapedRtc implements AsyncDisposable {
  readonly #relays: LossyRelay[] = [];
  readonly #toHost: Impairment;
  readonly #toViewer: Impairment;

  /** What is bad on the way to the host, and from it. */
  constructor(toHost: Impairment, toViewer: Impairment) {
    this.#toHost = toHost;
    this.#toViewer = toViewer;
  }

  /** For the `rtc` of a host's options. */
  readonly wrap = (factory: RtcFactory): RtcFactory => (options, events) => {
    let relay: LossyRelay | undefined;
    // Without STUN there are host candidates alone.
    const connection = factory({ ...options, iceServers: [] }, {
      ...events,
      signal: (signal) => {
        const through = this.#through(signal, (port) => {
          relay ??= this.#open(port);
          return relay.port;
        });
        if (through !== undefined) events.signal(through);
      },
    });
    return {
      close: () => connection.close(),
      // The host must not find a way around the relay.
      accept: (signal) => {
        if (signal.kind !== "candidate") {
          connection.accept({ ...signal, sdp: bare(signal.sdp) });
        }
      },
    };
  };

  #open(port: number): LossyRelay {
    const relay = new LossyRelay({
      target: { port },
      forward: this.#toHost,
      backward: this.#toViewer,
    });
    this.#relays.push(relay);
    return relay;
  }

  #through(
    signal: RtcSignal,
    portOf: (port: number) => number,
  ): RtcSignal | undefined {
    if (signal.kind !== "candidate") {
      return { ...signal, sdp: bare(signal.sdp) };
    }
    const words = signal.candidate.split(" ");
    const [address = "", port = ""] = words.slice(4, 6);
    if (!/^\d+\./.test(address)) return undefined; // IPv6, TCP names
    words[4] = "127.0.0.1";
    words[5] = String(portOf(Number(port)));
    return { ...signal, candidate: words.join(" ") };
  }

  /** Ends the relays. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#relays.map((relay) => relay.close()));
  }
}

/** A description without candidates. */
function bare(sdp: string): string {
  return sdp.replace(/^a=(candidate|end-of-candidates).*\r?\n/gm, "");
}
