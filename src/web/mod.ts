/**
 * Pages, their scripts and styles, as responses.
 *
 * @module
 */

export { type PageName, serveAsset, servePage } from "./assets.ts";
export { serveModule } from "./modules.ts";
