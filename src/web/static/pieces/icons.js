// @ts-check
/**
 * The icons, drawn here on a 20×20 grid so that nothing comes from elsewhere.
 *
 * @module
 */

const PATHS = {
  play: "M6 3.5v13l10.5-6.5z",
  stop: "M4.5 4.5h11v11h-11z",
  pause: "M5 4h3.5v12H5zm6.5 0H15v12h-3.5z",
  good:
    "M10 1.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zm-1.4 12.6L4.7 10.2l1.3-1.3 2.6 2.6 5.4-5.4 1.3 1.3z",
  warn: "M10 2 1 17.5h18zm-.9 5.5h1.8v5H9.1zm0 6.2h1.8v1.8H9.1z",
  bad:
    "M6.5 1.5h7l5 5v7l-5 5h-7l-5-5v-7zm-.3 6 2.5 2.5-2.5 2.5 1.3 1.3 2.5-2.5 2.5 2.5 1.3-1.3-2.5-2.5 2.5-2.5-1.3-1.3-2.5 2.5-2.5-2.5z",
  waiting:
    "M10 1.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zm0 1.8a6.7 6.7 0 1 1 0 13.4 6.7 6.7 0 0 1 0-13.4zM9.1 5.5v5l3.9 2.3.9-1.5-3-1.8v-4z",
  help:
    "M10 1.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zm0 1.8a6.7 6.7 0 1 1 0 13.4 6.7 6.7 0 0 1 0-13.4zm-.9 9.4h1.8v1.8H9.1zM10 5.3c-1.8 0-3.1 1.2-3.1 2.9h1.7c0-.8.6-1.3 1.4-1.3s1.4.5 1.4 1.2c0 1.3-2.3 1.5-2.3 3.7h1.7c0-1.5 2.4-1.9 2.4-3.8 0-1.6-1.3-2.7-3.2-2.7z",
  source:
    "M2 4h16v12H2zm1.5 1.5v1.6h1.6V5.5zm0 3.7v1.6h1.6V9.2zm0 3.7v1.6h1.6v-1.6zm11.4-7.4v1.6h1.6V5.5zm0 3.7v1.6h1.6V9.2zm0 3.7v1.6h1.6v-1.6zM6.7 5.5v9h6.6v-9z",
  close:
    "m5.3 4 4.7 4.7L14.7 4 16 5.3 11.3 10l4.7 4.7-1.3 1.3-4.7-4.7L5.3 16 4 14.7 8.7 10 4 5.3z",
  copy:
    "M6.5 2H17v11h-3v-1.6h1.4V3.6H8.1V5H6.5zM3 7h10.5v11H3zm1.6 1.6v7.8h7.3V8.6z",
  back: "M15 4v12L6 10zM4 4h1.8v12H4z",
  on: "M5 4v12l9-6zM14.2 4H16v12h-1.8z",
  up: "M10 5.5 17 14H3z",
  fullscreen:
    "M3 3h5.5v1.8H4.8v3.7H3zm8.5 0H17v5.5h-1.8V4.8h-3.7zM3 11.5h1.8v3.7h3.7V17H3zm12.2 0H17V17h-5.5v-1.8h3.7z",
  camera:
    "M7 3.5h6l1.3 2H18v11H2v-11h3.7zm3 3.8a3.7 3.7 0 1 0 0 7.4 3.7 3.7 0 0 0 0-7.4zm0 1.7a2 2 0 1 1 0 4 2 2 0 0 1 0-4z",
};

/** Arrows are wider than high: 40×16. */
const ARROWS = {
  arrow: "M0 7h30V2.5L40 8l-10 5.5V9H0z",
  dashed: "M0 7h6v2H0zm9 0h6v2H9zm9 0h6v2h-6zm9 0h3V2.5L40 8l-10 5.5V9h-3z",
};

/** @typedef {keyof typeof PATHS | keyof typeof ARROWS} IconName */

/**
 * An icon in the colour of the text around it. It says nothing to a screen
 * reader: the text beside it, or the button's label, must.
 *
 * @param {IconName} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(path);
  setIcon(svg, name);
  return svg;
}

/**
 * Turns an icon into another one.
 *
 * @param {SVGSVGElement} svg
 * @param {IconName} name
 */
export function setIcon(svg, name) {
  if (svg.dataset.icon === name) return;
  svg.dataset.icon = name;
  const arrow = name === "arrow" || name === "dashed";
  svg.setAttribute("viewBox", arrow ? "0 0 40 16" : "0 0 20 20");
  const path = arrow ? ARROWS[name] : PATHS[name];
  svg.firstElementChild?.setAttribute("d", path);
  svg.firstElementChild?.setAttribute("fill-rule", "evenodd");
}
