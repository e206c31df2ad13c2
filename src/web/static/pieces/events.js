// @ts-check
/**
 * A state that the server sends again and again, over server-sent events.
 *
 * @module
 */

/** The server sends twice a second; this long a silence means that it hangs. */
const SILENCE_MS = 6000;

/** First and longest wait before another attempt. */
const RETRY_MS = [500, 4000];

/** @typedef {"connecting" | "live" | "lost"} Connection */

/**
 * Stays connected while the page is seen; a hidden tab holds no connection. A browser opens six
 * connections a host, and each open page would hold one for good.
 *
 * @template T
 * @param {string} url
 * @param {{onData: (data: T) => void, onConnection: (state: Connection) => void}} listener
 */
export function connectEvents(url, { onData, onConnection }) {
  /** @type {EventSource | undefined} */
  let source;
  let retryMs = RETRY_MS[0] ?? 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function close() {
    clearTimeout(timer);
    source?.close();
    source = undefined;
  }

  function lose() {
    close();
    onConnection("lost");
    timer = setTimeout(open, retryMs);
    retryMs = Math.min(retryMs * 2, RETRY_MS[1] ?? 0);
  }

  function expectData() {
    clearTimeout(timer);
    timer = setTimeout(lose, SILENCE_MS);
  }

  function open() {
    close();
    source = new EventSource(url);
    expectData();
    source.onerror = lose;
    source.onmessage = ({ data }) => {
      expectData();
      retryMs = RETRY_MS[0] ?? 0;
      onConnection("live");
      onData(JSON.parse(data));
    };
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
    else open();
  });
  onConnection("connecting");
  if (!document.hidden) open();
}
