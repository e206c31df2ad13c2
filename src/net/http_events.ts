/**
 * Server-sent events (WHATWG HTML, section 9.2) of a state that changes.
 *
 * @module
 */

/** A comment this often keeps proxies patient and finds clients that are gone (nginx cuts after 60 s). */
export const HEARTBEAT_MS = 15_000;

/** How long a browser waits before it connects again, in milliseconds. */
export const RETRY_MS = 1000;

/**
 * Starts sending: call `send` with every new state. The function it gives back
 * ends the subscription.
 */
export type Subscribe = (send: (value: unknown) => void) => () => void;

/**
 * A response that carries each value as one `data:` event of JSON.
 *
 * A client that reads too slowly misses values, never the newest one: at most one value
 * waits for it, so memory stays bounded. The stream ends when `signal` (a server's
 * `closing`) is aborted or the client goes; the subscription ends with it.
 */
export function eventStream(
  signal: AbortSignal,
  subscribe: Subscribe,
): Response {
  const encoder = new TextEncoder();
  let end = (): void => {};
  let flush = (): void => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller): void {
      let newest: { value: unknown } | undefined;
      let ended = false;

      flush = () => {
        if (ended || newest === undefined) return;
        if ((controller.desiredSize ?? 0) <= 0) return;
        const json = JSON.stringify(newest.value);
        newest = undefined;
        controller.enqueue(encoder.encode(`data: ${json}\n\n`));
      };

      controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`));
      const heartbeat = setInterval(() => {
        // A full queue means that nobody reads: a comment would only add to it.
        if ((controller.desiredSize ?? 0) > 0) {
          controller.enqueue(encoder.encode(":\n\n"));
        }
      }, HEARTBEAT_MS);
      const unsubscribe = subscribe((value) => {
        newest = { value };
        flush();
      });
      end = () => {
        if (ended) return;
        ended = true;
        clearInterval(heartbeat);
        signal.removeEventListener("abort", close);
        unsubscribe();
      };
      function close(): void {
        end();
        controller.close();
      }
      signal.addEventListener("abort", close);
      if (signal.aborted) close();
    },
    pull: () => flush(),
    cancel: () => end(),
  });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
    },
  });
}
