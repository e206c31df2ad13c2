import assert from "node:assert/strict";
import { join } from "node:path";
import { waitUntil } from "../support/wait.ts";
import { rtpOf, RtspClient, withRtspServer } from "./support/rtsp_scene.ts";

/** Requests of a connection that goes on working: what is sent, and the status. */
const REFUSALS: readonly (readonly [string, string, number])[] = [
  ["an unknown method", "FLY rtsp://H/movie RTSP/1.0\r\nCSeq: N\r\n\r\n", 501],
  [
    "another version",
    "OPTIONS rtsp://H/movie RTSP/2.0\r\nCSeq: N\r\n\r\n",
    505,
  ],
  ["no CSeq", "OPTIONS rtsp://H/movie RTSP/1.0\r\n\r\n", 400],
  ["no such path", "DESCRIBE rtsp://H/none RTSP/1.0\r\nCSeq: N\r\n\r\n", 404],
  [
    "another description",
    "DESCRIBE rtsp://H/movie RTSP/1.0\r\nCSeq: N\r\nAccept: text/html\r\n\r\n",
    406,
  ],
  [
    "a parameter",
    "GET_PARAMETER rtsp://H/movie RTSP/1.0\r\nCSeq: N\r\nContent-Length: 8\r\n\r\nposition",
    451,
  ],
  [
    "no such session",
    "PLAY rtsp://H/movie RTSP/1.0\r\nCSeq: N\r\nSession: 0123\r\n\r\n",
    454,
  ],
  [
    "an unknown transport",
    "SETUP rtsp://H/movie/trackID=0 RTSP/1.0\r\nCSeq: N\r\nTransport: RTP/XYZ;unicast\r\n\r\n",
    461,
  ],
  [
    "multicast of a film",
    "SETUP rtsp://H/movie/trackID=0 RTSP/1.0\r\nCSeq: N\r\nTransport: RTP/AVP;multicast\r\n\r\n",
    461,
  ],
  [
    "an option",
    "OPTIONS rtsp://H/movie RTSP/1.0\r\nCSeq: N\r\nRequire: x-play\r\n\r\n",
    551,
  ],
  [
    "publishing",
    "ANNOUNCE rtsp://H/new RTSP/1.0\r\nCSeq: N\r\nContent-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n",
    405,
  ],
];

Deno.test("what cannot be done is answered as the RFC says, on a connection that goes on", async () => {
  await withRtspServer({}, async ({ connect, url }) => {
    const client = await connect();
    for (const [index, [what, request, status]] of REFUSALS.entries()) {
      const cseq = 100 + index;
      await client.write(
        request.replaceAll("rtsp://H", url("")).replace("N\r", `${cseq}\r`),
      );
      const response = await client.response();
      assert.equal(response.status, status, what);
      if (request.includes("CSeq")) {
        assert.equal(response.header("CSeq"), String(cseq), what);
      }
      const after = await client.request("OPTIONS", "*");
      assert.equal(after.status, 200, `OPTIONS after ${what}`);
    }
  });
});

Deno.test("a request in the wrong state is 455 and names what is allowed", async () => {
  await withRtspServer({}, async ({ connect, url }) => {
    const client = await connect();
    const { session } = await client.setup(url("/movie"));
    const headers = { Session: session };
    const pause = await client.request("PAUSE", url("/movie"), headers);
    assert.equal(pause.status, 455);
    assert.match(pause.header("Allow"), /\bPLAY\b/);
    await client.request("PLAY", url("/movie"), headers);
    const setup = await client.request("SETUP", url("/movie/trackID=0"), {
      ...headers,
      Transport: "RTP/AVP/TCP;interleaved=2-3",
    });
    assert.equal(setup.status, 455);
    const bye = await client.request("TEARDOWN", url("/movie"), headers);
    assert.equal(bye.status, 200);
    const again = await client.request("PLAY", url("/movie"), headers);
    assert.equal(again.status, 454);
  });
});

