import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { selfCommand } from "../../src/cli/deno_host.ts";

const TEST_PROGRAM = fileURLToPath(
  new URL("./test_program.ts", import.meta.url),
);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Command and arguments of a process: the program itself, or the one of these tests. */
function program(args: readonly string[]): { command: string; args: string[] } {
  const { command, args: all } = selfCommand(args);
  return { command, args: [...all] };
}

function testProgram(
  args: readonly string[],
): { command: string; args: string[] } {
  const { command, args: all } = selfCommand([]);
  return { command, args: [...all.slice(0, -1), TEST_PROGRAM, ...args] };
}

async function output(
  { command, args }: { command: string; args: string[] },
  env: Record<string, string> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const result = await new Deno.Command(command, {
    args,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return {
    code: result.code,
    stdout: text(result.stdout),
    stderr: text(result.stderr),
  };
}

/** A running test program whose events are read one by one. */
class Child implements AsyncDisposable {
  readonly process: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #stderr: Promise<string>;

  constructor(...args: string[]) {
    const { command, args: all } = testProgram(args);
    this.process = new Deno.Command(command, {
      args: all,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#lines = lines(this.process.stdout);
    this.#stderr = new Response(this.process.stderr).text();
  }

  async event(): Promise<Record<string, unknown>> {
    const { value, done } = await this.#lines.next();
    assert.ok(!done, "the process ended without another event");
    return JSON.parse(value);
  }

  async type(text: string): Promise<void> {
    const writer = this.process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(text));
    writer.releaseLock();
  }

  async end(): Promise<{ code: number; stderr: string; events: unknown[] }> {
    const events = [];
    for (
      let next = await this.#lines.next();
      !next.done;
      next = await this.#lines.next()
    ) {
      events.push(JSON.parse(next.value));
    }
    const { code } = await this.process.status;
    return { code, stderr: await this.#stderr, events };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.stdin.close().catch(() => {});
    try {
      this.process.kill("SIGKILL");
    } catch {
      // It has ended, as it should.
    }
    await this.process.status;
    await this.#lines.return?.();
    await this.#stderr;
  }
}

async function* lines(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<string> {
  let rest = "";
  for await (
    const text of stream.pipeThrough(
      new TextDecoderStream() as TransformStream<Uint8Array, string>,
    )
  ) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}

Deno.test("the program keeps its exit codes and its streams", async () => {
  const table: [string[], number, RegExp, RegExp][] = [
    [["--version"], 0, /^streamtool \d/, /^$/],
    [["--help"], 0, /^Moves live video/, /^$/],
    [["help", "doctor"], 0, /^Checks what this machine offers/, /^$/],
    [["help", "docter"], 2, /^$/, /did you mean "doctor"/],
    [["completions", "bash"], 0, /complete -F _streamtool streamtool\n$/, /^$/],
    [["completions", "tcsh"], 2, /^$/, /one of bash, zsh, fish/],
    [["man"], 0, /^\.TH STREAMTOOL 1/, /^$/],
    [["man", "--quiet"], 0, /^\.TH STREAMTOOL 1/, /^$/],
    [
      ["chain-per"],
      2,
      /^$/,
      /^error: Cannot run "chain-per": no such command; did you mean "chain-peer"/,
    ],
    [
      ["doctor", "--log-level", "loud"],
      2,
      /^$/,
      /^error: Cannot use "loud" for --log-level/,
    ],
  ];
  for (const [args, code, stdout, stderr] of table) {
    const result = await output(program(args));
    assert.equal(result.code, code, args.join(" "));
    assert.match(result.stdout, stdout);
    assert.match(result.stderr, stderr);
  }
});

Deno.test("documents under --json are events", async () => {
  const { code, stdout } = await output(program(["man", "--json"]));
  assert.equal(code, 0);
  const [document, end] = stdout.trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  assert.equal(document.event, "output");
  assert.match(document.text, /^\.TH/);
  assert.deepEqual(end, { event: "end", code: 0 });
});

Deno.test("a signal stops a server with 0 and cuts off a job", async () => {
  const table = [
    ["server", "SIGINT", 0],
    ["server", "SIGTERM", 0],
    ["job", "SIGINT", 130],
    ["job", "SIGTERM", 143],
  ] as const;
  for (const [name, signal, expected] of table) {
    await using child = new Child(name, "--json");
    assert.deepEqual(await child.event(), { event: "ready" });
    child.process.kill(signal);
    const { code, stderr, events } = await child.end();
    assert.equal(code, expected, `${name} ${signal}`);
    assert.deepEqual(events, [{ event: "end", code: expected }]);
    assert.equal(
      stderr,
      `Stopping after ${signal}; a second one leaves at once\n`,
    );
  }
});

Deno.test("a second signal ends a process that does not stop", async () => {
  for (
    const [signal, expected] of [["SIGINT", 130], ["SIGTERM", 143]] as const
  ) {
    await using child = new Child("stubborn", "--json");
    await child.event();
    child.process.kill("SIGTERM");
    assert.deepEqual(await child.event(), { event: "asked" });
    child.process.kill(signal);
    assert.equal((await child.end()).code, expected);
  }
});

Deno.test("a process that does not stop leaves by itself after the drain limit", async () => {
  await using child = new Child("stubborn", "--json");
  await child.event();
  child.process.kill("SIGTERM");
  const { code, stderr } = await child.end();
  assert.equal(code, 0);
  assert.match(stderr, /Cannot stop within 5 s/);
});

Deno.test("words come from a pipe, and an open pipe keeps no process alive", async () => {
  await using child = new Child("words", "--json");
  await child.event();
  await child.type("startVideo\nqu");
  assert.deepEqual(await child.event(), { event: "word", word: "startVideo" });
  await child.type("it\n");
  assert.deepEqual(await child.event(), { event: "word", word: "quit" });
  // Standard input is still open here.
  assert.equal((await child.end()).code, 0);
});

Deno.test("a signal ends the wait for words", async () => {
  await using child = new Child("words", "--json");
  await child.event();
  child.process.kill("SIGTERM");
  assert.equal((await child.end()).code, 0);
});

Deno.test("what nobody caught is one line and exit 1", async () => {
  for (
    const [name, text] of [["reject", "nobody caught this"], [
      "throw",
      "thrown in a timer",
    ]]
  ) {
    const { code, stdout, stderr } = await output(testProgram([name!]));
    assert.deepEqual([code, stdout, stderr], [1, "", `error: ${text}\n`]);
  }
});

/** Runs a pipe in bash and prints the exit codes of its parts. */
async function pipe(
  left: { command: string; args: string[] },
  right: string,
): Promise<string> {
  const { stdout, stderr } = await output({
    command: "bash",
    args: [
      "-c",
      `"$@" | ${right}; echo "codes \${PIPESTATUS[*]}"`,
      "bash",
      left.command,
      ...left.args,
    ],
  });
  return stdout + stderr;
}

Deno.test("a closed standard output ends the program quietly", async () => {
  assert.equal(
    await pipe(program(["man"]), "head -1"),
    '.TH STREAMTOOL 1 "" "streamtool 0.1.0" "User Commands"\ncodes 0 0\n',
  );
  assert.equal(
    await pipe(testProgram(["flood"]), "head -c 5"),
    "xxxxxcodes 0 0\n",
  );
});

Deno.test("colour is for terminals, unless it is forced", async () => {
  const plain = await output(program(["--help"]));
  assert.ok(!plain.stdout.includes("\x1b"));
  const forced = await output(program(["--help"]), {
    FORCE_COLOR: "1",
    NO_COLOR: "",
  });
  assert.ok(forced.stdout.includes("\x1b[1mUsage:"));
  const flag = await output(program(["help", "--color", "always"]), {
    NO_COLOR: "1",
  });
  assert.ok(flag.stdout.includes("\x1b[1mUsage:"));
});

Deno.test("the environment and a configuration file reach the program", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(file, '{"chain-peer":{"kep":1}}');
    const wrong = await output(program(["man", "--config", file]));
    assert.equal(wrong.code, 2);
    assert.match(
      wrong.stderr,
      /"kep".*chain-peer has no such flag; did you mean "keep"/,
    );
    const missing = await output(program(["man"]), {
      STREAMTOOL_CONFIG: `${file}.none`,
    });
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /no such file/);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("the program is started with permissions named one by one", () => {
  const { command, args } = selfCommand(["doctor"]);
  assert.equal(command, Deno.execPath());
  assert.ok(args.includes("--allow-net"));
  assert.ok(!args.some((arg) => arg === "-A" || arg === "--allow-all"));
  assert.equal(args.at(-2), `${ROOT}main.ts`);
  assert.equal(args.at(-1), "doctor");
});
