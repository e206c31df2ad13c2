// @ts-check
/**
 * Confirm: asks before something that cannot be taken back.
 *
 * @module
 */

import { showDialog } from "./dialog.js";
import { element } from "./dom.js";

/**
 * @param {object} options
 * @param {string} options.question
 * @param {string} options.consequence what will happen
 * @param {string} options.action label of the button that does it
 * @returns {Promise<boolean>}
 */
export async function confirmAction({ question, consequence, action }) {
  const answer = await showDialog({
    title: question,
    content: [element("p", { class: "second" }, consequence)],
    buttons: [{ label: "Cancel", value: "" }, { label: action, value: "yes" }],
  });
  return answer === "yes";
}
