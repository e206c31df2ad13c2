/**
 * The pages and what they load: real files beside this module, which
 * `deno compile --include` puts into the binary.
 *
 * @module
 */

/** Pieces and styles that every page may load. */
const STATIC_FILES = [
  "icon.svg",
  "style.css",
  "pieces/address.js",
  "pieces/banner.js",
  "pieces/command.js",
  "pieces/confirm.js",
  "pieces/copy_field.js",
  "pieces/dialog.js",
  "pieces/dom.js",
  "pieces/events.js",
  "pieces/format.js",
  "pieces/graph.js",
  "pieces/history.js",
  "pieces/icons.js",
  "pieces/live_region.js",
  "pieces/picture.js",
  "pieces/picture_pump.js",
  "pieces/picture_tools.js",
  "pieces/progress.js",
  "pieces/shortcuts.js",
  "pieces/stat.js",
  "pieces/table.js",
  "pieces/tile.js",
  "pieces/toast.js",
  "pieces/toolbar.js",
  "pieces/verdict.js",
] as const;

/** Each has an `.html` file and scripts, perhaps styles, of its own. */
const PAGE_SCRIPTS = {
  chain_coordinator: [
    "chain_coordinator.js",
    "chain_row.js",
    "chain_table.js",
    "chain_verdict.js",
    "chain_words.js",
  ],
  chain_peer: ["chain_peer.js"],
  demo: ["demo.js", "demo_part.js", "demo_timeline.js"],
  referee: [
    "referee.js",
    "referee_api.js",
    "referee_chart.js",
    "referee_limits.js",
    "referee_overlay.js",
    "referee_player.js",
    "referee_recordings.js",
    "referee_result.js",
    "referee_screens.js",
    "referee_sessions.js",
    "referee_svg.js",
    "referee_timeline.css",
    "referee_timeline.js",
    "referee_token.js",
    "referee_upload.js",
    "referee_words.js",
  ],
  rtsp_server: [
    "rtsp_server.js",
    "rtsp_server_sessions.js",
    "rtsp_server_stats.js",
    "rtsp_server_stream.js",
    "rtsp_server_tiles.js",
    "rtsp_server_verdict.js",
    "rtsp_server_words.js",
  ],
  rtsp_player: ["rtsp_player.js"],
  signal_room: [
    "signal_chat.js",
    "signal_disk.js",
    "signal_disk_worker.js",
    "signal_figures.js",
    "signal_film.js",
    "signal_handover.js",
    "signal_host.js",
    "signal_media_source.js",
    "signal_member.js",
    "signal_people.js",
    "signal_player.js",
    "signal_room.css",
    "signal_room.js",
    "signal_session.js",
    "signal_settings.js",
    "signal_start.js",
    "signal_status.js",
    "signal_swarm.js",
    "signal_trouble.js",
    "signal_worker.js",
  ],
} as const;

/** A page that can be served. */
export type PageName = keyof typeof PAGE_SCRIPTS;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
  ts: "text/javascript; charset=utf-8", // as it is sent: without its types
};

/** URL path to file: what is not in here is not served, whatever is asked for. */
const ASSETS: ReadonlyMap<string, string> = new Map(
  [
    ...STATIC_FILES.map((name) => `static/${name}`),
    ...Object.values(PAGE_SCRIPTS).flat().map((name) => `pages/${name}`),
  ].map((file) => [`/${file}`, file]),
);

/** A file in memory. */
export interface CachedFile {
  /** What it holds. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How it is sent. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Files do not change while the program runs: each is read once. */
const cache = new Map<string, Promise<CachedFile>>();

/**
 * A style, script or icon by its URL path, such as `/static/style.css`; `undefined`
 * when there is none of that name. It carries an `ETag`; answering 304 is the server's part.
 */
export async function serveAsset(
  pathname: string,
): Promise<Response | undefined> {
  const file = ASSETS.get(pathname);
  return file === undefined ? undefined : await respond(file);
}

/** A page's HTML, the same for everybody: it gets its data later. */
export function servePage(page: PageName): Promise<Response> {
  return respond(`pages/${page}.html`);
}

async function respond(file: string): Promise<Response> {
  let cached = cache.get(file);
  if (cached === undefined) {
    cached = read(file);
    cache.set(file, cached);
    cached.catch(() => cache.delete(file)); // perhaps it is there next time
  }
  const { bytes, headers } = await cached;
  return new Response(bytes, { headers });
}

async function read(file: string): Promise<CachedFile> {
  const bytes = await Deno.readFile(new URL(file, import.meta.url));
  return await cachedFile(file, bytes);
}

/** The file as it is sent, under the content type of its name. */
export async function cachedFile(
  file: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<CachedFile> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return {
    bytes,
    headers: {
      "content-type": CONTENT_TYPES[file.split(".").at(-1) ?? ""] ??
        "application/octet-stream",
      "etag": `"${new Uint8Array(digest).subarray(0, 12).toHex()}"`,
      // Keep it, and ask each time whether it is still the same.
      "cache-control": "no-cache",
    },
  };
}
