/**
 * A peer that goes in the middle of a write must not end the program.
 *
 * @module
 */

let isIgnoring = false;

/**
 * Deno 2.7 rejects a promise that nobody holds when `node:net`, under Socket.IO
 * and `ws`, writes to a connection whose other end has just gone. Whoever has
 * the connection hears that it is closed; the promise says nothing more. It may
 * be rejected when its service has ended, so this stays for good.
 */
export function ignoreGonePeers(): void {
  if (isIgnoring) return;
  isIgnoring = true;
  addEventListener("unhandledrejection", (event) => {
    const { reason } = event;
    if (
      reason instanceof Deno.errors.BrokenPipe ||
      reason instanceof Deno.errors.ConnectionReset
    ) event.preventDefault();
  });
}
