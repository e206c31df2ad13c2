// @ts-check
/**
 * The address bar is the state: a reload or a link shows the same.
 *
 * @module
 */

/**
 * @param {string} name
 * @returns {string | undefined}
 */
export function readAddress(name) {
  return new URLSearchParams(location.search).get(name) ?? undefined;
}

/**
 * Changes parts of the query and adds no entry to the history.
 *
 * @param {Record<string, string | undefined>} changes `undefined` removes
 */
export function writeAddress(changes) {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  history.replaceState(null, "", url);
}
