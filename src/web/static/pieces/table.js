// @ts-check
/**
 * A table that sorts. On a narrow page its rows are cards (`style.css`).
 *
 * @module
 */

import { element, safeHref, setAttribute, setText } from "./dom.js";
import { count } from "./format.js";
import { icon } from "./icons.js";
import { readAddress, writeAddress } from "./address.js";

/** @typedef {import("./tile.js").Tone} Tone */

/**
 * @typedef {object} Cell
 * @property {string} text
 * @property {string | number} [order] what sorting compares, the text when absent
 * @property {Tone} [tone]
 * @property {boolean} [dot] shows the tone as a dot before the text
 * @property {string | null} [href]
 * @property {string} [title]
 * @property {Action} [action] a button instead of the text
 */

/**
 * @typedef {object} Action
 * @property {string} label in a word
 * @property {string} title what it does, to which row
 * @property {() => unknown} run
 */

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} id for the address bar
 * @property {string} label with the unit
 * @property {"text" | "number" | "action"} kind an action does not sort
 * @property {(row: Row) => Cell} cell
 */

/**
 * Rows in the order they are given until a heading is pressed: ascending, descending, given
 * order again; cards have no headings and get a list to choose from instead. The address bar keeps the order (`?sort=lost&order=descending`).
 *
 * @template Row
 * @param {object} options
 * @param {string} options.label
 * @param {readonly Column<Row>[]} options.columns the first one names the row
 * @param {(row: Row) => string} options.keyOf tells rows apart
 * @param {string} options.unsorted what the given order is called
 * @param {string} options.loading
 * @param {string} options.empty
 * @param {number} [options.maxRows] how many are shown before all are asked for
 */
export function createTable(
  { label, columns, keyOf, unsorted, loading, empty, maxRows = Infinity },
) {
  const body = element("tbody");
  const headings = columns.map((column) =>
    element(
      "th",
      { scope: "col", "data-kind": column.kind },
      column.kind === "action"
        ? element("span", { class: "visually-hidden" }, column.label)
        : element(
          "button",
          { type: "button", onclick: () => press(column.id) },
          column.label,
          icon("up"),
        ),
    )
  );
  const sortable = columns.filter(({ kind }) => kind !== "action");
  const chooser = element(
    "select",
    { class: "select", onchange: choose },
    element("option", { value: "" }, unsorted),
    ...sortable.flatMap(({ id, label }) =>
      ["ascending", "descending"].map((order) =>
        element("option", { value: `${id} ${order}` }, `${label}, ${order}`)
      )
    ),
  );
  const sorting = element(
    "label",
    { class: "table-sort", hidden: true },
    "Sort by ",
    chooser,
  );
  const table = element(
    "table",
    { class: "table" },
    element("caption", { class: "visually-hidden" }, label),
    element("thead", {}, element("tr", {}, ...headings)),
    body,
  );
  const message = element("td", { colspan: columns.length }, loading);
  const emptyRow = element("tr", { class: "table-empty" }, message);
  body.append(emptyRow);
  const more = element("button", {
    type: "button",
    class: "button table-more",
    hidden: true,
    onclick: () => {
      limit = Infinity;
      show();
    },
  });

  /** @type {Map<string, {row: HTMLTableRowElement, update: (row: Row) => void}>} */
  const shown = new Map();
  /** @type {readonly Row[]} */
  let latest = [];
  let limit = maxRows;
  let sort = readAddress("sort");
  let descending = readAddress("order") === "descending";
  showOrder();

  /** @param {string} id */
  function press(id) {
    if (sort !== id) [sort, descending] = [id, false];
    else if (!descending) descending = true;
    else [sort, descending] = [undefined, false];
    reorder();
  }

  function choose() {
    const [id, order] = chooser.value.split(" ");
    sort = id || undefined;
    descending = order === "descending";
    reorder();
  }

  function reorder() {
    writeAddress({ sort, order: descending ? "descending" : undefined });
    showOrder();
    show();
  }

  function showOrder() {
    const order = descending ? "descending" : "ascending";
    for (const [index, { id, kind }] of columns.entries()) {
      if (kind === "action") continue;
      headings[index]?.setAttribute("aria-sort", id === sort ? order : "none");
    }
    chooser.value = sort === undefined ? "" : `${sort} ${order}`;
  }

  function ordered() {
    const column = sortable.find(({ id }) => id === sort);
    if (column === undefined) return latest;
    const sign = descending ? -1 : 1;
    return latest.toSorted((a, b) => {
      const [first, second] = [
        orderOf(column.cell(a)),
        orderOf(column.cell(b)),
      ];
      return sign *
        (typeof first === "number" && typeof second === "number"
          ? first - second
          : String(first).localeCompare(String(second), "en", {
            numeric: true,
          }));
    });
  }

  function show() {
    const rows = ordered().slice(0, limit);
    const keys = new Set(rows.map(keyOf));
    for (const [key, { row }] of shown) {
      if (keys.has(key)) continue;
      row.remove();
      shown.delete(key);
    }
    emptyRow.hidden = rows.length > 0;
    sorting.hidden = rows.length === 0;
    more.hidden = latest.length <= limit;
    setText(
      more,
      `The first ${count(rows.length)} in this order. Show all ${
        count(latest.length)
      }`,
    );
    /** @type {Element} */
    let before = emptyRow;
    for (const row of rows) {
      const key = keyOf(row);
      const one = shown.get(key) ?? createRow(columns);
      shown.set(key, one);
      one.update(row);
      // Only what is out of place moves: moving takes the focus away.
      if (before.nextElementSibling !== one.row) before.after(one.row);
      before = one.row;
    }
  }

  return {
    element: element(
      "div",
      { class: "table-frame" },
      sorting,
      table,
      more,
    ),
    /**
     * @param {readonly Row[]} rows
     * @param {string} [nothing] why there are none, when `empty` says too little
     */
    update(rows, nothing = empty) {
      latest = rows;
      setText(message, nothing);
      show();
    },
  };
}

