import assert from "node:assert/strict";
import type { CommandContext } from "../../src/cli/command.ts";
import { UsageError } from "../../src/cli/errors.ts";
import { runCommandLine } from "../../src/cli/main.ts";
import { FakeHost } from "./fake_host.ts";
import type { FakeHostOptions } from "./fake_host.ts";
import { sampleCommand } from "./sample_command.ts";
import type { SampleOptions } from "./sample_command.ts";

type Body = (
  options: SampleOptions,
  context: CommandContext,
) => Promise<number> | number;

/** Runs the sample command with `body` and hands over the process it ran in. */
async function run(
  args: string,
  body: Body,
  options: FakeHostOptions = {},
): Promise<{ code: number; host: FakeHost }> {
  const host = new FakeHost(options);
  const code = await start(args, body, host);
  assert.equal(host.handlers, 0);
  return { code, host };
}

function start(args: string, body: Body, host: FakeHost): Promise<number> {
  const command = sampleCommand(async (options, context) =>
    await body(options, context)
  );
  return runCommandLine(args.split(" ").filter((word) => word !== ""), [
    command,
  ], host);
}

/** A body that stops when it is asked to. */
function untilStopped({ signal }: CommandContext): Promise<void> {
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve())
  );
}

const NEVER = new Promise<number>(() => {});

Deno.test("a command gets its options and its number becomes the exit code", async () => {
  const { code, host } = await run("sample x --port 7", (options, context) => {
    context.print(`${options.first} ${options.port}`);
    return 0;
  });
  assert.equal(code, 0);
  assert.equal(host.stdout.text, "x 7\n");
  assert.equal(host.stderr.text, "");
  assert.equal((await run("sample x", () => 1)).code, 1);
});

Deno.test("errors become one line and an exit code", async () => {
  class MissingProgramError extends Error {
    override name = "MissingProgramError";
    readonly remedy = "Install it or pass --ffmpeg PATH";
  }
  const table: [unknown, number, string][] = [
    [
      new Error('Cannot open "a": no such file'),
      1,
      'error: Cannot open "a": no such file\n',
    ],
    [new Error("first line\nsecond line"), 1, "error: first line\n"],
    [new Error("bad \x1b[2J name"), 1, "error: bad \\x1b[2J name\n"],
    [new Error("no rtsp://u:p@h/"), 1, "error: no rtsp://***@h/\n"],
    [
      new UsageError("Cannot do both"),
      2,
      'error: Cannot do both\nTry "streamtool help sample"\n',
    ],
    [
      new MissingProgramError("Cannot start ffmpeg: not found in PATH"),
      3,
      "error: Cannot start ffmpeg: not found in PATH\nInstall it or pass --ffmpeg PATH\n",
    ],
    ["a thrown text", 1, "error: a thrown text\n"],
    [undefined, 1, "error: undefined\n"],
  ];
  for (const [thrown, expected, text] of table) {
    const { code, host } = await run("sample x", () => Promise.reject(thrown));
    assert.equal(code, expected);
    assert.equal(host.stderr.text, text);
    assert.equal(host.stdout.text, "");
  }
});

Deno.test("the stack is shown at debug only", async () => {
  const fail = () => Promise.reject(new Error("boom"));
  assert.doesNotMatch(
    (await run("sample x", fail)).host.stderr.text,
    /run_test/,
  );
  assert.match(
    (await run("sample x -v", fail)).host.stderr.text,
    /debug {5}at .*run_test/,
  );
});

Deno.test("with --log-format json a failure is a line of JSON too", async () => {
  const { host } = await run("sample x --log-format json", () => {
    throw new Error("boom");
  });
  const { level, message } = JSON.parse(host.stderr.text);
  assert.deepEqual([level, message], ["error", "boom"]);
});

Deno.test("the first signal is told at once and stops the command", async () => {
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    for (const lifetime of ["job", "server"] as const) {
      const host = new FakeHost();
      const running = Promise.withResolvers<void>();
      const result = start("sample x", async (_, context) => {
        context.setLifetime(lifetime);
        running.resolve();
        await untilStopped(context);
        return 0;
      }, host);
      await running.promise;
      host.signal(signal);
      assert.equal(await result, lifetime === "job" ? code : 0);
      assert.equal(
        host.stderr.text,
        `Stopping after ${signal}; a second one leaves at once\n`,
      );
      assert.equal(host.handlers, 0);
    }
  }
});

