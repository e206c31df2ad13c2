/**
 * A table as an .xlsx file: a ZIP archive (APPNOTE 6.3) of a few small XML
 * files (ECMA-376, SpreadsheetML).
 *
 * @module
 */

import { crc32, deflateRawSync } from "node:zlib";
import { ByteWriter } from "../bytes/mod.ts";
import type { Cell, Table } from "./keypoint_table.ts";

/** Rows of a sheet, which the format limits. */
export const MAX_ROWS = 1_048_576;

/** 1 January 1980, which is where ZIP's calendar begins: the same table gives the same bytes. */
const DOS_DATE = 0x21;

/** What a reader must understand: 2.0, deflate. */
const ZIP_VERSION = 20;

const XML = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n`;
const SHEET_NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const PACKAGE_NS = "http://schemas.openxmlformats.org/package/2006";
const OFFICE_NS =
  "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/**
 * The file's bytes; the head stays in view.
 *
 * @throws {RangeError} when there are more rows than a sheet can have.
 */
export function formatXlsx(
  { head, rows }: Table,
  name: string,
): Uint8Array<ArrayBuffer> {
  if (rows.length >= MAX_ROWS) {
    throw new RangeError(
      `Cannot write ${rows.length} rows into a sheet: it has ${MAX_ROWS}`,
    );
  }
  const body = [head, ...rows]
    .map((row) => `<row>${row.map(cellXml).join("")}</row>`).join("");
  return zip({
    "[Content_Types].xml":
      `${XML}<Types xmlns="${PACKAGE_NS}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${TYPE}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${TYPE}.worksheet+xml"/></Types>`,
    "_rels/.rels":
      `${XML}<Relationships xmlns="${PACKAGE_NS}/relationships"><Relationship Id="rId1" Type="${OFFICE_NS}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    "xl/workbook.xml":
      `${XML}<workbook xmlns="${SHEET_NS}" xmlns:r="${OFFICE_NS}"><sheets><sheet name="${
        xmlText(name)
      }" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    "xl/_rels/workbook.xml.rels":
      `${XML}<Relationships xmlns="${PACKAGE_NS}/relationships"><Relationship Id="rId1" Type="${OFFICE_NS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
    "xl/worksheets/sheet1.xml":
      `${XML}<worksheet xmlns="${SHEET_NS}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" state="frozen"/></sheetView></sheetViews><sheetData>${body}</sheetData></worksheet>`,
  });
}

function cellXml(cell: Cell): string {
  if (cell === null) return "<c/>";
  return typeof cell === "number"
    ? `<c><v>${cell}</v></c>`
    : `<c t="inlineStr"><is><t>${xmlText(cell)}</t></is></c>`;
}

function xmlText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll('"', "&quot;");
}

/** A ZIP archive of texts. */
function zip(files: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const out = new ByteWriter();
  const directory = new ByteWriter();
  const entries = Object.entries(files);
  for (const [name, text] of entries) {
    const bytes = encoder.encode(text);
    const packed = deflateRawSync(bytes, { level: 6 });
    const path = encoder.encode(name);
    // The same fields stand before the file and in the directory.
    const fields = (writer: ByteWriter): void => {
      uint16le(writer, ZIP_VERSION);
      uint16le(writer, 0);
      uint16le(writer, 8); // deflate
      uint16le(writer, 0);
      uint16le(writer, DOS_DATE);
      writer.uint32le(crc32(bytes));
      writer.uint32le(packed.length);
      writer.uint32le(bytes.length);
      uint16le(writer, path.length);
      uint16le(writer, 0);
    };
    directory.uint32le(0x02014b50);
    uint16le(directory, ZIP_VERSION);
    fields(directory);
    for (let i = 0; i < 3; i++) uint16le(directory, 0);
    directory.uint32le(0);
    directory.uint32le(out.length);
    directory.bytes(path);
    out.uint32le(0x04034b50);
    fields(out);
    out.bytes(path);
    out.bytes(packed);
  }
  const start = out.length;
  const listed = directory.finish();
  out.bytes(listed);
  out.uint32le(0x06054b50);
  out.uint32le(0);
  uint16le(out, entries.length);
  uint16le(out, entries.length);
  out.uint32le(listed.length);
  out.uint32le(start);
  uint16le(out, 0);
  return out.finish();
}

function uint16le(writer: ByteWriter, value: number): void {
  writer.uint8(value & 255);
  writer.uint8(value >>> 8);
}
