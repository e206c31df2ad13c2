import assert from "node:assert/strict";
import { UsageError } from "../../src/cli/errors.ts";
import { parseArguments } from "../../src/cli/parse.ts";
import { logThreshold, resolveOptions } from "../../src/cli/resolve.ts";
import type { ResolvedOptions } from "../../src/cli/resolve.ts";
import { splitCommandLine } from "../../src/cli/split.ts";
import { sample } from "./sample_command.ts";
import type { SampleOptions } from "./sample_command.ts";

interface World {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
}

function resolve(args: readonly string[], world: World = {}): ResolvedOptions {
  return resolveOptions(sample, parseArguments(sample, args), {
    env: (name) => world.env?.[name],
    readTextFile: (path) => {
      const text = world.files?.[path];
      if (text === undefined) throw new Deno.errors.NotFound("gone");
      return text;
    },
    specs: [sample],
  });
}

function options(args: readonly string[], world: World = {}): SampleOptions {
  return resolve(args, world).options as unknown as SampleOptions;
}

function usage(args: readonly string[], message: RegExp, world: World = {}) {
  assert.throws(
    () => options(args, world),
    (error) => error instanceof UsageError && message.test(error.message),
    `${args.join(" ")} should fail with ${message}`,
  );
}

Deno.test("without flags every option has its default", () => {
  assert.deepEqual(options(["x"]), {
    first: "x",
    udpPort: undefined,
    loop: false,
    save: true,
    name: undefined,
    output: undefined,
    count: 3,
    fps: undefined,
    fragment: "auto",
    port: 9000,
    limit: 60_000,
    duration: undefined,
    wire: "auto",
    user: [],
    json: false,
    quiet: false,
    verbose: false,
    logLevel: undefined,
    logFormat: "text",
    color: "auto",
    progress: true,
    open: false,
    ffmpeg: undefined,
    config: undefined,
  });
});

Deno.test("flags are read in every form and place", () => {
  const table: [string[], Partial<SampleOptions>][] = [
    [["--port", "80", "x"], { port: 80, first: "x" }],
    [["x", "--port=80"], { port: 80, first: "x" }],
    [["-p", "80", "x"], { port: 80 }],
    [["-p80", "x"], { port: 80 }],
    [["x", "--port", "1", "--port", "2"], { port: 2 }],
    [["x", "--loop"], { loop: true }],
    [["x", "--loop", "--no-loop"], { loop: false }],
    [["x", "--no-save"], { save: false }],
    [["x", "--no-save", "--save"], { save: true }],
    [["x", "--no-progress"], { progress: false }],
    [["-vo", "-", "x"], { verbose: true, output: "-" }],
    [["-"], { first: "-" }],
    [["x", "10001"], { first: "x", udpPort: 10001 }],
    [["--", "--port"], { first: "--port" }],
    [["--port", "1", "--", "-p", "7"], { first: "-p", udpPort: 7, port: 1 }],
    [["x", "--duration", "1m30s"], { duration: 90_000 }],
    [["x", "--limit", "2MiB"], { limit: 2_097_152 }],
    [["x", "--fragment", "1400"], { fragment: 1400 }],
    [["x", "--user", "a", "--user=b"], { user: ["a", "b"] }],
    [["x", "--name", "-5"], { name: "-5" }],
  ];
  for (const [args, expected] of table) {
    const actual = options(args);
    for (const [key, value] of Object.entries(expected)) {
      assert.deepEqual(
        actual[key as keyof SampleOptions],
        value,
        args.join(" "),
      );
    }
  }
});

Deno.test("what cannot be is refused with a sentence that helps", () => {
  usage(
    ["x", "--prot", "1"],
    /"--prot": sample has no such flag; did you mean "--port"\?/,
  );
  usage(["x", "--no-sav"], /did you mean "--no-save"/);
  usage(["x", "-z"], /"-z": sample has no such flag/);
  usage(["x", "--loop=yes"], /"--loop=yes": "--loop" takes no value/);
  usage(["x", "--port"], /"--port" alone: it needs a value, as in --port PORT/);
  usage(["x", "-p"], /"-p" alone: it needs a value, as in --port PORT/);
  usage(
    ["x", "--name", "--loop"],
    /--name alone: it needs a value, as in --name TEXT/,
  );
  usage(
    ["x", "--port", "99999"],
    /"99999" for --port: it must be a whole number from 0 to 65535/,
  );
  usage(["x", "--count", "0"], /from 1 to 9/);
  usage(
    ["x", "--fragment", "7"],
    /it must be "auto" or a whole number, 100 or more/,
  );
  usage(
    ["x", "--wire", "binry"],
    /one of auto, binary; did you mean "binary"\?/,
  );
  usage(["x", "--duration", "10"], /a time such as 250ms/);
  usage([], /FIRST is missing \(what comes first\)/);
  usage([""], /"" for FIRST: it is empty/);
  usage(["x", "nine"], /"nine" for UDP_PORT/);
  usage(["x", "1", "y"], /"y": sample takes only 2/);
  usage(["x", "-q", "-v"], /--quiet and --verbose together/);
});