Deno.test("an abort error after a signal is a clean stop, another error is a failure", async () => {
  for (
    const [error, expected] of [
      [new DOMException("aborted", "AbortError"), 0],
      [new Error("port lost"), 1],
    ] as const
  ) {
    const host = new FakeHost();
    const running = Promise.withResolvers<void>();
    const result = start("sample x", async (_, context) => {
      context.setLifetime("server");
      running.resolve();
      await untilStopped(context);
      throw error;
    }, host);
    await running.promise;
    host.signal("SIGTERM");
    assert.equal(await result, expected);
  }
});

Deno.test("a second signal ends a command that does not stop", async () => {
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    const host = new FakeHost();
    const running = Promise.withResolvers<void>();
    const result = start("sample x --json", (_, context) => {
      context.setLifetime("server");
      context.emit({ event: "started" });
      running.resolve();
      return NEVER;
    }, host);
    await running.promise;
    host.signal("SIGINT");
    host.signal(signal);
    assert.equal(await result, code);
    assert.deepEqual(host.events, [{ event: "started" }, {
      event: "end",
      code,
    }]);
  }
});

Deno.test("an error that nobody caught ends the command with one line", async () => {
  const host = new FakeHost();
  const running = Promise.withResolvers<void>();
  const result = start("sample x", () => {
    running.resolve();
    return NEVER;
  }, host);
  await running.promise;
  host.uncaught(new Error("forgotten"));
  assert.equal(await result, 1);
  assert.equal(host.stderr.text, "error: forgotten\n");
});

Deno.test("the end event is the last, is one, and carries the exit code", async () => {
  const { host } = await run("sample x --json", (_, context) => {
    context.emit({ event: "listening", url: "http://127.0.0.1:1/" });
    context.emit({ event: "end", frames: 3, big: 4n });
    assert.throws(
      () => context.emit({ event: "end" }),
      /end event was emitted/,
    );
    assert.throws(
      () => context.emit({ event: "progress" }),
      /end event was emitted/,
    );
    return 1;
  });
  assert.deepEqual(host.events, [
    { event: "listening", url: "http://127.0.0.1:1/" },
    { event: "end", frames: 3, big: 4, code: 1 },
  ]);
});

Deno.test("a command without an end event, and a failing one, end with one all the same", async () => {
  const quiet = await run("sample x --json", () => 0);
  assert.deepEqual(quiet.host.events, [{ event: "end", code: 0 }]);
  const failing = await run("sample x --json", () => {
    throw new Error("boom");
  });
  assert.deepEqual(failing.host.events, [{
    event: "end",
    code: 1,
    error: "boom",
  }]);
  const usage = await run("sample --json", () => 0);
  assert.equal(usage.code, 2);
  assert.equal(usage.host.events.length, 1);
  assert.equal(usage.host.events[0]!["code"], 2);
});

Deno.test("without --json events are not written, and without it text is", async () => {
  const body: Body = (_, context) => {
    context.emit({ event: "frame" });
    context.print("text");
    return 0;
  };
  assert.equal((await run("sample x", body)).host.stdout.text, "text\n");
  assert.equal((await run("sample x -q", body)).host.stdout.text, "");
  const { host } = await run("sample x --json", body);
  assert.deepEqual(host.events, [{ event: "frame" }, {
    event: "end",
    code: 0,
  }]);
});

