// @ts-check
/**
 * Says changes of state aloud: one polite live region a page.
 *
 * @module
 */

import { element, setText } from "./dom.js";

/**
 * @returns {(message: string) => void} announces a message that differs from the last one.
 */
export function createLiveRegion() {
  const region = element("div", {
    role: "status",
    "aria-live": "polite",
    class: "visually-hidden",
  });
  document.body.append(region);
  return (message) => setText(region, message);
}
