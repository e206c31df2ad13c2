import assert from "node:assert/strict";
import {
  addressBytes,
  encodeBindingRequest,
  encodeBindingSuccess,
  readBindingRequest,
  readBindingSuccess,
  SignalProtocolError,
} from "../../src/signaling/mod.ts";
import { bytesOf } from "../support/bytes.ts";

const TRANSACTION = bytesOf("b7e7a701bc34d686fa87dfae");

Deno.test("the sample answer of RFC 5769, section 2.2 is read", () => {
  const answer = bytesOf(`
    0101003c 2112a442 b7e7a701 bc34d686 fa87dfae
    8022000b 74657374 20766563 746f7220
    00200008 0001a147 e112a643
    00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7
    80280004 c07d4c96
  `);
  assert.deepEqual(readBindingSuccess(answer, TRANSACTION), {
    address: bytesOf("c0000201"),
    port: 32853,
  });
});

Deno.test("the address of RFC 5769, section 2.3 (IPv6) is read", () => {
  const answer = bytesOf(`
    01010018 2112a442 b7e7a701 bc34d686 fa87dfae
    00200014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9
  `);
  assert.deepEqual(readBindingSuccess(answer, TRANSACTION), {
    address: addressBytes("2001:db8:1234:5678:11:2233:4455:6677"),
    port: 32853,
  });
});

Deno.test("what is asked is answered, for IPv4 and IPv6", () => {
  for (const text of ["127.0.0.1", "::1", "2001:db8::5", "::ffff:10.1.2.3"]) {
    const address = addressBytes(text)!;
    const id = readBindingRequest(encodeBindingRequest(TRANSACTION))!;
    assert.deepEqual(id, TRANSACTION);
    assert.deepEqual(
      readBindingSuccess(encodeBindingSuccess(id, { address, port: 5 }), id),
      { address, port: 5 },
    );
  }
  assert.equal(addressBytes("localhost"), undefined);
});

Deno.test("what is no binding request gets no answer", () => {
  const indication = encodeBindingRequest(TRANSACTION);
  indication[1] = 0x11;
  assert.equal(readBindingRequest(indication), undefined);
  for (
    const bad of [
      new Uint8Array(),
      new Uint8Array(20),
      encodeBindingRequest(TRANSACTION).subarray(0, 19),
      bytesOf("000100042112a442b7e7a701bc34d686fa87dfae"),
      bytesOf("800100002112a442b7e7a701bc34d686fa87dfae"),
      new Uint8Array(2000),
    ]
  ) assert.throws(() => readBindingRequest(bad), SignalProtocolError);
});