Deno.test("the banner names every address on standard error", async () => {
  const body: Body = (_, context) => {
    context.banner({
      lines: [
        { label: "Local", url: "rtsp://u:secret@127.0.0.1:8554/movie" },
        { label: "Player", url: "http://127.0.0.1:8080/" },
      ],
      tryLine: "ffplay rtsp://127.0.0.1:8554/movie",
    });
    return 0;
  };
  const { host } = await run("sample x", body);
  assert.equal(
    host.stderr.text,
    [
      "  streamtool sample 0.1.0   ready in 41 ms",
      "  ➜  Local:   rtsp://***@127.0.0.1:8554/movie",
      "  ➜  Player:  http://127.0.0.1:8080/",
      "  ➜  Try:     ffplay rtsp://127.0.0.1:8554/movie",
      "",
    ].join("\n"),
  );
  assert.equal(host.stdout.text, "");
  assert.equal((await run("sample x -q", body)).host.stderr.text, "");
  const json = await run("sample x --json", body);
  assert.equal(json.host.stderr.text, "");
  assert.deepEqual(json.host.events.slice(0, 2), [
    {
      event: "listening",
      label: "Local",
      url: "rtsp://***@127.0.0.1:8554/movie",
    },
    { event: "listening", label: "Player", url: "http://127.0.0.1:8080/" },
  ]);
  const logged = await run("sample x --log-format=json", body);
  assert.equal(
    JSON.parse(logged.host.stderr.text.split("\n")[0]!).label,
    "Local",
  );
});

Deno.test("--open opens web pages and nothing else", async () => {
  const body: Body = (_, context) => {
    context.open("http://127.0.0.1:8080/");
    context.open("file:///etc/passwd");
    context.open("-x");
    return 0;
  };
  assert.deepEqual((await run("sample x", body)).host.launched, []);
  const opened = await run("sample x --open", body);
  assert.deepEqual(opened.host.launched, [[
    "xdg-open",
    "http://127.0.0.1:8080/",
  ]]);
  assert.match(
    opened.host.stderr.text,
    /warn {2}Cannot open "-x": it is no web page/,
  );
  const mac = await run("sample x --open", body, { os: "darwin" });
  assert.deepEqual(mac.host.launched, [["open", "http://127.0.0.1:8080/"]]);
});

Deno.test("words typed are read to the end of the input", async () => {
  const words: string[] = [];
  await run("sample x", async (_, context) => {
    for await (const word of context.stdinWords()) words.push(word);
    return 0;
  }, { input: ["startV", "ideo\r\n\n  list  \nsta", "tus\nquit"] });
  assert.deepEqual(words, ["startVideo", "list", "status", "quit"]);
});

Deno.test("reading words ends with the signal, and a line without end takes no memory", async () => {
  const host = new FakeHost({
    input: [...Array(100).fill("x".repeat(4000)), "\nlist\n"],
    inputStaysOpen: true,
  });
  const words: string[] = [];
  const code = await start("sample x", async (_, context) => {
    context.setLifetime("server");
    for await (const word of context.stdinWords()) {
      words.push(word);
      host.signal("SIGTERM");
    }
    return 0;
  }, host);
  assert.equal(code, 0);
  assert.deepEqual(words, ["list"]);
});

Deno.test("--ffmpeg and the configuration reach the command, the environment is left to the search", async () => {
  const flag = async (
    args: string,
    options: FakeHostOptions,
  ): Promise<unknown> => {
    let seen: unknown;
    await run(args, (_, context) => {
      seen = context.ffmpegFlag;
      return 0;
    }, options);
    return seen;
  };
  const env = { STREAMTOOL_FFMPEG: "/env" };
  assert.equal(await flag("sample x --ffmpeg /flag", { env }), "/flag");
  assert.equal(await flag("sample x", { env }), undefined);
  assert.equal(
    await flag("sample x --config c", { files: { c: '{"ffmpeg":"/config"}' } }),
    "/config",
  );
});

Deno.test("a reader that goes away ends the command quietly", async () => {
  const host = new FakeHost();
  host.stdout.failure = new Deno.errors.BrokenPipe("gone");
  const code = await start("sample x", async (_, context) => {
    context.print("nobody reads this");
    await untilStopped(context);
    await assert.rejects(context.writeOutput(new Uint8Array(10)), {
      name: "AbortError",
    });
    throw new Error("cut off in the middle");
  }, host);
  assert.equal(code, 0);
  assert.equal(host.stderr.text, "");
});

