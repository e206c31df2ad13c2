import assert from "node:assert/strict";
import {
  ChainProtocolError,
  type ControlRequest,
  encodeControlRequest,
  encodeErrorAnswer,
  encodeListAnswer,
  encodeLookupAnswer,
  encodeRegisterAnswer,
  parseControlRequest,
  parseListAnswer,
  parseRegisterAnswer,
  type RegisterAnswer,
  type RegisterRequest,
} from "../../src/chain/mod.ts";
import { parseJsonObject } from "../../src/chain/strict_json.ts";
import { bytesOf, fixture, textOf } from "./support.ts";

const { messages: PYTHON } = fixture<{ messages: Record<string, string> }>(
  "datagrams_python.json",
);

const A = { name: "A", port: 10_001, controlPort: 20_001 };
const B = { name: "B", port: 10_002, controlPort: 20_002 };

const LEGACY: RegisterRequest = {
  type: "register",
  ...A,
  binary: false,
  page: undefined,
  bufferBytes: undefined,
  session: false,
};

const OURS: RegisterRequest = {
  ...LEGACY,
  binary: true,
  page: "http://10.0.0.7:8080/",
  bufferBytes: undefined,
  session: true,
};

function parse(text: string): ControlRequest {
  return parseControlRequest(parseJsonObject(text));
}

function codeOf(action: () => unknown): string {
  try {
    action();
    return "ok";
  } catch (error) {
    assert(error instanceof ChainProtocolError, String(error));
    return error.code;
  }
}

Deno.test("requests are written as documented and read as they were written", () => {
  const cases: [ControlRequest, string][] = [
    [LEGACY, PYTHON["register"]!],
    [
      OURS,
      '{"type": "register", "name": "A", "port": 10001, "ctrl_port": 20001, ' +
      '"wire": ["binary/1"], "page": "http://10.0.0.7:8080/", "session": true}',
    ],
    [
      { ...LEGACY, name: "" },
      '{"type": "register", "name": "", "port": 10001, "ctrl_port": 20001}',
    ],
    [{ type: "list" }, '{"type": "list"}'],
    [{ type: "lookup", name: "B" }, '{"type": "lookup", "name": "B"}'],
  ];
  for (const [request, text] of cases) {
    assert.equal(textOf(encodeControlRequest(request)), text);
    assert.deepEqual(parse(text), request);
  }
});

Deno.test("what a register leaves out has its default", () => {
  assert.deepEqual(parse('{"type": "register", "port": 10005}'), {
    ...LEGACY,
    name: "",
    port: 10_005,
    controlPort: 20_005,
  });
});

Deno.test("where a peer says that it receives is passed over", () => {
  const text = '{"type": "register", "port": 10005, "host": "192.0.2.1"}';
  assert.deepEqual(parse(text), {
    ...LEGACY,
    name: "",
    port: 10_005,
    controlPort: 20_005,
  });
});

Deno.test("wires we do not know are passed over", () => {
  const text = '{"type": "register", "port": 1, "wire": ["quic/9", "x"]}';
  const request = parse(text);
  assert(request.type === "register" && !request.binary);
});

Deno.test("requests that cannot be are refused", () => {
  const cases: [string, string][] = [
    ["{}", "unknown-type"],
    ['{"type": null}', "unknown-type"],
    ['{"type": "REGISTER"}', "unknown-type"],
    ['{"type": "register"}', "bad-field"],
    ['{"type": "register", "port": "10001"}', "bad-field"],
    ['{"type": "register", "port": 0}', "bad-field"],
    ['{"type": "register", "port": -1}', "bad-field"],
    ['{"type": "register", "port": 65536}', "bad-field"],
    ['{"type": "register", "port": 10001.5}', "bad-field"],
    ['{"type": "register", "port": 1e99}', "bad-field"],
    ['{"type": "register", "port": true}', "bad-field"],
    ['{"type": "register", "port": 60000}', "bad-field"],
    ['{"type": "register", "port": 1, "ctrl_port": 65536}', "bad-field"],
    ['{"type": "register", "port": 1, "ctrl_port": null}', "bad-field"],
    ['{"type": "register", "port": 1, "name": "../x"}', "bad-name"],
    ['{"type": "register", "port": 1, "name": 5}', "bad-name"],
    ['{"type": "register", "port": 1, "name": "__proto__"}', "bad-name"],
    ['{"type": "register", "port": 1, "wire": "binary/1"}', "bad-field"],
    ['{"type": "register", "port": 1, "wire": [1]}', "bad-field"],
    [
      '{"type": "register", "port": 1, "page": "javascript:alert(1)"}',
      "bad-field",
    ],
    ['{"type": "register", "port": 1, "page": "no address"}', "bad-field"],
    ['{"type": "register", "port": 1, "session": 1}', "bad-field"],
    ['{"type": "attach", "name": "A"}', "unknown-type"],
    ['{"type": "lookup"}', "bad-field"],
    ['{"type": "lookup", "name": 7}', "bad-field"],
  ];
  for (const [text, code] of cases) {
    assert.equal(codeOf(() => parse(text)), code, text);
  }
});

