import assert from "node:assert/strict";
import { checkJpeg } from "../../src/jpeg/mod.ts";
import type {
  ServerReport,
  SessionReport,
  StreamReport,
} from "../../src/services/rtsp_server/mod.ts";
import { waitUntil } from "../support/wait.ts";
import { hasBye, rtpOf, withRtspServer } from "./support/rtsp_scene.ts";

Deno.test("streams and sessions are told, and a session can be ended", async () => {
  await withRtspServer(
    { pagePort: 0, loop: true },
    async ({ connect, url, running }) => {
      const page = running.pageUrl!;
      const get = async <T>(path: string): Promise<T> =>
        await (await fetch(new URL(path, page))).json();
      const before = await get<StreamReport[]>("/api/streams");
      assert.equal(before[0]!.state, "idle");
      assert.equal(before[0]!.url, url("/movie"));
      const client = await connect();
      const { session } = await client.setup(url("/movie"));
      await client.request("PLAY", url("/movie"), { Session: session });
      const reading = client.media(hasBye);
      const sessions = await waitUntil(async () => {
        const all = await get<SessionReport[]>("/api/sessions");
        return all[0]!.kbps > 0 && all;
      });
      assert.deepEqual(
        sessions.map(({ id, stream, transport, state, address }) => ({
          id,
          stream,
          transport,
          state,
          address,
        })),
        [{
          id: session,
          stream: "movie",
          transport: "tcp",
          state: "playing",
          address: "127.0.0.1",
        }],
      );
      assert.ok(sessions[0]!.position! > 0);
      assert.ok(Math.abs(sessions[0]!.fps - 24) < 8);
      const [stream] = await get<StreamReport[]>("/api/streams");
      assert.deepEqual(
        [stream!.width, stream!.height, stream!.fps, stream!.viewers],
        [160, 120, 24, 1],
      );
      const remove = (id: string) =>
        fetch(new URL(`/api/sessions/${id}`, page), { method: "DELETE" });
      const ended = await remove(session);
      assert.deepEqual(await ended.json(), { ok: true });
      await reading;
      assert.ok(hasBye(client.arrivals));
      assert.ok(await client.closedByServer());
      assert.deepEqual(await get("/api/sessions"), []);
      const again = await remove(session);
      assert.equal(again.status, 404);
      await again.body?.cancel();
    },
  );
});

Deno.test("events carry the whole report", async () => {
  await withRtspServer({ pagePort: 0 }, async ({ running }) => {
    const response = await fetch(new URL("/api/events", running.pageUrl));
    const reader = response.body!.pipeThrough(new TextDecoderStream())
      .getReader();
    let text = "";
    while (!/data: .*\n\n/.test(text)) text += (await reader.read()).value;
    await reader.cancel();
    const report: ServerReport = JSON.parse(/data: (.*)\n\n/.exec(text)![1]!);
    assert.deepEqual(report.streams.map(({ name }) => name), ["movie"]);
    assert.equal(report.sessions.length, 0);
    assert.ok(report.seconds > 0);
  });
});

Deno.test("a picture is there for who looks, of films and of live streams", async () => {
  await withRtspServer(
    { pagePort: 0, sources: ["movie.mjpeg", "pattern:160x120@20"] },
    async ({ running }) => {
      for (const name of ["movie", "pattern"]) {
        const url = new URL(`/streams/${name}/frame`, running.pageUrl);
        const first = await fetch(url);
        assert.equal(first.status, 200, name);
        assert.equal(first.headers.get("content-type"), "image/jpeg");
        const jpeg = new Uint8Array(await first.arrayBuffer());
        assert.equal(checkJpeg(jpeg).width, 160);
        url.searchParams.set("after", first.headers.get("x-frame-seq")!);
        const second = await fetch(url);
        await second.body?.cancel();
        assert.ok(
          Number(second.headers.get("x-frame-seq")) >
            Number(first.headers.get("x-frame-seq")),
        );
        const mjpeg = await fetch(
          new URL(`/streams/${name}/stream.mjpeg`, running.pageUrl),
        );
        const reader = mjpeg.body!.getReader();
        let bytes = 0;
        while (bytes < 20_000) {
          bytes += (await reader.read()).value?.length ?? Infinity;
        }
        await reader.cancel();
        assert.ok(Number.isFinite(bytes));
      }
      const none = await fetch(
        new URL("/streams/none/frame", running.pageUrl),
      );
      assert.equal(none.status, 404);
      await none.body?.cancel();
    },
  );
});

Deno.test("metrics are what Prometheus reads", async () => {
  await withRtspServer(
    { pagePort: 0, loop: true },
    async ({ connect, url, running }) => {
      const client = await connect();
      const { session } = await client.setup(url("/movie"));
      await client.request("PLAY", url("/movie"), { Session: session });
      await client.media((arrivals) => rtpOf(arrivals).length > 10);
      const response = await fetch(new URL("/metrics", running.pageUrl));
      assert.match(response.headers.get("content-type")!, /^text\/plain/);
      const text = await response.text();
      for (const line of text.trimEnd().split("\n")) {
        assert.match(
          line,
          /^(# (HELP|TYPE) \S+ .+|[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [\d.e+-]+)$/,
        );
      }
      assert.match(text, /^streamtool_rtsp_sessions_total 1$/m);
      assert.match(
        text,
        /^streamtool_rtsp_stream_viewers\{path="\/movie"\} 1$/m,
      );
      assert.match(text, /^streamtool_rtsp_packets_sent_total [1-9]/m);
    },
  );
});
