/** Moving over the map by pointer, touch and keyboard, and the tooltip of the current country. */

import { html, set } from "./svg.js";
import { isArrow, nextIn } from "./steps.js";

/** A pointer on its way to the tooltip may leave the country for this long, in milliseconds. */
const GRACE = 200;
const GAP = 6;
const CLOSER = new Set(["+", "="]);

/** @param {import("./chart.js").Chart} chart @param {(code: string) => string[]} tell a headline and further lines */
export function explore(chart, tell, first) {
  const tip = html("div", { class: "map-tip", hidden: "" });
  chart.frame.append(tip);
  const explorer = { chart, tell, tip, leaving: undefined, first, home: first, link: null };
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

/** If no pointer is over a country, the tooltip is about the country with the focus. */
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

/** Tab reaches one country; from there, the arrow keys lead to the others. */
function settle(explorer, code) {
  const { link } = explorer.chart.byCode.get(code);
  if (explorer.link) set(explorer.link, { tabindex: -1 });
  set(link, { tabindex: 0 });
  Object.assign(explorer, { home: code, link });
}

function press(explorer, event) {
  const { chart } = explorer;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") hide(explorer);
  else if (CLOSER.has(event.key)) chart.closer(codeAt(event));
  else if (event.key === "-") chart.farther(codeAt(event));
  else if (event.key === "0") chart.show("europe");
  else if (isArrow(event.key) && codeAt(event)) step(explorer, event.key, codeAt(event));
  else return;
  event.preventDefault();
}

function step({ chart, first }, key, code) {
  const places = chart.places();
  const next = places.has(code) ? nextIn(key, places.get(code), places) : first;
  if (next) chart.byCode.get(next).link.focus({ preventScroll: true });
}

function show(explorer, code) {
  const { chart, tip } = explorer;
  explorer.shown = code;
  const [headline, ...lines] = explorer.tell(code);
  tip.replaceChildren(html("strong", {}, headline), ...lines.map((line) => html("span", {}, line)));
  tip.hidden = false;
  chart.mark(code);
  beside(chart, tip, chart.beside(code));
}

function hide({ chart, tip, ...explorer }) {
  clearTimeout(explorer.leaving);
  tip.hidden = true;
  chart.mark(null);
}

/** Corrects the text and the place of the tooltip after a change of view or numbers. */
function refresh(explorer) {
  const { chart, tip, home, first } = explorer;
  const { link, hidden = true } = chart.byCode.get(home) ?? {};
  // Another view has other links.
  if (hidden || link !== explorer.link) settle(explorer, hidden ? first : home);
  if (tip.hidden) return;
  if (chart.places().has(explorer.shown)) show(explorer, explorer.shown);
  else hide(explorer);
}

/** Places the tooltip above or below the country, so that it does not hide the country, if there is room. */
function beside({ size: [width, height] }, tip, { x: middle, top, bottom }) {
  const x = clamp(middle - tip.offsetWidth / 2, GAP, width - tip.offsetWidth - GAP);
  const above = top - tip.offsetHeight - GAP;
  const y = above >= GAP ? above : clamp(bottom + GAP, GAP, height - tip.offsetHeight - GAP);
  tip.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
}

function clamp(value, low, high) {
  return Math.max(low, Math.min(high, value));
}
