/**
 * The least a UDP hop can be in JavaScript: recvmmsg and one sendmsg with
 * `UDP_SEGMENT` on vectors that never change. For comparison, and as the
 * cheap ends of a measurement.
 *
 * @module
 */

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
  sendmsg: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  recvmmsg: {
    parameters: ["i32", "buffer", "u32", "i32", "pointer"],
    result: "i32",
  },
  close: { parameters: ["i32"], result: "i32" },
} as const;

const DO_NOT_WAIT = 0x40;
const SO_RCVBUFFORCE = 33;

/** A socket that moves packets of one size. */
export class BareSocket implements Disposable {
  /** The port it is bound to, on 127.0.0.1. */
  readonly port: number;
  readonly #libc = Deno.dlopen("libc.so.6", SYMBOLS);
  readonly #fd: number;
  readonly #packetBytes: number;
  readonly #count: number;
  readonly #data: Uint8Array<ArrayBuffer>;
  readonly #name = new DataView(new ArrayBuffer(16));
  readonly #control = new DataView(new ArrayBuffer(24));
  readonly #vectors: DataView<ArrayBuffer>;
  readonly #messages: DataView<ArrayBuffer>;
  readonly #out = new DataView(new ArrayBuffer(56));
  readonly #outVector = new DataView(new ArrayBuffer(16));

  /** Moves at most `count` packets of `packetBytes` a call. */
  constructor(packetBytes: number, count: number) {
    const { socket, bind, getsockname, setsockopt } = this.#libc.symbols;
    this.#fd = socket(2, 2, 0);
    const name = this.#name;
    name.setUint16(0, 2, true);
    name.setUint32(4, 0x7f000001);
    bind(this.#fd, name, 16);
    getsockname(this.#fd, name, new Uint32Array([16]));
    this.port = name.getUint16(2);
    const size = new Int32Array([4 * 1024 * 1024]);
    setsockopt(this.#fd, 1, SO_RCVBUFFORCE, size, 4);
    this.#packetBytes = packetBytes;
    this.#count = count;
    this.#data = new Uint8Array(new ArrayBuffer(packetBytes * count));
    this.#vectors = new DataView(new ArrayBuffer(16 * count));
    this.#messages = new DataView(new ArrayBuffer(64 * count));
    for (let i = 0; i < count; i++) {
      const data = addressOf(this.#data) + BigInt(i * packetBytes);
      this.#vectors.setBigUint64(i * 16, data, true);
      this.#vectors.setUint32(i * 16 + 8, packetBytes, true);
      const vector = addressOf(this.#vectors) + BigInt(i * 16);
      this.#messages.setBigUint64(i * 64 + 16, vector, true);
      this.#messages.setUint32(i * 64 + 24, 1, true);
    }
    this.#control.setUint32(0, 18, true);
    this.#control.setUint32(8, 17, true);
    this.#control.setUint32(12, 103, true);
    this.#control.setUint16(16, packetBytes, true);
    this.#outVector.setBigUint64(0, addressOf(this.#data), true);
    this.#out.setBigUint64(0, addressOf(name), true);
    this.#out.setUint32(8, 16, true);
    this.#out.setBigUint64(16, addressOf(this.#outVector), true);
    this.#out.setUint32(24, 1, true);
    this.#out.setBigUint64(32, addressOf(this.#control), true);
    this.#out.setUint32(40, 24, true);
  }

  /** What is sent goes to this port of 127.0.0.1. */
  aimAt(port: number): void {
    this.#name.setUint16(2, port);
  }

  /** Sends `count` packets in one call; returns how many left. */
  send(count: number): number {
    if (count <= 0) return 0;
    this.#outVector.setUint32(8, count * this.#packetBytes, true);
    const { sendmsg } = this.#libc.symbols;
    return sendmsg(this.#fd, this.#out, DO_NOT_WAIT) < 0 ? 0 : count;
  }

  /** Takes what has arrived, in one call; returns how many. */
  receive(): number {
    const { recvmmsg } = this.#libc.symbols;
    const count = recvmmsg(
      this.#fd,
      this.#messages,
      this.#count,
      DO_NOT_WAIT,
      null,
    );
    return Math.max(0, count);
  }

  [Symbol.dispose](): void {
    this.#libc.symbols.close(this.#fd);
    this.#libc.close();
  }
}

function addressOf(view: DataView<ArrayBuffer> | Uint8Array<ArrayBuffer>) {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(view));
}
