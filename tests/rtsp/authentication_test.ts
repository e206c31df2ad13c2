import assert from "node:assert/strict";
import {
  digestResponse,
  formatAuthorization,
  formatChallenge,
  parseAuthorization,
  parseChallenges,
} from "../../src/rtsp/authentication.ts";
import type {
  Authorization,
  Challenge,
} from "../../src/rtsp/authentication.ts";
import { RtspProtocolError } from "../../src/rtsp/mod.ts";
import { SeededRandom } from "../support/random.ts";
import { ServerAuthenticator } from "../../src/rtsp/server_authentication.ts";
import { readRequest } from "./dialogue.ts";

/** RFC 7616 section 3.9.1. */
const RFC_7616 = {
  username: "Mufasa",
  realm: "http-auth@example.org",
  password: "Circle of Life",
  method: "GET",
  uri: "/dir/index.html",
  nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
  cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
  nc: "00000001",
  qop: "auth",
};

Deno.test("digests are those of RFC 7616", () => {
  assert.equal(
    digestResponse({ ...RFC_7616, algorithm: "MD5" }),
    "8ca523f5e9506fed4657c9700eebdbec",
  );
  assert.equal(
    digestResponse({ ...RFC_7616, algorithm: "SHA-256" }),
    "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
  );
});

Deno.test("the digest without qop is RFC 2069's, as RTSP servers ask for it", () => {
  // The values of RFC 2617 section 3.5, whose own example has a qop.
  assert.equal(
    digestResponse({
      algorithm: "MD5",
      username: "Mufasa",
      realm: "testrealm@host.com",
      password: "Circle Of Life",
      method: "GET",
      uri: "/dir/index.html",
      nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
    }),
    "670fd8c2df070c60b045671b8b24ff02",
  );
});

const CHALLENGES: readonly [text: string, challenge: Challenge][] = [
  ['Basic realm="a \\"b\\""', { scheme: "basic", realm: 'a "b"' }],
  ['Digest realm="r", nonce="n"', {
    scheme: "digest",
    realm: "r",
    nonce: "n",
    algorithm: "MD5",
    stale: false,
    qop: [],
  }],
  [
    'Digest realm="r", nonce="n", qop="auth,auth-int", opaque="o", algorithm=SHA-256, stale=TRUE',
    {
      scheme: "digest",
      realm: "r",
      nonce: "n",
      algorithm: "SHA-256",
      stale: true,
      qop: ["auth", "auth-int"],
      opaque: "o",
    },
  ],
];

for (const [text, challenge] of CHALLENGES) {
  Deno.test(`a challenge is read and written: ${text}`, () => {
    assert.deepEqual(parseChallenges(text), [challenge]);
    assert.equal(formatChallenge(challenge), text);
  });
}

Deno.test("several challenges in one header are told apart, unknown ones left out", () => {
  const challenges = parseChallenges(
    'Negotiate, Digest realm="r, s", nonce="n", algorithm="md5", Digest realm="r", nonce="m", algorithm=SHA-512-256, Basic realm="b"',
  );
  assert.deepEqual(
    challenges.map(({ scheme, realm }) => [scheme, realm]),
    [["digest", "r, s"], ["basic", "b"]],
  );
  assert.deepEqual(parseChallenges('Digest realm="no nonce"'), []);
  assert.deepEqual(parseChallenges(""), []);
});

