// @ts-check
/**
 * Making and changing elements. Text goes in as text, never as markup, so
 * nothing a peer calls itself can become an element.
 *
 * @module
 */

/**
 * An element with attributes and children. `on…` functions become listeners;
 * `true` is an empty attribute; `false` and `undefined` are left out.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number | boolean | undefined | ((event: any) => void)>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === undefined) continue;
    if (typeof value === "function") {
      made.addEventListener(name.slice(2), value);
    } else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children);
  return made;
}

/**
 * Writes text only when it differs: an unchanged text costs no layout and a live
 * region stays silent.
 *
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Sets an attribute only when it differs; `undefined` removes it.
 *
 * @param {Element} target
 * @param {string} name
 * @param {string | undefined} value
 */
export function setAttribute(target, name, value) {
  if (value === undefined) target.removeAttribute(name);
  else if (target.getAttribute(name) !== value) {
    target.setAttribute(name, value);
  }
}

/**
 * The element of the page with this id.
 *
 * @param {string} id
 * @returns {HTMLElement}
 * @throws {Error} when the page has none: page and script do not belong together.
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`Cannot find "#${id}" in the page`);
  return found;
}

/**
 * A link target that somebody else chose: the URL when it is a web page, else
 * `undefined` (`javascript:` and the like).
 *
 * @param {string | null | undefined} url
 * @returns {string | undefined}
 */
export function safeHref(url) {
  if (!url) return undefined;
  const { protocol } = URL.parse(url, location.href) ?? {};
  return protocol === "http:" || protocol === "https:" ? url : undefined;
}
