/**
 * The little of Markdown that the documents' check needs.
 *
 * @module
 */

/** A piece of a document and the line it stands on, from 1. */
export interface Piece {
  line: number;
  text: string;
}

/** A block of code between fences. */
export interface Fence extends Piece {
  /** The word behind the opening fence, such as `sh`; empty for none. */
  language: string;
}

/** A document taken apart. */
export interface Document {
  /** The targets of its links and pictures. */
  links: Piece[];
  /** The texts between single backticks. */
  codes: Piece[];
  /** Its blocks of code. */
  fences: Fence[];
  /** The anchors of its headings, as GitHub makes them. */
  anchors: Set<string>;
  /** Every line, code included. */
  lines: Piece[];
}

/** Takes a document apart. */
export function readMarkdown(text: string): Document {
  const document: Document = {
    links: [],
    codes: [],
    fences: [],
    anchors: new Set(),
    lines: [],
  };
  let fence: Fence | undefined;
  for (const [index, content] of text.split("\n").entries()) {
    const line = index + 1;
    document.lines.push({ line, text: content });
    const mark = /^\s*(?:```|~~~)\s*(\S*)/.exec(content);
    if (mark) {
      if (fence) document.fences.push(fence);
      fence = fence
        ? undefined
        : { line: line + 1, language: mark[1] ?? "", text: "" };
      continue;
    }
    if (fence) {
      fence.text += `${content}\n`;
      continue;
    }
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(content);
    if (heading) document.anchors.add(anchorOf(heading[1] ?? ""));
    for (const [, code] of content.matchAll(/`([^`]+)`/g)) {
      document.codes.push({ line, text: code ?? "" });
    }
    const prose = content.replace(/`[^`]*`/g, "");
    for (const [, target] of prose.matchAll(/\]\(\s*<?([^)\s>]+)/g)) {
      document.links.push({ line, text: target ?? "" });
    }
    const reference = /^\s*\[[^\]]+\]:\s*<?(\S+?)>?\s*$/.exec(prose);
    if (reference) document.links.push({ line, text: reference[1] ?? "" });
  }
  return document;
}

/** The anchor of a heading: lower case, blanks to hyphens, punctuation gone. */
function anchorOf(heading: string): string {
  return heading.toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
}
