/**
 * `streamtool signal`
 *
 * @module
 */

import { whenAborted } from "../../net/mod.ts";
import {
  type IceServer,
  secureContextHint,
  startSignalServer,
} from "../../services/signal_server/mod.ts";
import type { CommandContext } from "../command.ts";
import { EXIT, UsageError } from "../errors.ts";
import { formatTable } from "../table.ts";
import { obeyWords } from "../words.ts";
import type { SignalOptions } from "./signal.ts";

/** Runs a server until the signal or `quit`. */
export async function run(
  options: SignalOptions,
  context: CommandContext,
): Promise<number> {
  const quit = new AbortController();
  const signal = AbortSignal.any([context.signal, quit.signal]);
  const tls = readTls(options);
  const server = await startSignalServer({
    host: options.host,
    port: options.port,
    stunPort: options.stun ? options.stunPort : undefined,
    iceServers: [
      ...options.iceServer.map((urls) => ({ urls })),
      ...await readIceFile(options.iceFile),
    ],
    tls,
    allowedOrigins: options.allowOrigin,
    redis: options.redis,
    limits: {
      usersPerRoom: options.maxUsers,
      rooms: options.maxRooms,
      connectionsPerAddress: options.maxConnectionsPerAddress,
      idleRoomMs: options.idle,
    },
  }, { signal, log: context.log, emit: (event) => context.emit(event) });
  const { hostname } = new URL(server.url);
  context.banner({
    lines: [
      { label: "Local", url: server.url },
      ...(server.stunPort === undefined
        ? []
        : [{ label: "STUN", url: `stun:${hostname}:${server.stunPort}` }]),
    ],
    tryLine: `streamtool share film.mp4 --server ${server.url}`,
  });
  const hint = secureContextHint({ host: options.host, tls });
  if (hint !== undefined) context.log.warn(hint);
  context.open(server.url);
  const words = obeyWords(context, {
    status: {
      help: "rooms and people",
      run: () => {
        const { rooms, users, connections, relays, relayBytes } = server
          .report();
        return formatTable(
          ["rooms", "people", "connections", "relays", "relayed MB"],
          [[rooms, users, connections, relays, (relayBytes / 1e6).toFixed(1)]
            .map(String)],
        );
      },
    },
    quit: { help: "say goodbye and end", run: () => quit.abort() },
    exit: { help: "the same as quit", run: () => quit.abort() },
  }).then(() => {
    if (options.exitWithStdin) quit.abort();
  });
  await whenAborted(signal);
  const report = server.report();
  await server.close();
  context.emit({ event: "end", ...report });
  if (!quit.signal.aborted) await words;
  return EXIT.ok;
}

function readTls(
  { cert, key }: SignalOptions,
): { cert: string; key: string } | undefined {
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert === undefined && key === undefined) return undefined;
  const [given, missing] = cert === undefined
    ? ["--key", "--cert"]
    : ["--cert", "--key"];
  throw new UsageError(`Cannot use ${given} alone: pass ${missing} too`);
}

async function readIceFile(path: string | undefined): Promise<IceServer[]> {
  if (path === undefined) return [];
  let servers: unknown;
  try {
    servers = JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    throw new UsageError(
      `Cannot read --ice-file "${path}": ${
        error instanceof Deno.errors.NotFound ? "no such file" : error
      }`,
    );
  }
  const fits = Array.isArray(servers) &&
    servers.every((server) =>
      [server?.urls].flat().every((url) =>
        typeof url === "string" && /^(stun|turn)s?:/.test(url)
      )
    );
  if (fits) return servers as IceServer[];
  throw new UsageError(
    `Cannot use --ice-file "${path}": it is no list of {"urls": "turn:…", "username", "credential"}`,
  );
}
