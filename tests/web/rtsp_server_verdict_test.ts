import assert from "node:assert/strict";
import {
  reachableUrl,
  shellWord,
} from "../../src/web/static/pieces/command.js";
import { judge } from "../../src/web/pages/rtsp_server_verdict.js";
import {
  type MadeUpRtspServer,
  MadeUpRtspServer as Server,
  threeStreams,
} from "./support/made_up_rtsp_server.ts";

const NOT_REPORTED = {
  fractionLost: null,
  packetsLost: null,
  jitterMs: null,
  roundTripMs: null,
} as const;

/** The server after `change`, 10 s later. */
function later(
  server: MadeUpRtspServer,
  change: (server: MadeUpRtspServer) => void,
): ReturnType<typeof judge> {
  const before = server.report();
  change(server.pass(10));
  return judge(server.report(), before);
}

const CASES: readonly (readonly [
  what: string,
  build: () => MadeUpRtspServer,
  tone: string,
  answer: string,
  reason: string,
])[] = [
  ["nothing to watch", () => new Server(), "none", "No stream to watch", ""],
  [
    "nobody watches",
    () =>
      threeStreams().stream("broken", { state: "failed", problem: "no video" }),
    "none",
    "Nobody watches",
    "3 streams can be watched, 1 cannot.",
  ],
  [
    "nothing can be watched",
    () => new Server().stream("broken", { state: "failed" }),
    "none",
    "Nobody watches",
    "No stream can be played.",
  ],
  [
    "all are paused",
    () => {
      const server = threeStreams();
      server.watch("camera", { state: "ready" });
      server.watch("camera", { state: "ended" });
      return server;
    },
    "none",
    "2 viewers connected, none plays",
    "3 streams can be watched.",
  ],
  [
    "one viewer, well",
    () => {
      const server = threeStreams();
      server.watch("camera", { user: "anna" });
      return server;
    },
    "good",
    "anna (192.168.1.20) gets every packet of camera",
    "Jitter: 0.42 ms.",
  ],
  [
    "two viewers, well",
    () => {
      const server = threeStreams();
      server.watch("camera");
      server.watch("fencing-final");
      return server;
    },
    "good",
    "Both viewers get every packet",
    "Most jitter: 0.73 ms at 192.168.1.21.",
  ],
  [
    "some report",
    () => {
      const server = threeStreams();
      server.watch("camera");
      server.watch("camera");
      server.watch("fencing-final", { dialect: "lab", ...NOT_REPORTED });
      return server;
    },
    "good",
    "No loss at the 2 of 3 viewers that report",
    "Most jitter: 0.73 ms at 192.168.1.21.",
  ],
  [
    "one of two reports",
    () => {
      const server = threeStreams();
      server.watch("camera");
      server.watch("camera", NOT_REPORTED);
      return server;
    },
    "good",
    "No loss at the only one of 2 viewers that reports",
    "Most jitter: 0.42 ms at 192.168.1.20.",
  ],
  [
    "nobody reports",
    () => {
      const server = threeStreams();
      server.watch("camera", NOT_REPORTED);
      return server;
    },
    "none",
    "192.168.1.20 watches camera",
    "How well is not known yet: no player has reported. Most do within 5 s, the teaching lab's never.",
  ],
  [
    "one loses a little",
    () => {
      const server = threeStreams();
      server.watch("camera");
      server.watch("fencing-final", { fractionLost: 0.004 });
      return server;
    },
    "warn",
    "192.168.1.21 loses packets",
    "On fencing-final: 0.4 % of its packets, as it last reported.",
  ],
  [
    "two lose, one much",
    () => {
      const server = threeStreams();
      server.watch("camera", { fractionLost: 0.01 });
      server.watch("fencing-final", { fractionLost: 0.125 });
      server.watch("fencing-final");
      return server;
    },
    "bad",
    "2 of 3 viewers lose packets",
    "Most: 192.168.1.21 on fencing-final, 13 % of its packets as it last reported.",
  ],
  [
    "a source is lost",
    () => {
      const server = threeStreams();
      server.watch("camera", { fractionLost: 0.5 });
      server.watch("camera");
      server.lose("camera", 'Cannot read "camera:0": it was unplugged');
      return server;
    },
    "bad",
    "camera has lost its source, 2 viewers wait",
    "",
  ],
  [
    "a source is lost that nobody watches",
    () => {
      const server = threeStreams();
      server.lose("camera", "gone");
      return server;
    },
    "none",
    "Nobody watches",
    "3 streams can be watched.",
  ],
];

for (const [what, build, tone, answer, reason] of CASES) {
  Deno.test(`verdict: ${what}`, () => {
    assert.deepEqual(judge(build().report()), { tone, answer, reason });
  });
}

Deno.test("verdict: who skips frames now is slow, who once did is not", () => {
  const server = threeStreams();
  const slow = server.watch("camera", { framesSkipped: 40 });
  server.watch("camera");
  assert.equal(later(server, () => {}).tone, "good");
  assert.deepEqual(later(server, () => slow.framesSkipped += 12), {
    tone: "warn",
    answer: "192.168.1.20 is too slow",
    reason: "192.168.1.20 on camera: 12 frames skipped in the last 10 s.",
  });
  const lossy = server.watch("camera", { fractionLost: 0.03 });
  assert.deepEqual(
    later(server, () => slow.framesSkipped += 1),
    {
      tone: "bad",
      answer: "2 of 3 viewers lose packets or are too slow",
      reason:
        `${lossy.address} on camera, 3.0 % of its packets as it last reported. ` +
        "192.168.1.20 on camera: 1 frame skipped in the last 10 s.",
    },
  );
});

Deno.test("commands are quoted where a shell would change them", () => {
  const cases: [string, string][] = [
    ["rtsp://127.0.0.1:8554/movie", "rtsp://127.0.0.1:8554/movie"],
    ["rtsp://h/a%20b.Mjpeg", "rtsp://h/a%20b.Mjpeg"],
    ["rtsp://[::1]:8554/movie", "'rtsp://[::1]:8554/movie'"],
    ["rtsp://h/a&b", "'rtsp://h/a&b'"],
    ["rtsp://h/it's(1)", "'rtsp://h/it'\\''s(1)'"],
    ["$(rm -rf)", "'$(rm -rf)'"],
    ["", "''"],
  ];
  for (const [word, quoted] of cases) assert.equal(shellWord(word), quoted);
});

Deno.test("a server that calls itself loopback is reached where its page is", () => {
  const cases: [string, string, string][] = [
    ["rtsp://127.0.0.1:8554/a", "127.0.0.1", "rtsp://127.0.0.1:8554/a"],
    ["rtsp://127.0.0.1:8554/a", "localhost", "rtsp://127.0.0.1:8554/a"],
    ["rtsp://127.0.0.1:8554/a", "10.0.0.7", "rtsp://10.0.0.7:8554/a"],
    ["rtsps://[::1]:8554/a", "[fd00::7]", "rtsps://[fd00::7]:8554/a"],
    ["rtsp://10.0.0.9:8554/a", "10.0.0.7", "rtsp://10.0.0.9:8554/a"],
    ["rtsp://127.0.0.1/a", "lab.example", "rtsp://lab.example/a"],
    ["nonsense", "10.0.0.7", "nonsense"],
  ];
  for (const [url, page, reached] of cases) {
    assert.equal(reachableUrl(url, page), reached);
  }
});
