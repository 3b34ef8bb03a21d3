/** The map as a picture that needs no page: what is drawn now, its legend, and the words of the page about it. */

import { EDGE, ROOM, Sheet } from "./sheet.js";
import { html, set, svg } from "./svg.js";

/** What a file must say itself, because it has no style sheet. */
const LOOKS = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "vector-effect"];

/** The hatching of the legend. That of the map has the map's scale. */
const HATCH = "legend-hatch";

/** @returns {string} an SVG file, in the light scheme: paper is white */
export function mapPicture() {
  const map = document.querySelector(".map");
  if (!map) throw new Error("This page has no map.");
  const paper = html("div");
  paper.style.colorScheme = "light";
  // A style is computed only for what is in the page, and the rules of the map are in force only within the map.
  map.append(paper);
  try {
    return new XMLSerializer().serializeToString(writeSheet(map, paper));
  } finally {
    paper.remove();
  }
}

function writeSheet(map, paper) {
  const lines = linesOf(document.querySelectorAll("[data-line]"));
  const sheet = new Sheet();
  if (lines.invented.length) sheet.banner(lines.invented.join(" "));
  sheet.write(map.querySelector(".map-legend-title")?.textContent ?? "", 26, { heavy: true });
  for (const line of lines.period) sheet.write(line, 17, { quiet: true });
  const { drawing, hatching, height } = copyMap(map, paper);
  sheet.put(drawing, height, hatching);
  sheet.legend([...map.querySelectorAll(".map-legend-list li")].map((item) => entryOf(item, paper)));
  const unlocated = map.querySelector(".map-unlocated")?.textContent ?? "";
  for (const line of [unlocated, ...lines.note]) sheet.write(line, 14, { quiet: true });
  return sheet.finish(document.documentElement.lang);
}

/** The words that the page has for pictures, by their kind. */
function linesOf(elements) {
  const lines = { invented: [], period: [], note: [] };
  for (const { dataset, textContent } of elements) lines[dataset.line].push(textContent.replace(/\s+/g, " ").trim());
  return lines;
}

/** The countries as they are drawn now, at the place and the zoom of the reader. */
function copyMap(map, paper) {
  const seen = map.querySelector(".map-svg");
  const [, , wide, high] = seen.getAttribute("viewBox").split(" ").map(Number);
  const ground = svg("g", { transform: seen.querySelector(":scope > g").getAttribute("transform") });
  for (const country of seen.querySelectorAll(".map-country:not(.map-hidden)")) ground.append(countryOf(country));
  const drawing = svg("svg", { class: seen.getAttribute("class") }, seen.querySelector("defs").cloneNode(true), ground);
  const water = html("div", { class: "map-frame" });
  paper.append(drawing, water);
  for (const part of drawing.querySelectorAll("path, circle, rect")) inline(part);
  drawing.prepend(svg("rect", { width: wide, height: high, fill: getComputedStyle(water).backgroundColor }));
  const height = Math.round((ROOM * high) / wide);
  set(drawing, { class: null, x: EDGE, width: ROOM, height, viewBox: `0 0 ${wide} ${high}`, overflow: "hidden" });
  const hatching = set(drawing.querySelector("pattern").cloneNode(true), { id: HATCH, patternTransform: null });
  return { drawing, hatching, height };
}

/** A country without its link and without the light of a new number. */
function countryOf(country) {
  const copy = svg("g", { class: "map-country", "data-shade": country.getAttribute("data-shade") });
  for (const part of country.querySelectorAll(".map-shape, .map-dot")) copy.append(part.cloneNode());
  return copy;
}

function inline(part) {
  const style = getComputedStyle(part);
  const looks = LOOKS.map((name) => [name, style.getPropertyValue(name)]);
  set(part, Object.fromEntries(looks.filter(([, value]) => value)));
}

/** @returns {import("./sheet.js").Entry} */
function entryOf(item, paper) {
  const swatch = item.querySelector(".map-swatch").cloneNode();
  paper.append(swatch);
  const { backgroundColor, borderTopColor, borderTopStyle } = getComputedStyle(swatch);
  const fill = swatch.dataset.shade === "none" ? `url(#${HATCH})` : backgroundColor;
  return { text: item.textContent.trim(), fill, stroke: borderTopColor, dashed: borderTopStyle === "dotted" };
}
