// @ts-check
/**
 * Answers the video element's requests for `/film/…` with what the page has of
 * the film or gets. A classic script, because not every browser takes a module
 * here; it keeps nothing.
 *
 * @module
 */

const scope = /** @type {any} */ (self);

/** The page answers the first question within this, ms. */
const ANSWER_MS = 20_000;

scope.addEventListener("install", () => scope.skipWaiting());
scope.addEventListener(
  "activate",
  (/** @type {any} */ event) => event.waitUntil(scope.clients.claim()),
);
scope.addEventListener("fetch", (/** @type {any} */ event) => {
  const url = new URL(event.request.url);
  if (url.origin !== location.origin || !url.pathname.startsWith("/film/")) {
    return;
  }
  event.respondWith(answer(event, url));
});

/**
 * @param {any} event
 * @param {URL} url
 * @returns {Promise<Response>}
 */
async function answer(event, url) {
  const page = await scope.clients.get(event.clientId);
  if (!page) return new Response("Cannot play: no page", { status: 503 });
  const { port1: port, port2 } = new MessageChannel();
  /** @type {Promise<any>} */
  const head = new Promise((resolve) => {
    port.onmessage = ({ data }) => resolve(data);
    setTimeout(resolve, ANSWER_MS, undefined);
  });
  page.postMessage({
    type: "film",
    path: url.pathname,
    range: event.request.headers.get("range"),
  }, [port2]);
  const { status = 504, headers = {} } = await head ?? {};
  if (status !== 206 && status !== 200) {
    port.close();
    return new Response(null, { status, headers });
  }
  const body = new ReadableStream({
    pull: (controller) =>
      new Promise((resolve) => {
        port.onmessage = ({ data }) => {
          if (data instanceof Uint8Array) controller.enqueue(data);
          else {
            port.close();
            if (data === null) controller.close();
            else controller.error(new Error("The film is not there"));
          }
          resolve(undefined);
        };
        port.postMessage("pull");
      }),
    cancel() {
      port.postMessage("cancel");
      port.close();
    },
  }, { highWaterMark: 1 });
  return new Response(body, { status, headers });
}
