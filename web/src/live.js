/** The live strip: the last hour in small bars, the total of the last 24 hours, and the countries that lit up last. */

import { html, part, svg } from "./svg.js";

const WIDTH = 1000;
const HEIGHT = 220;
const UNKNOWN = 6;
const NAMED = 5;

/** @param {{period: string, value: number | null}[]} hour minutes, oldest first; drawn as the server draws them */
export function drawHour(place, hour, words) {
  if (!hour.length) {
    place.replaceChildren(html("p", { class: "note" }, words.say("live_hour_unknown")));
    return;
  }
  const top = roundTop(Math.max(0, ...hour.map(({ value }) => value ?? 0)));
  const step = Math.floor(WIDTH / hour.length);
  const bars = hour.map(({ value }, i) => bar(value, { x: i * step, width: Math.max(1, step - 2), top }));
  const shape = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-labelledby": "minutes" };
  const caption = html("figcaption", { id: "minutes" }, words.say("live_hour", captionValues(hour, top, words)));
  const figure = html("figure", { class: "minutes" }, svg("svg", shape, ...bars), caption);
  place.replaceChildren(figure);
}

/** The values for the sentence about the hour. */
function captionValues(hour, top, words) {
  const clock = ({ period }) => words.minute(`${period}Z`);
  const most = hour.reduce((a, b) => ((b.value ?? -1) > (a.value ?? -1) ? b : a));
  const [start, end] = [clock(hour[0]), clock(hour[hour.length - 1])];
  return { start, end, top: words.number(top), most: words.number(most.value ?? 0), when: clock(most) };
}

/** @returns {number} the lowest of 10, 20, 50, 100, 200 … that is at least the value */
export function roundTop(value) {
  let top = 10;
  while (top < value) top *= String(top)[0] === "2" ? 2.5 : 2;
  return top;
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

/** For readers who cannot see the map light up, or have asked for less motion. */
export function drawLatest(place, codes, words) {
  const names = codes.map(words.country).sort((a, b) => a.localeCompare(b, document.documentElement.lang));
  const shown = names.slice(0, NAMED);
  const text = names.length > NAMED ? words.say("live_latest_more", { countries: shown.join(", "), more: words.number(names.length - NAMED) }) : words.say("live_latest", { countries: shown.join(", ") });
  place.replaceChildren(html("span", { class: "live-dot", "aria-hidden": "true" }), text);
}

/** Puts a dot beside the names of countries, in rows of the table and in boxes. */
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

function bar(value, { x, width, top }) {
  if (value === null) return svg("rect", { class: "none", x, y: HEIGHT - UNKNOWN, width, height: UNKNOWN });
  const height = Math.round((HEIGHT * value) / top);
  return svg("rect", { class: "bar", x, y: HEIGHT - height, width, height });
}

/** A sentence whose number is emphasised. */
function emphasised(text, number) {
  const at = text.indexOf(number);
  if (at < 0) return [text];
  return [text.slice(0, at), html("strong", { class: "live-number" }, number), text.slice(at + number.length)];
}
