/**
 * Holds README.md, ARCHITECTURE.md and CHANGELOG.md against the repository:
 * links and paths exist, command lines run, nothing is missing.
 *
 * @module
 */

import { type Document, readMarkdown } from "./docs/markdown.ts";
import {
  commandLines,
  commandProblems,
  commandsInHelp,
  flagsInHelp,
  type Vocabulary,
} from "./docs/shell.ts";
import { exists, PROGRAM_PERMISSIONS, ROOT } from "./support.ts";

const DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"] as const;

/** Documents that mention every command. */
const COMPLETE_DOCUMENTS = ["README.md", "ARCHITECTURE.md"];

/** Words of a text that is not finished. */
const PLACEHOLDER =
  /\b(?:TODO|FIXME|XXX|TBD)\b|lorem ipsum|\bcoming soon\b|\bto be written\b/i;

/** Code that looks like a path of the repository. */
const REPOSITORY_PATH =
  /^(?:src|tests|scripts|fixtures|\.ci)(?:\/[\w.@-]+)+\/?$/;

/** What the documents are held against. */
export interface Repository extends Vocabulary {
  /** The names of the folders in `src/`. */
  folders: readonly string[];
  /** The version in `deno.json`. */
  version: string;
  /** True when a path from the root exists. */
  exists(path: string): boolean;
}

/** Everything that is wrong with the documents, each as `file:line: text`. */
export function documentProblems(
  texts: Readonly<Record<string, string>>,
  repository: Repository,
): string[] {
  const problems: string[] = [];
  for (const [name, text] of Object.entries(texts)) {
    const document = readMarkdown(text);
    problems.push(...[
      ...linkProblems(document, repository),
      ...pathProblems(document, repository),
      ...shellProblems(document, repository),
      ...placeholderProblems(document),
    ].map(({ line, problem }) => `${name}:${line}: ${problem}`));
    if (COMPLETE_DOCUMENTS.includes(name)) {
      problems.push(
        ...missing(document, [...repository.commands.keys()])
          .map((command) => `${name}: does not mention the command ${command}`),
      );
    }
    if (name === "ARCHITECTURE.md") {
      problems.push(...folderProblems(document, repository, name));
    }
    if (
      name === "CHANGELOG.md" &&
      !document.lines.some(({ text }) =>
        text.startsWith("##") && text.includes(repository.version)
      )
    ) {
      problems.push(`${name}: has no heading for ${repository.version}`);
    }
  }
  return problems;
}

interface Problem {
  line: number;
  problem: string;
}

function linkProblems(
  { links, anchors }: Document,
  repository: Repository,
): Problem[] {
  return links.flatMap(({ line, text }) => {
    if (/^[a-z][a-z0-9+.-]*:/i.test(text)) return [];
    const [path = "", anchor] = text.split("#");
    if (path === "") {
      return anchor !== undefined && anchors.has(anchor)
        ? []
        : [{ line, problem: `There is no heading for the link "${text}"` }];
    }
    return repository.exists(decodeURIComponent(path))
      ? []
      : [{ line, problem: `The link "${text}" leads nowhere` }];
  });
}

function pathProblems({ codes }: Document, repository: Repository): Problem[] {
  return codes
    .filter(({ text }) =>
      REPOSITORY_PATH.test(text) && !repository.exists(text)
    )
    .map(({ line, text }) => ({ line, problem: `There is no "${text}"` }));
}

function shellProblems(
  { fences, codes }: Document,
  vocabulary: Vocabulary,
): Problem[] {
  return [...fences.flatMap((fence) => commandLines(fence)), ...codes]
    .flatMap(({ line, text }) =>
      commandProblems(text, vocabulary).map((problem) => ({
        line,
        problem: `${problem}: ${text}`,
      }))
    );
}

function placeholderProblems({ lines }: Document): Problem[] {
  return lines.flatMap(({ line, text }) => {
    const found = PLACEHOLDER.exec(text)?.[0];
    return found === undefined
      ? []
      : [{ line, problem: `"${found}" is a placeholder` }];
  });
}

/** The `names` that stand in no code of the document. */
function missing(
  { codes, fences }: Document,
  names: readonly string[],
): string[] {
  const code = [...codes, ...fences].map(({ text }) => text).join("\n");
  return names.filter((name) =>
    !new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(code)
  );
}

function folderProblems(
  document: Document,
  { folders }: Repository,
  name: string,
): string[] {
  const problems = missing(document, folders.map((folder) => `${folder}/`))
    .filter((folder) => missing(document, [`src/${folder.slice(0, -1)}`])[0])
    .map((folder) => `${name}: does not mention the folder src/${folder}`);
  for (const { line, text } of [...document.codes, ...document.fences]) {
    for (const [, folder] of text.matchAll(/(?<![\w/.-])src\/(\w+)\//g)) {
      if (!folders.includes(folder!)) {
        problems.push(`${name}:${line}: There is no folder "src/${folder}"`);
      }
    }
  }
  return problems;
}

/** What the program says to `args`. */
async function ask(args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...PROGRAM_PERMISSIONS, "main.ts", ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  if (!success) {
    throw new Error(
      `Cannot ask the program for "${args.join(" ")}": ${
        new TextDecoder().decode(stderr)
      }`,
    );
  }
  return new TextDecoder().decode(stdout);
}

/** This repository; the program itself tells its commands and flags. */
async function readRepository(): Promise<Repository> {
  const names = commandsInHelp(await ask(["help"]));
  const commands = new Map<string, Set<string>>();
  for (const name of names) {
    commands.set(name, flagsInHelp(await ask(["help", name])));
  }
  const config = JSON.parse(Deno.readTextFileSync(`${ROOT}deno.json`));
  return {
    commands,
    tasks: new Set(Object.keys(config.tasks)),
    version: config.version,
    folders: [...Deno.readDirSync(`${ROOT}src`)]
      .filter((entry) => entry.isDirectory).map(({ name }) => name),
    exists,
  };
}

async function main(): Promise<number> {
  const absent = DOCUMENTS.filter((name) => !exists(name));
  for (const name of absent) console.error(`There is no ${name}`);
  const texts = Object.fromEntries(
    DOCUMENTS.filter((name) => exists(name))
      .map((name) => [name, Deno.readTextFileSync(ROOT + name)]),
  );
  const problems = documentProblems(texts, await readRepository());
  for (const problem of problems) console.error(problem);
  const count = absent.length + problems.length;
  console.log(
    count === 0
      ? `Checked ${DOCUMENTS.join(", ")}`
      : `Found ${count} problem${count === 1 ? "" : "s"} in the documents`,
  );
  return count === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