Deno.test("a high port is taken with a control port of its own, and refused with the remedy without", () => {
  const text = '{"type": "register", "port": 60000, "ctrl_port": 60001}';
  const request = parse(text);
  assert(request.type === "register" && request.controlPort === 60_001);
  assert.throws(
    () => parse('{"type": "register", "port": 55536}'),
    /port 55536 plus 10000 is beyond 65535. Give a "ctrl_port"/,
  );
});

Deno.test("existing peers get the answers that Python would write", () => {
  const answer: RegisterAnswer = {
    previous: A,
    previousHost: "10.0.0.7",
    assigned: "B",
    binary: true,
    session: true,
  };
  const text = (bytes: Uint8Array): string => textOf(bytes);
  assert.equal(text(encodeRegisterAnswer(answer, false)), PYTHON["answer"]);
  assert.equal(
    text(encodeRegisterAnswer({ ...answer, previous: undefined }, false)),
    PYTHON["first answer"],
  );
  assert.equal(text(encodeListAnswer([A, B])), PYTHON["list"]);
  assert.equal(text(encodeListAnswer([])), "[]");
  assert.equal(text(encodeLookupAnswer(A)), PYTHON["answer"]);
  assert.equal(text(encodeLookupAnswer(undefined)), "{}");
});

Deno.test("an unknown type is answered with the known words, other errors with their own", () => {
  const errorOf = (request: string): Error => {
    try {
      parse(request);
    } catch (error) {
      return error as Error;
    }
    throw new Error(`Cannot test the error: ${request} is taken`);
  };
  assert.equal(
    textOf(encodeErrorAnswer(errorOf('{"type": "x"}'))),
    PYTHON["unknown"],
  );
  const refusal = textOf(
    encodeErrorAnswer(errorOf('{"type": "register", "port": 1, "name": "/"}')),
  );
  assert.match(refusal, /^\{"error": "Cannot name a peer/);
  assert.throws(
    () => parseRegisterAnswer(parseJsonObject(refusal)),
    /Cannot register: the coordinator says "Cannot name a peer/,
  );
});

Deno.test("an answer to register is read as it was written", () => {
  const cases: RegisterAnswer[] = [];
  for (const previous of [undefined, A]) {
    for (const binary of [false, true]) {
      cases.push({
        previous,
        previousHost: binary ? "::1" : undefined,
        assigned: "peer3",
        binary,
        session: binary,
      });
    }
  }
  for (const answer of cases) {
    const object = parseJsonObject(textOf(encodeRegisterAnswer(answer, true)));
    assert.deepEqual(parseRegisterAnswer(object), answer);
  }
});

Deno.test("an existing coordinator's answers are understood", () => {
  const first = parseRegisterAnswer(parseJsonObject("{}"));
  assert.deepEqual(first, {
    previous: undefined,
    previousHost: undefined,
    assigned: undefined,
    binary: false,
    session: false,
  });
  const next = parseRegisterAnswer(parseJsonObject(PYTHON["answer"]!));
  assert.deepEqual(next.previous, A);
  assert.deepEqual(parseListAnswer(bytesOf(PYTHON["list"]!)), [A, B]);
});

Deno.test("answers that are none are refused", () => {
  for (
    const text of [
      '{"name": "A"}',
      '{"name": "../A", "port": 1, "ctrl_port": 2}',
      '{"name": "A", "port": 0, "ctrl_port": 2}',
      '{"assigned": ".."}',
      '{"error": 5}',
    ]
  ) {
    const object = parseJsonObject(text);
    assert.notEqual(codeOf(() => parseRegisterAnswer(object)), "ok", text);
  }
  for (const text of ["", "{}", "[1]", "[null]", '[{"name": "A"}]']) {
    assert.notEqual(codeOf(() => parseListAnswer(bytesOf(text))), "ok", text);
  }
});
