import assert from "node:assert/strict";
import { drawText, fitText, textWidth } from "../../src/media/bitmap_font.ts";

function render(text: string, scale = 1): string {
  const width = textWidth(text, scale);
  const rows = Array.from(
    { length: 7 * scale },
    () => new Array<string>(width).fill("."),
  );
  drawText(text, 0, 0, scale, (x, y, w, h) => {
    for (let row = y; row < y + h; row++) {
      rows[row]?.fill("#", x, x + w);
    }
  });
  return rows.map((row) => row.join("")).join("\n");
}

Deno.test("a letter looks as it was drawn", () => {
  assert.equal(
    render("A1"),
    [
      ".###....#..",
      "#...#..##..",
      "#...#...#..",
      "#####...#..",
      "#...#...#..",
      "#...#...#..",
      "#...#..###.",
    ].join("\n"),
  );
});

Deno.test("every printable character has a picture of its own", () => {
  const seen = new Map<string, string>();
  for (let code = 32; code < 127; code++) {
    const char = String.fromCharCode(code);
    const picture = render(char);
    assert.equal(
      seen.get(picture),
      undefined,
      `${char} and ${seen.get(picture)}`,
    );
    seen.set(picture, char);
    assert.equal(picture.includes("#"), char !== " ");
  }
});

Deno.test("what the font has not is a question mark", () => {
  for (const char of ["é", "\n", "\x7f", "😀"]) {
    assert.equal(render(char), render("?"));
  }
});

Deno.test("text is cut to what fits", () => {
  assert.equal(fitText("abcdef", 1000, 1), "abcdef");
  for (const scale of [1, 3]) {
    for (let width = 0; width < 60 * scale; width++) {
      const fitted = fitText("abcdefgh", width, scale);
      assert.ok(textWidth(fitted, scale) <= width, `${width}: ${fitted}`);
    }
  }
  assert.equal(fitText("abcdefgh", textWidth("abcde", 1), 1), "abc..");
});