Deno.test("requests that come together, or byte by byte, are answered in order", async () => {
  await withRtspServer({}, async ({ connect, url }) => {
    const three = [1, 2, 3].map((cseq) =>
      `${cseq === 2 ? "DESCRIBE" : "OPTIONS"} ${
        url("/movie")
      } RTSP/1.0\r\nCSeq: ${cseq}\r\n\r\n`
    ).join("");
    const together = await connect();
    await together.write(three);
    const slowly = await connect();
    (slowly.conn as Deno.TcpConn).setNoDelay(true);
    for (const character of three) await slowly.write(character);
    for (const client of [together, slowly]) {
      for (const cseq of ["1", "2", "3"]) {
        const response = await client.response();
        assert.equal(response.status, 200);
        assert.equal(response.header("CSeq"), cseq);
        if (cseq === "2") assert.match(response.body, /^v=0\r\n/);
      }
    }
  });
});

Deno.test("the description has all that players ask for", async () => {
  await withRtspServer({}, async ({ connect, url }) => {
    const client = await connect();
    for (const path of ["/movie", "/movie.mjpeg", "/movie/", "/"]) {
      const { status, body, header } = await client.request(
        "DESCRIBE",
        url(path),
        { Accept: "application/sdp" },
      );
      assert.equal(status, 200, path);
      assert.equal(header("Content-Type"), "application/sdp");
      assert.ok(header("Content-Base").endsWith("/"));
      for (
        const line of [
          "m=video 0 RTP/AVP 26",
          "a=control:trackID=0",
          "a=range:npt=0-2.000",
          "a=framerate:24",
          "a=x-dimensions:160,120",
        ]
      ) {
        assert.ok(body.includes(`${line}\r\n`), `${line} in\n${body}`);
      }
    }
  });
});