Deno.test("flag beats environment beats configuration beats default", () => {
  const env = { STREAMTOOL_PORT: "2", STREAMTOOL_CONFIG: "c.json" };
  const files = {
    "c.json":
      '{"log-format":"json","sample":{"port":3,"count":4,"save":false}}',
    "d.json": '{"sample":{"count":5}}',
  };
  const table: [string[], World, number, string][] = [
    [["x", "--port", "1"], { env, files }, 1, "flag"],
    [["x"], { env, files }, 2, "environment"],
    [["x"], { env: { ...env, STREAMTOOL_PORT: "" }, files }, 3, "config"],
    [["x"], {}, 9000, "default"],
  ];
  for (const [args, world, port, source] of table) {
    const resolved = resolve(args, world);
    assert.equal(resolved.options["port"], port);
    assert.equal(resolved.sources.get("port"), source);
  }
  const configured = options(["x"], { env, files });
  assert.equal(configured.count, 4);
  assert.equal(configured.save, false);
  assert.equal(configured.logFormat, "json");
  assert.equal(options(["x", "--config", "d.json"], { env, files }).count, 5);
  assert.equal(options(["x", "--save"], { env, files }).save, true);
});

Deno.test("the environment sets lists and is named when it is wrong", () => {
  assert.deepEqual(options(["x"], { env: { SAMPLE_USERS: "a,b,," } }).user, [
    "a",
    "b",
  ]);
  assert.deepEqual(options(["x"], { env: { SAMPLE_USERS: "," } }).user, []);
  usage(["x"], /"http" for STREAMTOOL_PORT/, {
    env: { STREAMTOOL_PORT: "http" },
  });
});

Deno.test("a configuration file with a mistake is refused with the way out", () => {
  const config = (text: string): World => ({ files: { c: text } });
  const args = ["x", "--config", "c"];
  usage(args, /Cannot read the configuration "c": no such file/);
  usage(args, /it is not JSON/, config("{"));
  usage(args, /it is no JSON object/, config("[1]"));
  usage(
    args,
    /"log-levl".*did you mean "log-level"\?/,
    config('{"log-levl":"debug"}'),
  );
  usage(args, /"sampel".*did you mean "sample"\?/, config('{"sampel":{}}'));
  usage(
    args,
    /"prot".*sample has no such flag; did you mean "port"\?/,
    config('{"sample":{"prot":1}}'),
  );
  usage(args, /"sample".*an object of its flags/, config('{"sample":1}'));
  usage(
    args,
    /must be text, a number, true or false/,
    config('{"sample":{"port":{}}}'),
  );
  usage(args, /must be text, a number/, config('{"sample":{"port":null}}'));
  usage(
    args,
    /"99999" for "port" in the configuration/,
    config('{"sample":{"port":99999}}'),
  );
  usage(
    args,
    /true for "port" in the configuration: it needs PORT/,
    config('{"sample":{"port":true}}'),
  );
  usage(args, /"__proto__"/, config('{"__proto__":{"port":1}}'));
  usage(args, /"constructor"/, config('{"sample":{"constructor":1}}'));
});

Deno.test("a configuration file takes texts, numbers, switches and lists", () => {
  const files = {
    c: JSON.stringify({
      sample: {
        limit: "2MiB",
        fps: 29.97,
        loop: true,
        user: ["a", "b"],
        duration: "2s",
      },
    }),
  };
  const { limit, fps, loop, user, duration } = options(["x", "--config=c"], {
    files,
  });
  assert.deepEqual([limit, fps, loop, user, duration], [
    2_097_152,
    29.97,
    true,
    ["a", "b"],
    2000,
  ]);
});

Deno.test("the log level follows --log-level, then --quiet and --verbose", () => {
  const table: [string[], string][] = [
    [[], "info"],
    [["-q"], "error"],
    [["-v"], "debug"],
    [["-v", "--log-level", "warn"], "warn"],
    [["--log-level=silent"], "silent"],
  ];
  for (const [args, expected] of table) {
    assert.equal(logThreshold(resolve(["x", ...args]).options), expected);
  }
});

Deno.test("the command is found among flags, and only common ones may stand before it", () => {
  const table: [string[], string | undefined, string[]][] = [
    [[], undefined, []],
    [["--help"], undefined, ["--help"]],
    [["sample", "x"], "sample", ["x"]],
    [["--json", "sample", "x"], "sample", ["--json", "x"]],
    [["-q", "--no-progress", "sample"], "sample", ["-q", "--no-progress"]],
    [["--log-level", "debug", "sample"], "sample", ["--log-level", "debug"]],
    [["--log-level=debug", "sample"], "sample", ["--log-level=debug"]],
    [["-h", "sample"], "sample", ["-h"]],
    [["-"], "-", []],
  ];
  for (const [argv, command, rest] of table) {
    assert.deepEqual(splitCommandLine(argv), { command, rest });
  }
  for (
    const argv of [["--port", "1", "sample"], ["-p", "1"], ["--", "sample"], [
      "--constructor",
    ]]
  ) {
    assert.throws(() => splitCommandLine(argv), UsageError, argv.join(" "));
  }
});
