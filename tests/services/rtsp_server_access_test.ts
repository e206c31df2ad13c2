import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import {
  parseUsers,
  UsersFileError,
} from "../../src/services/rtsp_server/users.ts";
import { rtpOf, RtspClient, withRtspServer } from "./support/rtsp_scene.ts";
import { HAS_OPENSSL, withTlsServer } from "./support/rtsp_tls.ts";

function same(path: string): string {
  return path;
}

Deno.test("a users file is names, passwords and paths", () => {
  const users = parseUsers(
    "# who\n\nann:secret\r\nbob:pass word:/a,b/c\neve:x:\n",
    same,
  );
  assert.equal(users.find("ann")!.password, "secret");
  assert.equal(users.find("bob")!.password, "pass word");
  const may = (name: string, path: string) => users.find(name)!.mayRead(path);
  assert.ok(may("ann", "/anything"));
  assert.ok(may("bob", "/a") && may("bob", "/a/b") && may("bob", "/b/c"));
  assert.ok(!may("bob", "/ab") && !may("bob", "/") && !may("bob", "/b"));
  assert.ok(!may("eve", "/a"), "an empty list of paths is none");
  assert.equal(users.find("nobody"), undefined);
});

Deno.test("a users file that is wrong is refused by line, without its secrets", () => {
  for (
    const text of ["ann", "ann:", ":x", "ann:secret:/a:more", "a:1\na:secret"]
  ) {
    assert.throws(() => parseUsers(text, same), (error: Error) => {
      assert.ok(error instanceof UsersFileError);
      assert.match(error.message, /^Cannot read line \d/);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  }
});

/** Answers a challenge as players do: the last one. */
function authorize(
  challenge: string,
  method: string,
  uri: string,
  password: string,
): string {
  const value = (name: string): string =>
    new RegExp(`${name}="([^"]*)"`).exec(challenge)![1]!;
  const algorithm = /SHA-256/.test(challenge) ? "sha256" : "md5";
  const hash = (text: string): string =>
    createHash(algorithm).update(text).digest("hex");
  const nonce = value("nonce");
  const realm = value("realm");
  const response = hash(
    `${hash(`bob:${realm}:${password}`)}:${nonce}:${hash(`${method}:${uri}`)}`,
  );
  const suffix = algorithm === "sha256" ? ", algorithm=SHA-256" : "";
  return `Digest username="bob", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}"${suffix}`;
}

Deno.test("users get in with either digest, to their own paths, and nobody else does", async () => {
  const dir = await Deno.makeTempDir();
  const users = join(dir, "users.txt");
  await Deno.writeTextFile(users, "bob:pass:/movie\n");
  try {
    await withRtspServer(
      { users, sources: ["movie.mjpeg", "pattern:160x120@5"] },
      async ({ connect, url }) => {
        const client = await connect();
        const uri = url("/movie");
        const first = await client.request("DESCRIBE", uri);
        assert.equal(first.status, 401);
        const challenges = first.head.split("\r\n")
          .filter((line) => line.startsWith("WWW-Authenticate"));
        assert.equal(challenges.length, 2);
        assert.match(challenges[0]!, /algorithm=SHA-256/);
        assert.doesNotMatch(challenges.join(), /Basic/);
        for (const challenge of challenges) {
          const good = await client.request("DESCRIBE", uri, {
            Authorization: authorize(challenge, "DESCRIBE", uri, "pass"),
          });
          assert.equal(good.status, 200);
        }
        const bad = await client.request("DESCRIBE", uri, {
          Authorization: authorize(challenges[1]!, "DESCRIBE", uri, "wrong"),
        });
        assert.equal(bad.status, 401);
        const other = url("/pattern");
        const refused = await client.request("DESCRIBE", other, {
          Authorization: authorize(challenges[1]!, "DESCRIBE", other, "pass"),
        });
        assert.equal(refused.status, 403);
        const setup = await client.request("SETUP", `${uri}/trackID=0`, {
          Transport: "RTP/AVP/TCP;interleaved=0-1",
        });
        assert.equal(setup.status, 401);
      },
    );
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test({
  name: "over TLS the same dialogue, and Basic is taken (needs openssl)",
  ignore: !HAS_OPENSSL,
  async fn() {
    const dir = await Deno.makeTempDir();
    try {
      const users = join(dir, "users.txt");
      await Deno.writeTextFile(users, "bob:pass\n");
      await withTlsServer(
        { users, loop: true },
        async ({ port, url, connectTls }) => {
          const client = await connectTls();
          const uri = url("/movie");
          const asked = await client.request("DESCRIBE", uri);
          assert.match(asked.head, /WWW-Authenticate: Basic/);
          const headers = { Authorization: `Basic ${btoa("bob:pass")}` };
          const setup = await client.request("SETUP", `${uri}/trackID=0`, {
            ...headers,
            Transport: "RTP/AVP/TCP;unicast;interleaved=0-1",
          });
          assert.equal(setup.status, 200);
          const play = await client.request("PLAY", uri, {
            ...headers,
            Session: setup.header("Session").split(";")[0]!,
          });
          assert.equal(play.status, 200);
          await client.media((arrivals) => rtpOf(arrivals).length > 20);
          assert.ok(rtpOf(client.arrivals).length > 20);
          // Who speaks no TLS is closed, and harms nobody.
          const plain = await RtspClient.connect(port);
          await plain.write("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n");
          assert.ok(await plain.closedByServer());
          await plain.close();
        },
      );
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
});
