/**
 * A real Chromium that nobody looks into: tests' driver has every message of a
 * WebSocket copied out of the browser, which costs more than the message. Here
 * a page runs as it does for people, and is only asked now and then.
 *
 * @module
 */

import { chromiumPath } from "../../support/chromium.ts";

/** A page. */
export interface BarePage {
  /** Goes to an address. */
  goto(url: string): Promise<void>;
  /** The value of an expression. */
  ask<T>(expression: string): Promise<T>;
  /** Gives files to the input that this expression is. */
  setFiles(input: string, files: readonly string[]): Promise<void>;
}

interface Answer {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** Starts a browser with one page, and ends it whatever `use` does. */
export async function withBarePage(
  use: (page: BarePage) => Promise<void>,
): Promise<void> {
  const path = chromiumPath();
  if (path === undefined) throw new Error("Cannot measure: no Chromium");
  const profile = await Deno.makeTempDir({ prefix: "streamtool_bench_" });
  const browser = new Deno.Command(path, {
    args: [
      ...["--headless=new", "--no-sandbox", "--disable-gpu"],
      ...["--disable-dev-shm-usage", "--mute-audio", "--no-first-run"],
      ...["--autoplay-policy=no-user-gesture-required"],
      ...["--disable-background-networking", "--window-size=1280,800"],
      ...["--remote-debugging-port=0", `--user-data-dir=${profile}`],
      "about:blank",
    ],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  try {
    const devtools = new URL(await devtoolsUrl(browser.stderr));
    const list = await fetch(`http://${devtools.host}/json`);
    const targets = await list.json() as {
      type: string;
      webSocketDebuggerUrl: string;
    }[];
    const page = targets.find(({ type }) => type === "page");
    if (page === undefined) throw new Error("Cannot measure: no page");
    const connection = await connect(page.webSocketDebuggerUrl);
    await use(connection.page);
    await connection.close();
  } finally {
    browser.kill("SIGTERM");
    await browser.status;
    await Deno.remove(profile, { recursive: true }).catch(() => {});
  }
}

async function devtoolsUrl(
  stderr: ReadableStream<Uint8Array>,
): Promise<string> {
  const reader = stderr.getReader();
  const decoder = new TextDecoder();
  for (let text = "";;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`Cannot measure: Chromium ends: ${text}`);
    text += decoder.decode(value, { stream: true });
    const url = /DevTools listening on (ws:\S+)/.exec(text)?.[1];
    if (url === undefined) continue;
    reader.releaseLock();
    // What it says later must not fill the pipe.
    void stderr.pipeTo(new WritableStream()).catch(() => {});
    return url;
  }
}

async function connect(
  url: string,
): Promise<{ page: BarePage; close(): Promise<void> }> {
  const socket = new WebSocket(url);
  const waiting = new Map<number, (answer: Answer) => void>();
  const closed = Promise.withResolvers<void>();
  socket.onmessage = ({ data }) => {
    const answer = JSON.parse(data) as Answer;
    waiting.get(answer.id ?? -1)?.(answer);
    waiting.delete(answer.id ?? -1);
  };
  socket.onclose = () => closed.resolve();
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error("Cannot measure: no DevTools"));
  });
  let count = 0;
  async function send(
    method: string,
    params: Record<string, unknown>,
  ): Promise<Record<string, unknown>> {
    const id = ++count;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    waiting.set(id, resolve);
    socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await promise;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }
  async function evaluate(
    expression: string,
    returnByValue: boolean,
  ): Promise<{ value?: unknown; objectId?: string }> {
    const { result, exceptionDetails } = await send("Runtime.evaluate", {
      ...{ expression, returnByValue, awaitPromise: true },
    });
    if (exceptionDetails !== undefined) {
      throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    }
    return result as { value?: unknown; objectId?: string };
  }
  return {
    page: {
      async goto(url) {
        await send("Page.navigate", { url });
      },
      async ask<T>(expression: string) {
        return (await evaluate(expression, true)).value as T;
      },
      async setFiles(input, files) {
        const { objectId } = await evaluate(input, false);
        await send("DOM.setFileInputFiles", { objectId, files: [...files] });
      },
    },
    async close() {
      socket.close();
      await closed.promise;
    },
  };
}
