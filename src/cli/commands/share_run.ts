/**
 * `streamtool share`
 *
 * @module
 */

import { whenAborted } from "../../net/mod.ts";
import type { SourceSpec } from "../../media/mod.ts";
import {
  AUTO,
  filmDuration,
  type LiveRoom,
  MAX_SEGMENT_MS,
  MIN_SEGMENT_MS,
  ORIGINAL,
  QUALITY_LEVELS,
  QualityLevels,
  readSubtitles,
  receiveShare,
  type ShareHost,
  startLiveRoom,
  startShareHost,
} from "../../services/share/mod.ts";
import { readSource } from "../chain_options.ts";
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
  const hosted = await startRoom(options, file, signal, context);
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
    hosted.over.then(() => "over" as const),
  ]);
  const totals = hosted.totals();
  await hosted.close();
  context.emit({ event: "end", ...totals });
  if (why === "closed") {
    context.log.error("Cannot go on: the room is closed");
    return EXIT.failed;
  }
  if (why === "stopped" && !quit.signal.aborted) await words;
  return EXIT.ok;
}

/** A room with a film, or with what a live source gives. */
async function startRoom(
  options: ShareOptions,
  text: string,
  signal: AbortSignal,
  context: CommandContext,
): Promise<LiveRoom & { readonly levels?: QualityLevels | undefined }> {
  const password = await readPassword(options.passwordFile);
  const service = {
    signal,
    log: context.log,
    emit: context.emit.bind(context),
  };
  const room = {
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
    ...(options.way.length === 0 ? {} : { ways: options.way }),
  };
  const source = readSource(text);
  if (source.kind === "file") {
    const duration = await filmDuration(source.path, context.ffmpegFlag);
    const hosted = await startShareHost({
      ...room,
      file: source.path,
      duration,
      subtitles: options.subtitles === undefined
        ? undefined
        : await readSubtitles(
          options.subtitles,
          source.path,
          context.ffmpegFlag,
        ),
    }, service);
    const levels = options.quality === ORIGINAL
      ? undefined
      : await QualityLevels.start(hosted, {
        file: source.path,
        duration,
        quality: options.quality,
        ffmpeg: context.ffmpegFlag,
      }, service);
    return {
      ...hosted,
      levels,
      over: new Promise(() => {}),
      async close() {
        await levels?.[Symbol.asyncDispose]();
        hosted.close();
      },
    };
  }
  const { segment, duration } = options;
  if (segment < MIN_SEGMENT_MS || segment > MAX_SEGMENT_MS) {
    throw new UsageError(
      `Cannot cut a live room into films of ${segment} ms: --segment is from 2s to 60s`,
    );
  }
  return await startLiveRoom({
    ...room,
    // The room's steering is no use where everybody shall be at the newest.
    settings: { ...room.settings, sharedControl: false },
    source,
    title: titleOf(source),
    segmentMs: segment,
    durationMs: duration,
    ffmpeg: context.ffmpegFlag,
  }, service);
}

/** The name of a live room's films, fit for a file. */
function titleOf(source: SourceSpec): string {
  const name = source.kind === "url"
    ? new URL(source.url).pathname.split("/").filter(Boolean).at(-1)
    : source.kind === "camera"
    ? `camera${source.index}`
    : source.kind;
  return (name ?? "").replace(/[^\w.-]/g, "-").replace(/^[.-]+/, "")
    .slice(0, 60) || "stream";
}

function wordsOf(
  hosted: Pick<ShareHost, "client" | "totals"> & {
    readonly levels?: QualityLevels | undefined;
  },
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
    ...qualityWords(hosted.levels),
    admit: { help: "let in who knocks", run: () => admit(true) },
    refuse: { help: "do not let in who knocks", run: () => admit(false) },
    quit: { help: "leave and end", run: quit },
    exit: { help: "the same as quit", run: quit },
  };
}

/** A word for each quality, when there are some. */
function qualityWords(
  levels: QualityLevels | undefined,
): Parameters<typeof obeyWords>[1] {
  if (levels === undefined) return {};
  const names = [...QUALITY_LEVELS.map(({ name }) => name), ORIGINAL, AUTO];
  return Object.fromEntries(
    names.map((name) => [name, {
      help: name === AUTO
        ? "the quality that the viewers can take"
        : `quality ${name}, for everybody`,
      run: () => levels.choose(name),
    }]),
  );
}

function statusText(
  { client, totals }: Pick<ShareHost, "client" | "totals">,
): string {
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
  const { output, have } = options;
  if ((output === undefined) === (have === undefined)) {
    throw new UsageError(
      have === undefined
        ? "Cannot receive: say where to with -o FILE, or -o -"
        : "Cannot write a film that is there: use --have or --output",
    );
  }
  const stay = options.stay || have !== undefined;
  context.setLifetime(stay ? "server" : "job");
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
    ...(have === undefined ? {} : { have }),
    stay,
    alone: options.alone,
    uploadLimit: options.uploadLimit,
    onComplete() {
      if (!stay) return;
      context.log.info("The film is whole: it is given to the others");
      context.emit({ event: "complete" });
    },
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
  const { bytes, seconds, fileName, ways, fromOthers, sentBytes } = totals;
  progress.done(
    `Received "${fileName}": ${(bytes / 1e6).toFixed(1)} MB in ${
      seconds.toFixed(1)
    } s (${(bytes / 1e6 / seconds).toFixed(1)} MB/s, ${ways.join(" and ")})${
      swarmText(fromOthers, sentBytes)
    }`,
  );
  context.emit({ event: "end", ...totals });
  return EXIT.ok;
}

/** What other viewers had to do with it. */
function swarmText(fromOthers: number, sent: number): string {
  if (fromOthers === 0 && sent === 0) return "";
  return `; ${(fromOthers / 1e6).toFixed(1)} MB from other viewers, ${
    (sent / 1e6).toFixed(1)
  } MB given to them`;
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
