/** Replays what real players say, from `fixtures/rtsp`. */
import assert from "node:assert/strict";
import {
  digestResponse,
  formatAuthorization,
  parseChallenges,
} from "../../src/rtsp/authentication.ts";
import { pieces } from "../jpeg/support/cut.ts";
import { Dialogue, sessionOf } from "./dialogue.ts";
import type { DialogueOptions } from "./dialogue.ts";
import { utf8 } from "./messages.ts";

const ROOT = new URL("../../fixtures/rtsp/", import.meta.url);

const USERS: DialogueOptions = {
  users: {
    realm: "streamtool",
    find: (name) =>
      name === "eva"
        ? { password: "secret", mayRead: () => true, mayPublish: () => true }
        : undefined,
  },
};

/** What a remark at the top of a file asks for. */
const SERVERS: ReadonlyMap<string, DialogueOptions> = new Map([
  ["# users", USERS],
  ["# tcp-only", { transports: { udp: false, tcp: true, multicast: false } }],
  ["# publishing", { publishing: true }],
]);

interface Step {
  readonly request: readonly string[];
  readonly body: readonly string[];
  readonly frame: string | undefined;
  readonly answer: readonly string[];
  readonly actions: readonly string[];
}

function readSteps(text: string): Step[] {
  return text.trim().split("\n\n").map((block) => {
    const lines = block.split("\n");
    const marked = (mark: string) =>
      lines.filter((line) => line.startsWith(mark))
        .map((line) => line.slice(mark.length).replace(/^ /, ""));
    return {
      request: marked(">"),
      body: marked("="),
      frame: marked("$")[0],
      answer: marked("<"),
      actions: marked("!").flatMap((line) => line.split(" ")),
    };
  });
}

/** A player with a memory: its session, and the last challenge it got. */
class Player {
  #session = "";
  #challenge = "";

  hear(lines: readonly string[]): void {
    if (lines.some((line) => line.startsWith("Session: "))) {
      this.#session = sessionOf(lines);
    }
    for (const line of lines) {
      const challenge = /^WWW-Authenticate: (.*)/.exec(line)?.[1];
      if (challenge !== undefined) this.#challenge = challenge;
    }
  }

  fill(line: string, step: Step): string {
    const body = step.body.map((each) => `${each}\r\n`).join("");
    return line.replace("{session}", this.#session)
      .replace("{length}", String(body.length))
      .replace(
        /\{digest ?(.*)\}/,
        (_, uri) => this.#digest(step.request[0]!, uri),
      );
  }

  #digest(requestLine: string, hashed: string): string {
    const [method, uri] = requestLine.split(" ");
    const { nonce, realm } = parseChallenges(this.#challenge)[0]!;
    const input = {
      algorithm: "MD5",
      username: "eva",
      realm,
      nonce: nonce!,
      uri: hashed === "" ? uri! : hashed,
    } as const;
    return formatAuthorization({
      scheme: "digest",
      ...input,
      response: digestResponse({
        ...input,
        password: "secret",
        method: method!,
      }),
    });
  }
}

function assertAnswer(
  lines: readonly string[],
  expected: readonly string[],
  name: string,
): void {
  const open = expected.at(-1) === "...";
  const fixed = open ? expected.slice(0, -1) : expected;
  for (const [index, line] of fixed.entries()) {
    const actual = lines[index] ?? "";
    if (line.endsWith("...")) {
      assert.ok(actual.startsWith(line.slice(0, -3)), `${name}: ${actual}`);
    } else {
      assert.equal(actual, line, name);
    }
  }
  if (!open) assert.equal(lines.length, fixed.length, `${name}: ${lines}`);
}

/** Plays a fixture; every piece of `size` bytes arrives by itself. */
function replay(text: string, size: number): void {
  const remark = [...SERVERS.keys()].find((each) => text.includes(`${each}\n`));
  const dialogue = new Dialogue(
    remark === undefined ? {} : SERVERS.get(remark)!,
  );
  const player = new Player();
  for (const step of readSteps(text)) {
    let said = "";
    if (step.frame !== undefined) {
      dialogue.frame(Number(step.frame[0]), step.frame.slice(2));
    } else {
      const lines = step.request.map((line) => player.fill(line, step));
      const bytes = utf8([...lines, ...step.body, ""].join("\r\n"));
      for (const piece of pieces(bytes, size)) {
        said += dialogue.perform(
          dialogue.connection.receive(piece, dialogue.now),
        );
      }
    }
    const lines = said.split("\r\n").filter((line) =>
      line !== "" && !line.startsWith("Server:")
    );
    player.hear(lines);
    const name = step.request[0] ?? `frame ${step.frame}`;
    assertAnswer(
      lines,
      step.answer.map((line) => player.fill(line, step)),
      name,
    );
    assert.deepEqual(dialogue.doneTypes(), step.actions, name);
  }
}

for (const { name } of Deno.readDirSync(ROOT)) {
  if (!name.endsWith(".txt")) continue;
  const text = Deno.readTextFileSync(new URL(name, ROOT));
  Deno.test(`the dialogue goes as it should: ${name.slice(0, -4)}`, () => {
    for (const size of [100_000, 1, 3]) replay(text, size);
  });
}