/** @param {Cell} cell */
function orderOf(cell) {
  return cell.order ?? cell.text;
}

/**
 * @template Row
 * @param {readonly Column<Row>[]} columns
 */
function createRow(columns) {
  const parts = columns.map((column, index) => {
    const dot = element("span", { class: "dot", hidden: true });
    const text = element("span");
    const link = element("a", { hidden: true });
    const button = column.kind === "action" ? createAction() : undefined;
    const inner = button?.element ??
      element("span", { class: "state" }, dot, text, link);
    const cell = index === 0
      ? element("th", { scope: "row", "data-kind": column.kind }, inner)
      : element(
        "td",
        { "data-kind": column.kind, "data-label": column.label },
        inner,
      );
    return { column, dot, text, link, button, inner, cell };
  });
  return {
    row: element("tr", {}, ...parts.map(({ cell }) => cell)),
    /** @param {Row} row */
    update(row) {
      for (const { column, dot, text, link, button, inner, cell } of parts) {
        const next = column.cell(row);
        if (button !== undefined) {
          button.update(next.action);
          continue;
        }
        const href = safeHref(next.href);
        setAttribute(next.dot ? inner : cell, "data-tone", next.tone);
        setAttribute(cell, "title", next.title);
        setAttribute(link, "href", href);
        dot.hidden = !next.dot;
        link.hidden = href === undefined;
        text.hidden = href !== undefined;
        setText(text, next.text);
        setText(link, next.text);
      }
    },
  };
}

/** A button whose row may become another one. */
function createAction() {
  /** @type {Action | undefined} */
  let action;
  const button = element("button", {
    type: "button",
    class: "button",
    onclick: () => action?.run(),
  });
  return {
    element: button,
    /** @param {Action | undefined} next */
    update(next) {
      action = next;
      button.hidden = next === undefined;
      setText(button, next?.label ?? "");
      setAttribute(button, "title", next?.title);
      setAttribute(button, "aria-label", next?.title);
    },
  };
}
