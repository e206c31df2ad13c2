import assert from "node:assert/strict";
import {
  ChainProtocolError,
  checkPeerName,
  PEER_NAME_RULE,
} from "../../src/chain/mod.ts";

Deno.test("names of letters, digits, dots, underscores and hyphens are taken", () => {
  for (
    const name of ["A", "peer12", "a.b-c_d", "-", "__proto", "x".repeat(64)]
  ) {
    assert.equal(checkPeerName(name), name);
  }
});

Deno.test("any other name is refused with the rule", () => {
  const names = [
    "",
    ".",
    "..",
    ".hidden",
    "../etc",
    "a/b",
    "a\\b",
    "a b",
    "a\n",
    "\u0000",
    "\u001b[31m",
    "ä",
    "А", // Cyrillic
    "a:b",
    "__proto__",
    "x".repeat(65),
    1,
    null,
    undefined,
    ["A"],
    { toString: () => "A" },
  ];
  for (const name of names) {
    assert.throws(
      () => checkPeerName(name),
      (error: unknown) =>
        error instanceof ChainProtocolError && error.code === "bad-name" &&
        error.message.includes(PEER_NAME_RULE),
    );
  }
});
