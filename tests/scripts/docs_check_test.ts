import assert from "node:assert/strict";
import { readMarkdown } from "../../scripts/docs/markdown.ts";
import {
  commandLines,
  commandProblems,
  commandsInHelp,
  flagsInHelp,
} from "../../scripts/docs/shell.ts";
import { documentProblems, type Repository } from "../../scripts/docs_check.ts";

const FILES = new Set(["LICENSE", "src/net", "src/net/udp.ts", "docs/a.md"]);

const REPOSITORY: Repository = {
  commands: new Map([
    ["serve", new Set(["--port", "--loop", "--json"])],
    ["probe", new Set(["--json"])],
  ]),
  tasks: new Set(["test", "demo", "streamtool"]),
  folders: ["net", "cli"],
  version: "1.2.0",
  exists: (path) => FILES.has(path.replace(/\/$/, "")),
};

/** The problems of `text` as a document that need not be complete. */
function problemsOf(text: string): string[] {
  return documentProblems({ "a.md": text }, REPOSITORY);
}

Deno.test("links and pictures must lead somewhere", () => {
  assert.deepEqual(
    problemsOf(
      "# A Heading, here\n[a](LICENSE) [b](docs/a.md#x) [c](https://x.y/z)\n" +
        "[d](#a-heading-here) ![e](<LICENSE>)\n\n[f]: docs/a.md\n",
    ),
    [],
  );
  assert.deepEqual(
    problemsOf("[a](nowhere.md)\n![b](c.png)\n[d](#gone)\n\n[f]: gone.md"),
    [
      'a.md:1: The link "nowhere.md" leads nowhere',
      'a.md:2: The link "c.png" leads nowhere',
      'a.md:3: There is no heading for the link "#gone"',
      'a.md:5: The link "gone.md" leads nowhere',
    ],
  );
});

Deno.test("paths in backticks must exist when they are the repository's", () => {
  assert.deepEqual(
    problemsOf("`src/net/udp.ts` `src/net/` `out/frame_1.jpg` `src/*`"),
    [],
  );
  assert.deepEqual(problemsOf("\nsee `src/net/gone.ts`"), [
    'a.md:2: There is no "src/net/gone.ts"',
  ]);
});

/** Command lines and what is wrong with each. */
const COMMANDS: [command: string, problems: string[]][] = [
  ["streamtool serve --port 80 --json", []],
  ["streamtool serve --port=80 --no-loop film.mp4", []],
  ["./streamtool serve -- --anything", []],
  ["dist/streamtool probe", []],
  ["streamtool --version", []],
  ["streamtool COMMAND --help", []],
  ["PORT=5 streamtool serve [--loop]", []],
  ["deno task test tests/net", []],
  ["npx -y deno@2.9.6 task demo", []],
  ["deno run -A main.ts probe --json", []],
  ["ffplay rtsp://127.0.0.1/ --anything", []],
  ["deno compile -A main.ts", []],
  ["streamtool sevre", ['There is no command "sevre"']],
  ["streamtool serve --prot 1", ['The command "serve" has no flag "--prot"']],
  ["streamtool probe --loop", ['The command "probe" has no flag "--loop"']],
  ["streamtool --verison", [
    'There is no flag "--verison" without a command',
  ]],
  ["deno task tset", ['There is no task "tset"']],
  ["npx -y deno@2.9.6 task gone", ['There is no task "gone"']],
  ["deno task streamtool serve --loop film.mp4", []],
  ["deno task streamtool gone", ['There is no command "gone"']],
  ["deno run -A main.ts gone", ['There is no command "gone"']],
];

for (const [command, problems] of COMMANDS) {
  Deno.test(`the command line "${command}" has ${problems.length} problems`, () => {
    assert.deepEqual(commandProblems(command, REPOSITORY), problems);
  });
}

Deno.test("command lines come from shell fences, joined and split", () => {
  const lines = (language: string, text: string): string[] =>
    commandLines({ language, line: 1, text }).map(({ text }) => text);
  assert.deepEqual(
    lines("sh", "# a comment\na --x \\\n  --y  # why\nb && c | d\n"),
    ["a --x   --y", "b", "c", "d"],
  );
  assert.deepEqual(lines("console", "$ a\noutput of a\n"), ["a"]);
  assert.deepEqual(lines("ts", "streamtool gone\n"), []);
});

Deno.test("a wrong command line is reported with its line", () => {
  assert.deepEqual(
    problemsOf("text\n\n```sh\nstreamtool probe\nstreamtool gone\n```\n"),
    ['a.md:5: There is no command "gone": streamtool gone'],
  );
  assert.deepEqual(problemsOf("run `streamtool gone` now"), [
    'a.md:1: There is no command "gone": streamtool gone',
  ]);
});

Deno.test("placeholders are found", () => {
  assert.equal(problemsOf("fine\nTODO: write this").length, 1);
  assert.equal(problemsOf("Lorem ipsum dolor").length, 1);
});

Deno.test("README and ARCHITECTURE mention every command, in code", () => {
  assert.deepEqual(
    documentProblems({ "README.md": "`serve`, and we probe" }, REPOSITORY),
    ["README.md: does not mention the command probe"],
  );
  assert.deepEqual(
    documentProblems({
      "README.md": "`serve`\n```sh\nstreamtool probe\n```",
    }, REPOSITORY),
    [],
  );
});

Deno.test("ARCHITECTURE lists the folders of src, and no others", () => {
  const commands = "`serve` `probe`";
  assert.deepEqual(
    documentProblems({
      "ARCHITECTURE.md": `${commands}\n\`\`\`\ncli/ net/\n\`\`\``,
    }, REPOSITORY),
    [],
  );
  assert.deepEqual(
    documentProblems({
      "ARCHITECTURE.md": `${commands} \`src/net\`\n\`src/gone/*.ts\``,
    }, REPOSITORY),
    [
      "ARCHITECTURE.md: does not mention the folder src/cli/",
      'ARCHITECTURE.md:2: There is no folder "src/gone"',
    ],
  );
});

Deno.test("CHANGELOG has a heading for the version", () => {
  const problems = (text: string): string[] =>
    documentProblems({ "CHANGELOG.md": text }, REPOSITORY);
  assert.deepEqual(problems("# Changes\n\n## 1.2.0\n"), []);
  assert.deepEqual(problems("# Changes\n\n## 1.1.0\n"), [
    "CHANGELOG.md: has no heading for 1.2.0",
  ]);
});

Deno.test("commands and flags are read from the program's help", () => {
  const help = "Moves video\n\nCommands:\n  serve        Serves\n" +
    "               what it has\n  chain-peer   Relays\n\nFlags:\n" +
    "  -h, --help  Show this\n";
  assert.deepEqual(commandsInHelp(help), ["serve", "chain-peer"]);
  assert.deepEqual([...flagsInHelp(help)], ["--help"]);
});

Deno.test("a document is taken apart outside and inside of fences", () => {
  const { codes, fences, links } = readMarkdown(
    "`a` [b](c)\n```ts\n`x` [y](z)\n```\n",
  );
  assert.deepEqual(codes, [{ line: 1, text: "a" }]);
  assert.deepEqual(links, [{ line: 1, text: "c" }]);
  assert.deepEqual(fences, [
    { line: 3, language: "ts", text: "`x` [y](z)\n" },
  ]);
});
