/** The live strip: the total of the last 24 hours, and the last hour in small bars. */

import { nextRound } from "./round_numbers.js";
import { html, svg } from "./svg.js";

const WIDTH = 1000;
const HEIGHT = 220;
const GAP = 2;

/**
 * @param {{period: string, value: number | null}[]} hour minutes, oldest first; drawn as the server draws them
 * @param {{reporting: number, expected: number}} agencies that report by the minute
 */
export function drawHour(place, hour, agencies, words) {
  if (!hour.length) {
    place.replaceChildren(html("p", { class: "note" }, words.say("live_hour_unknown")));
    return;
  }
  const top = roundTop(Math.max(0, ...hour.map(({ value }) => value ?? 0)));
  const step = Math.floor(WIDTH / hour.length);
  const bars = hour.flatMap(({ period, value }, i) => (value === null ? [] : bar(period, value, { x: i * step, step, top })));
  const width = hour.length * step - GAP;
  const shape = { viewBox: `0 0 ${width} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-labelledby": "minutes" };
  const said = [words.say("live_hour", captionValues(hour, top, words)), unknownSentence(hour, words), agenciesSentence(agencies, words)];
  const caption = html("figcaption", { id: "minutes" }, said.filter(Boolean).join(" "));
  const figure = html("figure", { class: "minutes" }, svg("svg", shape, ...bars), caption);
  place.replaceChildren(figure);
}

/** Marks the bar of the minute that the map replays. */
export function markMinute(place, period) {
  for (const marked of place.querySelectorAll(".replayed")) marked.classList.remove("replayed");
  place.querySelector(`[data-period="${CSS.escape(period)}"]`)?.classList.add("replayed");
}

function unknownSentence(hour, words) {
  const unknown = hour.filter(({ value }) => value === null).length;
  return unknown && words.plural("live_unknown", unknown, { unknown: words.number(unknown), all: words.number(hour.length) });
}

function agenciesSentence({ reporting, expected }, words) {
  return words.plural("live_agencies", expected, { reporting: words.number(reporting), expected: words.number(expected) });
}

/** The values for the sentence about the hour. */
function captionValues(hour, top, words) {
  const clock = ({ period }) => words.minute(`${period}Z`);
  const [start, end] = [clock(hour[0]), clock(hour[hour.length - 1])];
  return { start, end, top: words.number(top) };
}

/** @returns {number} the lowest of 10, 20, 50, 100, 200 … that is at least the value */
export function roundTop(value) {
  let top = 10;
  while (top < value) top = nextRound(top);
  return top;
}

/** @param {number | null} total of the last 24 hours */
export function drawTotal(place, total, { words, indicator }) {
  if (total === null) {
    place.replaceChildren(words.say("live_total_unknown"));
    return;
  }
  const count = words.count(indicator, total);
  place.replaceChildren(...emphasised(words.say("live_total", { count }), words.number(total)));
}

/** A known minute. The ground behind it hides the hatching, which is seen where no minute is known. */
function bar(period, value, { x, step, top }) {
  const height = Math.round((HEIGHT * value) / top);
  const shape = { "data-period": period, x, width: Math.max(1, step - GAP), y: HEIGHT - height, height };
  return [svg("rect", { class: "known", x, y: 0, width: step, height: HEIGHT }), svg("rect", { class: "bar", ...shape })];
}

/** A sentence whose number is emphasised. */
function emphasised(text, number) {
  const at = text.indexOf(number);
  if (at < 0) return [text];
  return [text.slice(0, at), html("strong", { class: "live-number" }, number), text.slice(at + number.length)];
}