const JUNK: readonly (readonly [string, string | Uint8Array])[] = [
  ["a word", "HELLO\r\n\r\n"],
  ["a negative length", "OPTIONS * RTSP/1.0\r\nContent-Length: -1\r\n\r\n"],
  ["a megabyte of header", `OPTIONS * RTSP/1.0\r\nX: ${"x".repeat(1e6)}`],
  ["headers without end", `OPTIONS * RTSP/1.0\r\n${"A: b\r\n".repeat(1e5)}`],
  ["zeros", new Uint8Array(1000)],
  ["a huge body", "OPTIONS * RTSP/1.0\r\nContent-Length: 9999999\r\n\r\n"],
  ["a web browser", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
  ["a TLS handshake", new Uint8Array([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3])],
];

Deno.test("junk is refused or closed, and who watches sees nothing of it", async () => {
  await withRtspServer(
    { loop: true },
    async ({ connect, url, port, running }) => {
      const viewer = await connect();
      const { session } = await viewer.setup(url("/movie"));
      await viewer.request("PLAY", url("/movie"), { Session: session });
      for (const [what, bytes] of JUNK) {
        const client = await RtspClient.connect(port);
        try {
          await client.write(bytes).catch(() => {});
          const answer = await client.response().catch((error) => error);
          if (!(answer instanceof Error)) {
            assert.ok(answer.status >= 400, `${what}: ${answer.head}`);
          }
        } finally {
          await client.close();
        }
      }
      // Two hundred that connect and go.
      for (let count = 0; count < 200; count++) {
        const client = await RtspClient.connect(port);
        await client.close();
      }
      viewer.arrivals.length = 0;
      await viewer.media((arrivals) => rtpOf(arrivals).length >= 30);
      const packets = rtpOf(viewer.arrivals);
      packets.reduce((before, packet) => {
        assert.equal(packet.sequence, (before.sequence + 1) & 0xffff);
        return packet;
      });
      await waitUntil(() => running.server.report().connections === 1);
    },
  );
});

Deno.test("an answer comes before the connection is closed on a bad request", async () => {
  await withRtspServer({}, async ({ connect }) => {
    const client = await connect();
    await client.write(
      `OPTIONS * RTSP/1.0\r\nX: ${"x".repeat(200_000)}\r\n\r\n`,
    )
      .catch(() => {});
    const answer = await client.response();
    assert.equal(answer.status, 400);
    assert.ok(await client.closedByServer());
  });
});

Deno.test("after silent UDP a SETUP for TCP without a session takes over", async () => {
  await withRtspServer({}, async ({ connect, url, running }) => {
    const client = await connect();
    const { session } = await client.setup(
      url("/movie"),
      "RTP/AVP/UDP;unicast;client_port=40000-40001",
    );
    await client.request("PLAY", url("/movie"), { Session: session });
    await client.request("PAUSE", url("/movie"), { Session: session });
    const tcp = await client.request("SETUP", url("/movie/trackID=0"), {
      Transport: "RTP/AVP/TCP;unicast;interleaved=0-1",
    });
    assert.equal(tcp.status, 200);
    const sessions = running.server.report().sessions;
    assert.deepEqual(sessions.map(({ transport }) => transport), ["tcp"]);
    const play = await client.request("PLAY", url("/movie"), {
      Session: tcp.header("Session").split(";")[0]!,
    });
    assert.equal(play.status, 200);
    await client.media((arrivals) => rtpOf(arrivals).length > 5);
  });
});

Deno.test("HTTP carries RTSP both ways, in pieces that fit nowhere", async () => {
  await withRtspServer({}, async ({ connect, url, running }) => {
    const get = await connect();
    await get.write(
      "GET /movie HTTP/1.0\r\nx-sessioncookie: cookie1\r\nAccept: application/x-rtsp-tunnelled\r\n\r\n",
    );
    const opened = await get.response();
    assert.match(opened.head, /^HTTP\/1\.\d 200 OK/);
    const post = await connect();
    await post.write(
      "POST /movie HTTP/1.0\r\nx-sessioncookie: cookie1\r\nContent-Type: application/x-rtsp-tunnelled\r\nContent-Length: 32767\r\n\r\n",
    );
    let cseq = 0;
    const ask = async (request: string) => {
      const text = btoa(`${request}CSeq: ${++cseq}\r\n\r\n`);
      await post.write(text.slice(0, 7));
      await post.write(text.slice(7));
      return await get.response();
    };
    assert.equal(
      (await ask(`DESCRIBE ${url("/movie")} RTSP/1.0\r\n`)).status,
      200,
    );
    const setup = await ask(
      `SETUP ${
        url("/movie/trackID=0")
      } RTSP/1.0\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n`,
    );
    const session = setup.header("Session").split(";")[0];
    const play = await ask(
      `PLAY ${url("/movie")} RTSP/1.0\r\nSession: ${session}\r\n`,
    );
    assert.equal(play.status, 200);
    await get.media((arrivals) => rtpOf(arrivals).length >= 10);
    assert.equal(running.server.report().sessions[0]!.transport, "http");
    await post.close();
    await get.close();
    await waitUntil(() => running.server.report().sessions.length === 0);
  });
});

Deno.test("names: with and without ending, twice the same, and from a folder", async () => {
  await withRtspServer({
    sources: ["movie.mjpeg", "copies/movie.mjpeg", "films"],
    prepare: async (dir) => {
      await Deno.mkdir(join(dir, "copies"));
      await Deno.mkdir(join(dir, "films"));
      const movie = join(dir, "movie.mjpeg");
      await Deno.copyFile(movie, join(dir, "copies", "movie.mjpeg"));
      await Deno.copyFile(movie, join(dir, "films", "a b.mjpeg"));
      await Deno.copyFile(movie, join(dir, "secret.mjpeg"));
      await Deno.symlink("../secret.mjpeg", join(dir, "films", "link.mjpeg"));
    },
  }, async ({ connect, url, running, dir }) => {
    assert.deepEqual(
      running.server.report().streams.map(({ path }) => path).slice(0, 3),
      ["/movie", "/movie-2", "/a b"],
    );
    await Deno.copyFile(
      join(dir, "movie.mjpeg"),
      join(dir, "films", "later.mjpeg"),
    );
    const client = await connect();
    const cases: [string, number][] = [
      ["/movie-2", 200],
      ["/MOVIE.MJPEG", 200],
      ["/a%20b", 200],
      ["/a%20b.mjpeg", 200],
      ["/later", 200],
      ["/later.mjpeg", 200],
      ["/secret", 404],
      ["/link", 404],
      ["/../secret.mjpeg", 404],
      ["/films/../../secret.mjpeg", 404],
      ["/%2e%2e/secret.mjpeg", 404],
      ["/..%5csecret.mjpeg", 404],
    ];
    for (const [path, status] of cases) {
      const answer = await client.request("DESCRIBE", url(path));
      assert.equal(answer.status, status, path);
    }
  });
});
