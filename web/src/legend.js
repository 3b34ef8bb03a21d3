/** What the colours mean. */

import { html } from "./svg.js";
import { ranges } from "./scale.js";

/** @param {number[]} cuts where classes begin @param {number} least the smallest number above zero */
export function drawLegend(place, { words, title, cuts, least, provisional, withheld }) {
  const items = [entry("none", words.say(withheld ? "legend_withheld" : "legend_unknown")), entry(0, words.short(0))];
  if (least !== null) items.push(...ranges(cuts, least).map((range) => entry(range.shade, label(words, range))));
  if (provisional) items.push(entry("provisional", words.say("legend_provisional")));
  place.replaceChildren(html("p", { class: "map-legend-title" }, title), html("ul", { class: "map-legend-list" }, ...items));
}

function entry(shade, text) {
  return html("li", {}, html("span", { class: "map-swatch", "data-shade": shade }), text);
}

function label(words, { from, to }) {
  if (to === null) return words.say("legend_more", { from: words.short(from) });
  return words.say("legend_range", { from: words.short(from), to: words.short(to) });
}
