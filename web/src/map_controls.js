/** The controls that the map adds to itself: what it shows at once, and whether it shows numbers per head. */

import { html } from "./svg.js";

/** The buttons over the map. @param {import("./chart.js").Chart} chart */
export function viewButtons(words, chart) {
  const button = (sign, key, press) => {
    const made = html("button", { type: "button", "aria-label": words.say(key), title: words.say(key) }, sign);
    made.addEventListener("click", press);
    return made;
  };
  const closer = button("+", "closer", () => chart.closer());
  const farther = button("−", "farther", () => chart.farther());
  const europe = button(words.say("europe"), "europe_view", () => chart.show("europe"));
  const world = button(words.say("world"), "world_view", () => chart.show("world"));
  return html("div", { class: "map-buttons" }, closer, farther, europe, world);
}

/** The choice between numbers per head and counts. @param {(per: string) => void} choose */
export function waysToCount(words, chosen, choose) {
  const radios = ["head", "count"].map((per) => {
    const radio = html("input", { type: "radio", name: "per", value: per });
    radio.checked = per === chosen;
    radio.addEventListener("change", () => choose(per));
    return html("label", {}, radio, words.say(`per_${per}`));
  });
  return html("fieldset", { class: "map-per" }, html("legend", {}, words.say("per")), ...radios);
}
