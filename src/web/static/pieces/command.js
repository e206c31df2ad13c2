// @ts-check
/**
 * Commands to copy: they work where the page is read, in any shell.
 *
 * @module
 */

/** What no shell reads as anything else; zsh takes `[` and `?` for patterns. */
const PLAIN = /^[\w@%+=:,./-]+$/;

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[?::1\]?)$/;

const URL_PARTS = /^(\w+:\/\/)(\[[^\]]*\]|[^/:]*)(.*)$/;

/**
 * One word of a command line, quoted where a shell would change it.
 *
 * @param {string} word
 */
export function shellWord(word) {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * `127.0.0.1:9000`, `[::1]:9000`.
 *
 * @param {string} host
 * @param {number} port
 */
export function hostAndPort(host, port) {
  return host.includes(":") && !host.startsWith("[")
    ? `[${host}]:${port}`
    : `${host}:${port}`;
}

/**
 * A host of the page's server as this browser reaches it. A server that listens everywhere calls
 * itself by its loopback address, which on another machine is somebody else.
 *
 * @param {string} host
 * @param {string} [pageHost] where the browser found the page
 */
export function reachableHost(host, pageHost = location.hostname) {
  return LOOPBACK.test(host) && !LOOPBACK.test(pageHost) ? pageHost : host;
}

/**
 * The same for the host in a URL of any scheme.
 *
 * @param {string} url
 * @param {string} [pageHost]
 */
export function reachableUrl(url, pageHost = location.hostname) {
  const [, scheme, host, rest] = URL_PARTS.exec(url) ?? [];
  return scheme === undefined || host === undefined
    ? url
    : `${scheme}${reachableHost(host, pageHost)}${rest}`;
}