Deno.test("a slow reader holds up bytes but not the command, and gets all of the text", async () => {
  const host = new FakeHost();
  const gate = Promise.withResolvers<void>();
  host.stdout.gate = gate.promise;
  host.stdout.limit = 7;
  const order: string[] = [];
  const code = await start("sample x", async (_, context) => {
    for (let i = 0; i < 100; i++) context.print(`line ${i}`);
    order.push("printed");
    const written = context.writeOutput(new TextEncoder().encode("bytes\n"))
      .then(() => order.push("written"));
    order.push("asked");
    gate.resolve();
    await written;
    return 0;
  }, host);
  assert.equal(code, 0);
  assert.deepEqual(order, ["printed", "asked", "written"]);
  assert.equal(
    host.stdout.text,
    [...Array(100).keys()].map((i) => `line ${i}\n`).join("") + "bytes\n",
  );
});

Deno.test("a reader that never reads costs bounded memory and is told about", async () => {
  const host = new FakeHost();
  const gate = Promise.withResolvers<void>();
  host.stdout.gate = gate.promise;
  const line = "x".repeat(1024 * 1024 - 1);
  const code = await start("sample x", (_, context) => {
    for (let i = 0; i < 30; i++) context.print(line);
    gate.resolve();
    return 0;
  }, host);
  assert.equal(code, 0);
  assert.ok(host.stdout.text.length < 10 * 1024 * 1024);
  assert.match(
    host.stderr.text,
    /warn {2}Standard output was not read in time.*lines=21/,
  );
});

Deno.test("help, version and mistakes never reach the body", async () => {
  const body: Body = () => assert.fail("the body ran");
  const table: [string, number, RegExp, RegExp][] = [
    ["", 0, /^Moves live video/, /^$/],
    ["--help", 0, /^Moves live video/, /^$/],
    ["-h", 0, /^Moves live video/, /^$/],
    ["--version", 0, /^streamtool \d+\.\d+\.\d+\n$/, /^$/],
    ["sample -V", 0, /^streamtool \d+\.\d+\.\d+\n$/, /^$/],
    [
      "sample --help",
      0,
      /^Shows one flag of each kind\n\nUsage: streamtool sample/,
      /^$/,
    ],
    ["--help sample", 0, /^Shows one flag/, /^$/],
    ["sample --bogus -h", 0, /^Shows one flag/, /^$/],
    ["sample -qh", 0, /^Shows one flag/, /^$/],
    [
      "sampel",
      2,
      /^$/,
      /^error: Cannot run "sampel": no such command; did you mean "sample"\?\nTry "streamtool help"\n$/,
    ],
    [
      "sample x --prot 1",
      2,
      /^$/,
      /^error: .*did you mean "--port"\?\nTry "streamtool help sample"\n$/,
    ],
    [
      "--bogus",
      2,
      /^$/,
      /^error: Cannot use "--bogus" here: flags of a command follow its name\nTry/,
    ],
    ["sample", 2, /^$/, /FIRST is missing/],
  ];
  for (const [args, code, stdout, stderr] of table) {
    const result = await run(args, body);
    assert.equal(result.code, code, args);
    assert.match(result.host.stdout.text, stdout, args);
    assert.match(result.host.stderr.text, stderr, args);
  }
});

Deno.test("a signal while a reader takes its time ends the wait for it", async () => {
  const host = new FakeHost();
  host.stdout.gate = new Promise(() => {});
  const returned = Promise.withResolvers<void>();
  const result = start("sample x", (_, context) => {
    context.print("nobody takes this");
    returned.resolve();
    return 0;
  }, host);
  await returned.promise;
  host.signal("SIGINT");
  host.signal("SIGINT");
  assert.equal(await result, 130);
  assert.equal(host.handlers, 0);
});

Deno.test("what is said at a forced end is written before it", async () => {
  const host = new FakeHost();
  const slow = Promise.withResolvers<void>();
  host.stderr.gate = slow.promise;
  const running = Promise.withResolvers<void>();
  const result = start("sample x", () => {
    running.resolve();
    return NEVER;
  }, host);
  await running.promise;
  host.uncaught(new Error("forgotten"));
  queueMicrotask(() => setTimeout(slow.resolve));
  assert.equal(await result, 1);
  assert.equal(host.stderr.text, "error: forgotten\n");
});
