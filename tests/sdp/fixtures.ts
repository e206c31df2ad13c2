/**
 * The session descriptions of `fixtures/sdp`, as servers send them.
 *
 * @module
 */

const ROOT = new URL("../../fixtures/sdp/", import.meta.url);

/** All of them by name, in text. */
export function sdpFixtures(): Map<string, string> {
  const names = [...Deno.readDirSync(ROOT)].map(({ name }) => name).sort();
  return new Map(
    names.map((
      name,
    ) => [
      name.replace(/\.sdp$/, ""),
      Deno.readTextFileSync(new URL(name, ROOT)),
    ]),
  );
}

/** One of them. */
export function sdpFixture(name: string): string {
  const text = sdpFixtures().get(name);
  if (text === undefined) throw new Error(`No fixture "${name}"`);
  return text;
}
