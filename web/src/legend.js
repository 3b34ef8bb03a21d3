/** What the colours mean. */

import { html } from "./svg.js";

/**
 * @param {Element} place
 * @param {{words: ReturnType<typeof import("./words.js").wordsOf>, title: string, limits: number[], provisional: boolean,
 *   withheld: boolean}} told `limits` is where classes begin
 */
export function drawLegend(place, { words, title, limits, provisional, withheld }) {
  const shades = [entry(0, words.number(0)), ...labels(limits, words.number).map((label, i) => entry(i + 1, label))];
  const others = [entry("none", words.say(withheld ? "legend_withheld" : "legend_unknown"))];
  if (provisional) others.push(entry("provisional", words.say("legend_provisional")));
  const lists = [list("shades", shades), list("others", others)];
  place.replaceChildren(html("p", { class: "map-legend-title" }, title), html("div", { class: "map-legend-keys" }, ...lists));
}

/** @returns {string[]} "<0.5", "0.5–1", …, "5+" */
export function labels(limits, written) {
  const within = limits.slice(1).map((to, i) => `${written(limits[i])}–${written(to)}`);
  return [`<${written(limits[0])}`, ...within, `${written(limits.at(-1))}+`];
}

function list(name, entries) {
  return html("ul", { class: `map-legend-list ${name}` }, ...entries);
}

function entry(shade, text) {
  return html("li", { "data-shade": shade }, html("span", { class: "map-swatch", "data-shade": shade }), text);
}
