/** Going about the map by pointer, touch and keyboard, and what is told of the country where one is. */

import { html, set } from "./svg.js";
import { isArrow, nextIn } from "./steps.js";

/** A pointer on its way to the tooltip may leave the country for so long. */
const GRACE = 200;
const CLOSER = new Set(["+", "="]);

/** @param {import("./chart.js").Chart} chart @param {(code: string) => string[]} tell a headline and further lines */
export function explore(chart, tell, first) {
  const tip = html("div", { class: "map-tip", hidden: "" });
  chart.frame.append(tip);
  const explorer = { chart, tell, tip, leaving: undefined, home: null };
  chart.svg.addEventListener("pointerover", (event) => enter(explorer, codeAt(event)));
  chart.frame.addEventListener("pointerleave", () => leave(explorer));
  tip.addEventListener("pointerenter", () => clearTimeout(explorer.leaving));
  chart.svg.addEventListener("focusin", (event) => focus(explorer, codeAt(event)));
  chart.svg.addEventListener("focusout", () => hide(explorer));
  chart.frame.addEventListener("keydown", (event) => press(explorer, event));
  settle(explorer, first);
  return { refresh: () => refresh(explorer) };
}

function codeAt(event) {
  return event.target.closest?.(".map-country")?.dataset.code ?? null;
}

function enter(explorer, code) {
  clearTimeout(explorer.leaving);
  if (code) show(explorer, code);
  else leave(explorer);
}

function leave(explorer) {
  clearTimeout(explorer.leaving);
  explorer.leaving = setTimeout(() => back(explorer), GRACE);
}

/** Without a pointer over a country, the one with the focus is told of. */
function back(explorer) {
  const focused = document.activeElement?.closest?.(".map-country");
  if (focused && explorer.chart.svg.contains(focused)) show(explorer, focused.dataset.code);
  else hide(explorer);
}

function focus(explorer, code) {
  if (!code) return;
  settle(explorer, code);
  explorer.chart.reach(code);
  show(explorer, code);
}

/** One country at a time can be reached with Tab; the arrow keys go on from it. */
function settle(explorer, code) {
  const { byCode } = explorer.chart;
  const [before, after] = [byCode.get(explorer.home), byCode.get(code)];
  if (before) set(before.link, { tabindex: -1 });
  if (after) set(after.link, { tabindex: 0 });
  explorer.home = code;
}

function press(explorer, event) {
  const { chart } = explorer;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") hide(explorer);
  else if (CLOSER.has(event.key)) chart.closer(codeAt(event));
  else if (event.key === "-") chart.farther();
  else if (event.key === "0") chart.show("europe");
  else if (isArrow(event.key) && codeAt(event)) step(explorer, event.key, codeAt(event));
  else return;
  event.preventDefault();
}

function step({ chart }, key, code) {
  const places = chart.places();
  const next = places.has(code) ? nextIn(key, places.get(code), places) : "NO";
  if (next) chart.byCode.get(next).link.focus({ preventScroll: true });
}

function show(explorer, code) {
  const { chart, tip } = explorer;
  explorer.shown = code;
  const [headline, ...lines] = explorer.tell(code);
  tip.replaceChildren(html("strong", {}, headline), ...lines.map((line) => html("span", {}, line)));
  tip.hidden = false;
  chart.mark(code);
  beside(chart, tip, chart.places().get(code));
}

function hide({ chart, tip, ...explorer }) {
  clearTimeout(explorer.leaving);
  tip.hidden = true;
  chart.mark(null);
}

/** After a change of view or numbers, what is shown must be true and in its place. */
function refresh(explorer) {
  const { chart, tip, home } = explorer;
  if (chart.byCode.get(home)?.hidden) settle(explorer, [...chart.places().keys()][0]);
  if (tip.hidden) return;
  if (chart.places().has(explorer.shown)) show(explorer, explorer.shown);
  else hide(explorer);
}

function beside(chart, tip, place) {
  if (!place) return;
  const [width, height] = chart.size;
  const x = clamp(place[0] - tip.offsetWidth / 2, 4, width - tip.offsetWidth - 4);
  const above = place[1] - tip.offsetHeight - 14;
  const y = above >= 4 ? above : clamp(place[1] + 14, 4, height - tip.offsetHeight - 4);
  tip.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
}

function clamp(value, low, high) {
  return Math.max(low, Math.min(high, value));
}
