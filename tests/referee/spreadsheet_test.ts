import assert from "node:assert/strict";
import { crc32, inflateRawSync } from "node:zlib";
import { formatCsv, formatXlsx, type Table } from "../../src/referee/mod.ts";

const TABLE: Table = {
  head: ["frame", "fencer"],
  rows: [[0, 'left "A" & <b>'], [1, null], [2.5, "a,b"]],
};

/** Reads a ZIP archive from its directory, as readers do. */
function unzip(bytes: Uint8Array): Map<string, string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = bytes.length - 22;
  assert.equal(view.getUint32(end, true), 0x06054b50);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  assert.equal(at + view.getUint32(end + 12, true), end);
  const files = new Map<string, string>();
  for (let i = 0; i < count; i++) {
    assert.equal(view.getUint32(at, true), 0x02014b50);
    const packed = view.getUint32(at + 20, true);
    const nameLength = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(
      bytes.subarray(at + 46, at + 46 + nameLength),
    );
    const offset = view.getUint32(at + 42, true);
    assert.equal(view.getUint32(offset, true), 0x04034b50);
    const data = offset + 30 + view.getUint16(offset + 26, true);
    const text = inflateRawSync(bytes.subarray(data, data + packed));
    assert.equal(view.getUint32(at + 16, true), crc32(text));
    assert.equal(view.getUint32(at + 24, true), text.length);
    files.set(name, new TextDecoder().decode(text));
    at += 46 + nameLength;
  }
  return files;
}

Deno.test("a table becomes a spreadsheet whose cells are the table's", () => {
  const files = unzip(formatXlsx(TABLE, "key & points"));
  assert.deepEqual([...files.keys()], [
    "[Content_Types].xml",
    "_rels/.rels",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "xl/worksheets/sheet1.xml",
  ]);
  assert.match(files.get("xl/workbook.xml")!, /name="key &amp; points"/);
  const sheet = files.get("xl/worksheets/sheet1.xml")!;
  assert.equal(sheet.match(/<row>/g)?.length, 4);
  assert.match(sheet, /<c><v>2\.5<\/v><\/c>/);
  assert.match(sheet, /left &quot;A&quot; &amp; &lt;b>/);
});

Deno.test("the same table gives the same bytes", () => {
  assert.deepEqual(formatXlsx(TABLE, "a"), formatXlsx(TABLE, "a"));
});

Deno.test("CSV quotes what must be quoted", () => {
  assert.equal(
    formatCsv(TABLE),
    'frame,fencer\r\n0,"left ""A"" & <b>"\r\n1,\r\n2.5,"a,b"\r\n',
  );
});
