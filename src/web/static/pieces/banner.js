// @ts-check
/**
 * State banner: what is wrong, and what to do about it.
 *
 * @module
 */

import { element, setAttribute, setText } from "./dom.js";
import { icon, setIcon } from "./icons.js";

/**
 * @typedef {object} Trouble
 * @property {"warn" | "bad"} tone
 * @property {string} what
 * @property {string} remedy
 */

/** A banner that is there only while something is wrong; screen readers hear it come. */
export function createBanner() {
  const sign = icon("warn");
  const what = element("p", { class: "banner-what" });
  const remedy = element("p", { class: "banner-remedy" });
  const box = element(
    "div",
    { class: "banner", hidden: true },
    sign,
    what,
    remedy,
  );
  const banner = element("div", { role: "alert" }, box);
  return {
    element: banner,
    /** @param {Trouble | undefined} trouble */
    update(trouble) {
      box.hidden = trouble === undefined;
      banner.hidden = trouble === undefined;
      if (trouble === undefined) return;
      setAttribute(box, "data-tone", trouble.tone);
      setIcon(sign, trouble.tone);
      setText(what, trouble.what);
      setText(remedy, trouble.remedy);
    },
  };
}
