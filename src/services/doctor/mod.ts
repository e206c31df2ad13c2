/**
 * `doctor`: what this machine offers, and what to do about what it does not.
 *
 * @module
 */

export { examine } from "./examine.ts";
export type { Check, CheckStatus, DoctorOptions } from "./check.ts";