const AUTHORIZATIONS: readonly [text: string, authorization: Authorization][] =
  [
    ["Basic dXNlcjpww6RzczrC", {
      scheme: "basic",
      username: "user",
      password: "päss:\ufffd",
    }],
    ["Basic dXNlcjpwYXNz", {
      scheme: "basic",
      username: "user",
      password: "pass",
    }],
    [
      'Digest username="u", realm="r", nonce="n", uri="rtsp://h/m", response="0123456789abcdef0123456789abcdef"',
      {
        scheme: "digest",
        username: "u",
        realm: "r",
        nonce: "n",
        uri: "rtsp://h/m",
        response: "0123456789abcdef0123456789abcdef",
        algorithm: "MD5",
      },
    ],
    [
      `Digest username="u", realm="r", nonce="n", uri="*", response="${
        "a".repeat(64)
      }", algorithm=SHA-256, opaque="o", qop=auth, nc=00000001, cnonce="c"`,
      {
        scheme: "digest",
        username: "u",
        realm: "r",
        nonce: "n",
        uri: "*",
        response: "a".repeat(64),
        algorithm: "SHA-256",
        opaque: "o",
        qop: "auth",
        nc: "00000001",
        cnonce: "c",
      },
    ],
  ];

for (const [text, authorization] of AUTHORIZATIONS) {
  Deno.test(`an authorization is read and written: ${text.slice(0, 40)}`, () => {
    assert.deepEqual(parseAuthorization(text), authorization);
    if (text.includes("zrC")) return;
    assert.equal(formatAuthorization(authorization), text);
  });
}

for (
  const text of [
    "",
    "Basic",
    "Basic !!!!",
    "Basic dXNlcg==",
    "Digest",
    'Digest username="u"',
    'Digest username="u", realm="r", nonce="n", uri="x", response="short"',
    `Digest username="u", realm="r", nonce="n", uri="x", response="${
      "a".repeat(32)
    }", algorithm=CRC`,
    "Bearer abc",
  ]
) {
  Deno.test(`an authorization is refused: "${text.slice(0, 60)}"`, () => {
    assert.throws(() => parseAuthorization(text), RtspProtocolError);
  });
}

const USERS = {
  realm: "streamtool",
  find: (name: string) =>
    name === "eva"
      ? {
        password: "secret",
        mayRead: (path: string) => path.startsWith("/eva"),
        mayPublish: () => false,
      }
      : undefined,
};

function authenticator(
  secure = false,
  more: object = {},
): ServerAuthenticator {
  const random = new SeededRandom(1);
  return new ServerAuthenticator({
    users: { ...USERS, ...more },
    secure,
    random: (length) => Uint8Array.from({ length }, () => random.integer(256)),
  });
}

function request(authorization?: string, uri = "rtsp://h/eva/trackID=0") {
  return readRequest(
    `SETUP ${uri} RTSP/1.0\r\nCSeq: 1\r\n${
      authorization === undefined ? "" : `Authorization: ${authorization}\r\n`
    }\r\n`,
  );
}

/** Answers the last challenge, as players do. */
function answer(
  challenges: readonly string[],
  password = "secret",
  uri = "rtsp://h/eva/trackID=0",
): string {
  const { nonce, realm } = parseChallenges(challenges.at(-1)!)[0]!;
  const input = {
    algorithm: "MD5",
    username: "eva",
    realm,
    nonce: nonce!,
    uri,
  } as const;
  const response = digestResponse({ ...input, password, method: "SETUP" });
  return formatAuthorization({ scheme: "digest", ...input, response });
}

Deno.test("the last challenge is MD5, the first SHA-256, with nonces of their own", () => {
  const result = authenticator().check(request(), "/eva", "read");
  assert.ok(!result.allowed);
  assert.equal(result.status, 401);
  const challenges = result.challenges.flatMap(parseChallenges);
  assert.deepEqual(challenges.map(({ algorithm }) => algorithm), [
    "SHA-256",
    "MD5",
  ]);
  assert.notEqual(challenges[0]!.nonce, challenges[1]!.nonce);
  assert.equal(result.challenges.at(-1)!.includes("qop"), false);
});

Deno.test("basic is offered over TLS only, and taken there only", () => {
  const basic = "Basic ZXZhOnNlY3JldA==";
  const secure = authenticator(true);
  const first = secure.check(request(), "/eva", "read");
  assert.ok(!first.allowed);
  assert.match(first.challenges[0]!, /^Basic/);
  assert.match(first.challenges.at(-1)!, /^Digest/);
  assert.ok(secure.check(request(basic), "/eva", "read").allowed);
  assert.equal(
    authenticator().check(request(basic), "/eva", "read").allowed,
    false,
  );
});

