/** The live strip: the last hour in small bars, the total of the last 24 hours, and who was lit last. */

import { html, part, set, svg } from "./svg.js";

const WIDTH = 4;
const HEIGHT = 48;
const NAMED = 5;

/** @param {{period: string, value: number | null}[]} hour minutes, oldest first */
export function drawHour(place, hour, words) {
  const most = Math.max(1, ...hour.map(({ value }) => value ?? 0));
  const bars = hour.map(({ value }, i) => bar(i, value, most));
  const picture = svg("svg", { class: "live-svg", viewBox: `0 0 ${hour.length * WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" });
  set(picture, { role: "img", "aria-label": told(hour, words) });
  picture.append(...bars);
  const ends = [hour[0], hour[hour.length - 1]].filter(Boolean);
  const axis = ends.map(({ period }) => html("span", {}, words.minute(`${period}Z`)));
  place.replaceChildren(picture, html("div", { class: "live-axis", "aria-hidden": "true" }, ...axis));
}

/** @param {number | null} total of the last 24 hours */
export function drawTotal(place, total, { words, choice }) {
  if (total === null) {
    place.replaceChildren(words.say("live_total_unknown"));
    return;
  }
  const count = words.count(`counts.${choice.indicator}`, total);
  place.replaceChildren(...emphasised(words.say("live_total", { count }), words.number(total)));
}

/** Whoever cannot see the map light up, or wants it still, reads it here. */
export function drawLatest(place, codes, words) {
  const names = codes.map(words.country).sort((a, b) => a.localeCompare(b));
  const shown = names.slice(0, NAMED);
  const text = names.length > NAMED ? words.say("live_latest_more", { countries: shown.join(", "), more: words.number(names.length - NAMED) }) : words.say("live_latest", { countries: shown.join(", ") });
  place.replaceChildren(html("span", { class: "live-dot", "aria-hidden": "true" }), text);
}

/** Names of the countries that a row of the table or a box stands for get a dot. */
export function dotNames(codes) {
  for (const code of codes) {
    for (const element of document.querySelectorAll(`[data-country="${CSS.escape(code)}"]`)) {
      element.classList.add("just-now");
      setTimeout(() => element.classList.remove("just-now"), 1_500);
    }
  }
}

export function liveParts(root) {
  return {
    total: part(root, "live-total", "p"),
    hour: part(root, "live-hour"),
    latest: part(root, "live-latest", "p"),
  };
}

function bar(index, value, most) {
  const known = value !== null;
  const height = known ? Math.max(value > 0 ? 2 : 0.75, (value / most) * HEIGHT) : HEIGHT;
  const name = known ? "live-bar" : "live-gap";
  return svg("rect", { class: name, x: index * WIDTH + 0.5, y: HEIGHT - height, width: WIDTH - 1, height });
}

function told(hour, words) {
  const known = hour.filter(({ value }) => value !== null);
  if (!known.length) return words.say("live_hour_unknown");
  const peak = known.reduce((a, b) => (b.value > a.value ? b : a));
  const [first, last] = [hour[0], hour[hour.length - 1]].map(({ period }) => words.minute(`${period}Z`));
  return words.say("live_hour", { first, last, most: words.number(peak.value), when: words.minute(`${peak.period}Z`) });
}

/** The number of a sentence stands out in it. */
function emphasised(text, number) {
  const at = text.indexOf(number);
  if (at < 0) return [text];
  return [text.slice(0, at), html("strong", { class: "live-number" }, number), text.slice(at + number.length)];
}
