/**
 * Bytes written down as text: lines of hex, and `# key: value` or `# remark`.
 *
 * @module
 */

/** A fixture file. */
export interface HexFixture {
  /** The file's name without its ending; says what is wrong with the bytes. */
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What `# expect:` says. */
  readonly expect: string | undefined;
}

const ROOT = new URL("../../../fixtures/", import.meta.url);

/** The `.hex` files of a folder of `fixtures/`, by name. */
export function readHexFixtures(folder: string): HexFixture[] {
  const directory = new URL(`${folder}/`, ROOT);
  return [...Deno.readDirSync(directory)]
    .filter(({ name }) => name.endsWith(".hex"))
    .map(({ name }) => {
      const lines = Deno.readTextFileSync(new URL(name, directory)).split("\n");
      const digits = lines.filter((line) => !line.startsWith("#")).join("");
      const expect = lines.find((line) => line.startsWith("# expect:"));
      return {
        name: name.slice(0, -".hex".length),
        bytes: Uint8Array.from(
          digits.match(/../g) ?? [],
          (pair) => parseInt(pair, 16),
        ),
        expect: expect?.slice("# expect:".length).trim(),
      };
    })
    .sort((a, b) => a.name < b.name ? -1 : 1);
}
