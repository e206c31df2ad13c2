// @ts-check
/**
 * Keeps the chunks of one film in the browser's private files, over a reload of
 * the page. Only a worker may write there without copying the whole file.
 *
 * @module
 */

/** As in `chunk.ts`; a worker loads no modules of the page. */
const CHUNK_BYTES = 64 * 1024;
const FOLDER = "streamtool";
/** What is there is written down this long after it changed, ms. */
const NOTE_MS = 300;

/** @typedef {{read(to: Uint8Array, options: {at: number}): number, write(from: Uint8Array, options: {at: number}): number, getSize(): number, flush(): void}} Handle */

/** @type {Handle | undefined} */
let film;
/** @type {Handle | undefined} */
let notes;
/** A bit for each chunk that is there. */
let have = new Uint8Array(0);
/** @type {ReturnType<typeof setTimeout> | undefined} */
let noting;

onmessage = async ({ data }) => {
  try {
    await obey(data);
  } catch (error) {
    // No room, or another tab has the film open: it is kept by nobody then.
    postMessage({ id: data.id, error: String(error) });
  }
};

/** @param {{id: number, type: string, name: string, total: number, chunk: number, length: number, bytes: Uint8Array}} data */
async function obey({ id, type, name, total, chunk, length, bytes }) {
  if (type === "open") {
    await open(name, total);
    postMessage({ id, have });
  } else if (type === "put") {
    film?.write(bytes, { at: chunk * CHUNK_BYTES });
    have[chunk >> 3] = (have[chunk >> 3] ?? 0) | (0x80 >> (chunk & 7));
    noting ??= setTimeout(note, NOTE_MS);
  } else if (type === "get") {
    const found = new Uint8Array(length);
    const count = film?.read(found, { at: chunk * CHUNK_BYTES }) ?? 0;
    postMessage({ id, bytes: found.subarray(0, count) });
  }
}

/**
 * @param {string} name
 * @param {number} total
 */
async function open(name, total) {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(FOLDER, { create: true });
  // One film is kept: the room of a device is not ours.
  const names = /** @type {any} */ (folder).keys();
  for await (const other of names) {
    if (!other.startsWith(name)) {
      await folder.removeEntry(other).catch(() => {});
    }
  }
  film = await handleOf(folder, `${name}.film`);
  notes = await handleOf(folder, `${name}.have`);
  have = new Uint8Array(Math.ceil(total / 8));
  notes.read(have, { at: 0 });
}

/**
 * @param {FileSystemDirectoryHandle} folder
 * @param {string} name
 * @returns {Promise<Handle>}
 */
async function handleOf(folder, name) {
  const file = await folder.getFileHandle(name, { create: true });
  return await /** @type {any} */ (file).createSyncAccessHandle();
}

function note() {
  noting = undefined;
  film?.flush(); // what is noted must be there
  notes?.write(have, { at: 0 });
  notes?.flush();
}