Deno.test("the right password opens what its user may see, and nothing else", () => {
  const check = authenticator();
  const first = check.check(request(), "/eva", "read");
  assert.ok(!first.allowed);
  const header = answer(first.challenges);
  const right = check.check(request(header), "/eva", "read");
  assert.deepEqual(right, { allowed: true, username: "eva" });
  const other = check.check(request(header), "/adam", "read");
  assert.ok(!other.allowed);
  assert.equal(other.status, 403);
  const publish = check.check(request(header), "/eva", "publish");
  assert.ok(!publish.allowed);
  assert.equal(publish.status, 403);
});

Deno.test("the URI of a digest may be the base, or carry the user", () => {
  for (
    const uri of [
      "rtsp://h/eva/",
      "rtsp://h/eva",
      "rtsp://eva:secret@h/eva/trackID=0",
      "/eva/trackID=0",
    ]
  ) {
    const check = authenticator();
    const first = check.check(request(), "/eva", "read");
    assert.ok(!first.allowed);
    const header = answer(first.challenges, "secret", uri);
    assert.ok(check.check(request(header), "/eva", "read").allowed, uri);
  }
  const check = authenticator();
  const first = check.check(request(), "/eva", "read");
  assert.ok(!first.allowed);
  const header = answer(first.challenges, "secret", "rtsp://h/other");
  assert.equal(check.check(request(header), "/eva", "read").allowed, false);
});

Deno.test("wrong passwords, names and headers fail", () => {
  const check = authenticator();
  const first = check.check(request(), "/eva", "read");
  assert.ok(!first.allowed && !first.failed);
  const good = answer(first.challenges);
  for (
    const header of [
      answer(first.challenges, "guess"),
      good.replace('"eva"', '"adam"'),
      good.replace("streamtool", "elsewhere"),
      "nonsense",
    ]
  ) {
    const result = check.check(request(header), "/eva", "read");
    assert.ok(!result.allowed && result.failed && result.status === 401);
    assert.equal(result.challenges.at(-1)!.includes("stale"), false);
  }
});

Deno.test("a right password with a nonce of elsewhere is asked again, as stale", () => {
  const check = authenticator();
  const header = answer(['Digest realm="streamtool", nonce="old"']);
  const result = check.check(request(header), "/eva", "read");
  assert.ok(!result.allowed && !result.failed);
  assert.match(result.challenges.at(-1)!, /stale=TRUE/);
});

Deno.test("a digest with qop is checked, and not taken twice", () => {
  const check = authenticator();
  const first = check.check(request(), "/eva", "read");
  assert.ok(!first.allowed);
  const { nonce } = parseChallenges(first.challenges[0]!)[0]!;
  const header = (nc: string) => {
    const input = {
      algorithm: "SHA-256",
      username: "eva",
      realm: "streamtool",
      nonce: nonce!,
      uri: "rtsp://h/eva/trackID=0",
      qop: "auth",
      nc,
      cnonce: "abc",
    } as const;
    const response = digestResponse({
      ...input,
      password: "secret",
      method: "SETUP",
    });
    return formatAuthorization({ scheme: "digest", ...input, response });
  };
  const allowed = (nc: string) =>
    check.check(request(header(nc)), "/eva", "read").allowed;
  assert.equal(allowed("00000001"), true);
  assert.equal(allowed("00000002"), true);
  assert.equal(allowed("00000002"), false);
  assert.equal(allowed("0000000a"), true);
});

Deno.test("everybody may do what is open to everybody", () => {
  const check = authenticator(false, {
    anonymous: { mayRead: () => true, mayPublish: () => false },
  });
  assert.ok(check.check(request(), "/eva", "read").allowed);
  assert.equal(check.check(request(), "/eva", "publish").allowed, false);
});
