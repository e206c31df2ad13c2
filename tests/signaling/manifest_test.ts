import assert from "node:assert/strict";
import {
  CHUNK_BYTES,
  createIdentity,
  encodeHashPage,
  exportIdentity,
  HASHES_PER_PAGE,
  matchesHash,
  sha256,
  SignalProtocolError,
  verifyHashPage,
  verifyManifest,
} from "../../src/signaling/mod.ts";
import { makeTestFilm, noise, random } from "./support.ts";

Deno.test("a manifest is its host's, whole and unchanged", async () => {
  const { manifest, identity } = await makeTestFilm(noise(3 * CHUNK_BYTES + 5));
  assert.equal(manifest.totalChunks, 4);
  const copy = JSON.parse(JSON.stringify(manifest));
  assert.deepEqual(
    (await verifyManifest(copy, identity.fingerprint)).manifest,
    manifest,
  );
  const stranger = await createIdentity();
  await assert.rejects(
    verifyManifest(manifest, stranger.fingerprint),
    /another host signed it/,
  );
  const { isLinkHosts } = await verifyManifest(
    manifest,
    stranger.fingerprint,
    true,
  );
  assert.equal(isLinkHosts, false);
  for (
    const change of [
      { fileName: "other.mp4" },
      { fileName: "../film.mp4" },
      { fileName: ".." },
      { fileName: "" },
      { fileSize: manifest.fileSize - 1 },
      { fileSize: -1 },
      { fileSize: 2 ** 60 },
      { totalChunks: 5 },
      { duration: Infinity },
      { duration: "long" },
      { mimeType: "text/html; x" },
      { checksum: "0" },
      { signature: random(64).toBase64() },
      { signature: "!" },
      { publicKey: random(65).toBase64() },
      { filmId: "../../etc" },
    ]
  ) {
    await assert.rejects(
      verifyManifest({ ...manifest, ...change }, identity.fingerprint, true),
      SignalProtocolError,
      JSON.stringify(change),
    );
  }
  for (const value of [undefined, null, 5, "x", []]) {
    await assert.rejects(
      verifyManifest(value, identity.fingerprint),
      SignalProtocolError,
    );
  }
});

Deno.test("the same file of the same host is the same film, after a reload too", async () => {
  const film = await makeTestFilm(noise(CHUNK_BYTES));
  const again = await createIdentity(await exportIdentity(film.identity));
  assert.deepEqual(again.fingerprint, film.identity.fingerprint);
});

Deno.test("a page of hashes is signed, and a chunk is what it promises", async () => {
  const film = await makeTestFilm(noise(2 * CHUNK_BYTES));
  const frame = await film.sender().hashPage(0);
  const page = await verifyHashPage(film.manifest, film.pageKey, frame);
  assert.equal(await matchesHash(page, 1, await film.read(1)), true);
  assert.equal(await matchesHash(page, 0, await film.read(1)), false);
  for (const at of [1, 5, 6, 40, 69, 71, 130]) {
    const forged = frame.slice();
    forged[at]! ^= 1;
    await assert.rejects(
      verifyHashPage(film.manifest, film.pageKey, forged),
      SignalProtocolError,
      `byte ${at}`,
    );
  }
  const stranger = await createIdentity();
  const theirs = await encodeHashPage(film.manifest.filmId, page, stranger);
  await assert.rejects(
    verifyHashPage(film.manifest, film.pageKey, theirs),
    /forged/,
  );
});

Deno.test("a long film has pages of 64, the last one shorter", async () => {
  const film = await makeTestFilm(
    noise(HASHES_PER_PAGE * CHUNK_BYTES + 10),
  );
  const sender = film.sender();
  for (const [page, hashes] of [[0, 64], [1, 1]] as const) {
    const read = await verifyHashPage(
      film.manifest,
      film.pageKey,
      await sender.hashPage(page),
    );
    assert.equal(read.hashes.length, 32 * hashes);
    assert.deepEqual(
      read.hashes.slice(0, 32),
      await sha256(await film.read(page * HASHES_PER_PAGE)),
    );
  }
});
