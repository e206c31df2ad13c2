import assert from "node:assert/strict";
import { serveAsset, servePage } from "../../src/web/mod.ts";
import type { PageName } from "../../src/web/mod.ts";

const WEB = new URL("../../src/web/", import.meta.url);

/** Paths of the files below a folder of `src/web`, as URL paths. */
function filesBelow(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, WEB))].flatMap((entry) =>
    entry.isDirectory
      ? filesBelow(`${folder}${entry.name}/`)
      : [`/${folder}${entry.name}`]
  );
}

Deno.test("every file that is there is served, with its type and an ETag", async () => {
  const files = [...filesBelow("static/"), ...filesBelow("pages/")];
  assert.ok(files.length > 20);
  for (const file of files) {
    const response = file.endsWith(".html")
      ? await servePage(/(\w+)\.html$/.exec(file)?.[1] as PageName)
      : await serveAsset(file);
    assert.ok(response, `${file} is not in the list`);
    assert.equal(response.status, 200);
    assert.match(
      response.headers.get("content-type") ?? "",
      { js: /^text\/javascript/, css: /^text\/css/, html: /^text\/html/ }[
        file.split(".").at(-1) ?? ""
      ] ?? /^image\/svg\+xml$/,
      file,
    );
    assert.match(response.headers.get("etag") ?? "", /^"[0-9a-f]{24}"$/);
    assert.equal(response.headers.get("cache-control"), "no-cache");
    assert.deepEqual(
      await response.bytes(),
      await Deno.readFile(new URL(`.${file}`, WEB)),
    );
  }
});

Deno.test("nothing else is served, however it is asked for", async () => {
  for (
    const path of [
      "/",
      "",
      "/static/",
      "/static/nothing.css",
      "/static/../assets.ts",
      "/static/%2e%2e/assets.ts",
      "/assets.ts",
      "/pages/chain_peer.html",
      "static/style.css",
      "/static/style.css/",
      "//static/style.css",
      "/constructor",
    ]
  ) {
    assert.equal(await serveAsset(path), undefined, path);
  }
});

Deno.test("the same file has the same ETag, other files another one", async () => {
  const tags = await Promise.all(
    ["/static/style.css", "/static/style.css", "/static/pieces/dom.js"].map(
      async (path) => {
        const response = await serveAsset(path);
        await response?.body?.cancel();
        return response?.headers.get("etag");
      },
    ),
  );
  assert.equal(tags[0], tags[1]);
  assert.notEqual(tags[0], tags[2]);
});

Deno.test("pages load nothing from elsewhere and carry no inline script or style", async () => {
  for (const file of [...filesBelow("pages/"), ...filesBelow("static/")]) {
    const text = await Deno.readTextFile(new URL(`.${file}`, WEB));
    const urls = text.match(/https?:\/\/[^\s"'`)]+/g) ?? [];
    assert.deepEqual(
      urls.filter((url) => url !== "http://www.w3.org/2000/svg"),
      [],
      file,
    );
    if (!file.endsWith(".html")) continue;
    assert.doesNotMatch(text, /<script(?![^>]* src=)|<style|\sstyle=|\son\w+=/);
  }
});
