/**
 * `streamtool share`
 *
 * @module
 */

import { whenAborted } from "../../net/mod.ts";
import {
  filmDuration,
  receiveShare,
  type ShareHost,
  startShareHost,
} from "../../services/share/mod.ts";
import type { CommandContext } from "../command.ts";
import { EXIT, UsageError } from "../errors.ts";
import { formatTable } from "../table.ts";
import { obeyWords } from "../words.ts";
import type { ShareOptions } from "./share.ts";

/** Hosts until the signal or `quit`, or receives to the end of the film. */
export async function run(
  options: ShareOptions,
  context: CommandContext,
): Promise<number> {
  const { file, join } = options;
  if (join !== undefined && file !== undefined) {
    throw new UsageError("Cannot host and --join at once: give one of both");
  }
  if (join !== undefined) return await receive(options, join, context);
  if (file !== undefined) return await host(options, file, context);
  throw new UsageError(
    "Cannot share nothing: give a FILE to host, or --join LINK -o FILE to receive",
  );
}

async function host(
  options: ShareOptions,
  file: string,
  context: CommandContext,
): Promise<number> {
  if (options.output !== undefined) {
    throw new UsageError("Cannot use --output without --join");
  }
  const quit = new AbortController();
  const signal = AbortSignal.any([context.signal, quit.signal]);
  const password = await readPassword(options.passwordFile);
  const hosted = await startShareHost({
    file,
    server: options.server,
    room: options.room,
    name: options.name,
    settings: {
      knock: options.knock,
      sharedControl: !options.hostOnly,
      waitForBuffering: options.wait,
      ...(password === undefined ? {} : { password }),
    },
    uploadLimit: options.uploadLimit,
    duration: await filmDuration(file, context.ffmpegFlag),
    ...(options.way.length === 0 ? {} : { ways: options.way }),
  }, { signal, log: context.log, emit: (event) => context.emit(event) });
  context.banner({
    lines: [{ label: "Link", url: hosted.link }],
    tryLine: "open the link, or streamtool share --join LINK -o film",
  });
  context.emit({ event: "link", link: hosted.link, room: hosted.roomId });
  context.open(hosted.link);
  const words = obeyWords(context, wordsOf(hosted, () => quit.abort()))
    .then(() => {
      if (options.exitWithStdin) quit.abort();
    });
  const why = await Promise.race([
    whenAborted(signal).then(() => "stopped" as const),
    hosted.ended.then(() => "closed" as const),
  ]);
  const totals = hosted.totals();
  hosted.close();
  context.emit({ event: "end", ...totals });
  if (why === "closed") {
    context.log.error("Cannot go on: the room is closed");
    return EXIT.failed;
  }
  if (!quit.signal.aborted) await words;
  return EXIT.ok;
}

function wordsOf(
  hosted: ShareHost,
  quit: () => void,
): Parameters<typeof obeyWords>[1] {
  const { client } = hosted;
  const admit = (yes: boolean): string => {
    const { knocks } = client.state;
    for (const { id } of knocks) client.admit(id, yes);
    return knocks.length === 0
      ? "nobody knocks"
      : knocks.map(({ name }) => name).join(", ");
  };
  return {
    play: {
      help: "play, for everybody",
      run: () => client.control({ action: "play", time: client.position() }),
    },
    pause: {
      help: "pause, for everybody",
      run: () => client.control({ action: "pause", time: client.position() }),
    },
    restart: {
      help: "to the beginning, for everybody",
      run: () => client.control({ action: "seek", time: 0 }),
    },
    status: {
      help: "who is there and how well they receive",
      run: () => statusText(hosted),
    },
    admit: { help: "let in who knocks", run: () => admit(true) },
    refuse: { help: "do not let in who knocks", run: () => admit(false) },
    quit: { help: "leave and end", run: quit },
    exit: { help: "the same as quit", run: quit },
  };
}

function statusText({ client, totals }: ShareHost): string {
  const { users, statuses } = client.state;
  const sent = (totals().bytes / 1e6).toFixed(1);
  return `${
    formatTable(
      ["name", "state", "drift ms", "buffer s", "way"],
      users.map(({ id, name, isHost, away }) => {
        const status = statuses.get(id);
        return [
          isHost ? `${name} (host)` : name,
          away ? "away" : status?.state ?? "–",
          status?.driftMs?.toFixed(0) ?? "–",
          status?.bufferedS.toFixed(0) ?? "–",
          status?.path ?? "–",
        ];
      }),
    )
  }\nsent ${sent} MB`;
}

async function receive(
  options: ShareOptions,
  link: string,
  context: CommandContext,
): Promise<number> {
  const { output } = options;
  if (output === undefined) {
    throw new UsageError("Cannot receive: say where to with -o FILE, or -o -");
  }
  context.setLifetime("job");
  const quit = new AbortController();
  if (options.exitWithStdin) {
    const words = { quit: { help: "end", run: () => quit.abort() } };
    obeyWords(context, words).then(() => quit.abort());
  }
  const password = await readPassword(options.passwordFile);
  const progress = context.progress("Receiving", undefined, "bytes");
  const totals = await receiveShare({
    link,
    output: output === "-" ? (bytes) => context.writeOutput(bytes) : output,
    name: options.name,
    password,
    downloadLimit: options.downloadLimit,
    onProgress: (bytes, _total, note) => progress.update(bytes, note),
    ...(options.way.length === 0 ? {} : { ways: options.way }),
  }, {
    signal: AbortSignal.any([context.signal, quit.signal]),
    log: context.log,
    emit: (event) => context.emit(event),
  });
  const { bytes, seconds, fileName, ways } = totals;
  progress.done(
    `Received "${fileName}": ${(bytes / 1e6).toFixed(1)} MB in ${
      seconds.toFixed(1)
    } s (${(bytes / 1e6 / seconds).toFixed(1)} MB/s, ${ways.join(" and ")})`,
  );
  context.emit({ event: "end", ...totals });
  return EXIT.ok;
}

async function readPassword(
  path: string | undefined,
): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return (await Deno.readTextFile(path)).split(/\r?\n/)[0] ?? "";
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new UsageError(`Cannot read --password-file "${path}": no such file`);
  }
}
