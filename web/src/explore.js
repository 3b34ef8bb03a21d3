/** Moving over the map by pointer, touch and keyboard, and the tooltip of the current country. */

import { clamp } from "./tooltip_position.js";
import { html, set } from "./svg.js";
import { isArrow, nextIn } from "./neighbour.js";

/** A pointer on its way to the tooltip may leave the country for this long, in milliseconds. */
const GRACE = 200;
const GAP = 6;
const CLOSER = new Set(["+", "="]);

/**
 * @param {import("./chart.js").Chart} chart @param {(code: string) => string[]} tell a headline and further lines
 * @param {string} first the country that Tab reaches first @param {string} again says what a second tap does
 */
export function explore(chart, tell, first, again) {
  const tip = html("div", { class: "map-tip", hidden: "" });
  chart.frame.append(tip);
  const explorer = { chart, tell, tip, leaving: undefined, again, first, home: first, link: null, touched: null, byTouch: false };
  chart.svg.addEventListener("pointerover", (event) => event.pointerType !== "touch" && enter(explorer, codeAt(event)));
  chart.frame.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && leave(explorer));
  document.addEventListener("pointerdown", (event) => touch(explorer, event));
  chart.svg.addEventListener("click", (event) => tap(explorer, event));
  tip.addEventListener("pointerenter", () => clearTimeout(explorer.leaving));
  // On the SVG element itself, these would make it a stop of the Tab key.
  chart.frame.addEventListener("focusin", (event) => focus(explorer, codeAt(event)));
  chart.frame.addEventListener("focusout", () => hide(explorer));
  chart.frame.addEventListener("keydown", (event) => press(explorer, event));
  settle(explorer, first);
  return { refresh: () => refresh(explorer) };
}

function codeAt(event) {
  return event.target.closest?.(".map-country")?.dataset.code ?? null;
}

function enter(explorer, code) {
  explorer.byTouch = false;
  clearTimeout(explorer.leaving);
  if (code) show(explorer, code);
  else leave(explorer);
}

/** Notes which country was shown before a finger came, or null. A finger beside the map closes the tooltip. */
function touch(explorer, event) {
  const { chart, shown, tip } = explorer;
  const isTouch = event.pointerType === "touch";
  explorer.touched = isTouch ? { shown: tip.hidden ? null : shown } : null;
  if (isTouch && !chart.svg.contains(event.target)) hide(explorer);
}

/** A finger cannot rest on a country. So the first tap shows its number, and the second opens its page. */
function tap(explorer, event) {
  const code = codeAt(event);
  const { touched } = explorer;
  explorer.touched = null;
  if (!touched || (code && touched.shown === code)) return;
  event.preventDefault();
  explorer.byTouch = true;
  if (code) show(explorer, code);
  else hide(explorer);
}

function leave(explorer) {
  clearTimeout(explorer.leaving);
  explorer.leaving = setTimeout(() => back(explorer), GRACE);
}

/** If no pointer is over a country, the tooltip is about the country with the focus. */
function back(explorer) {
  const focused = /** @type {SVGElement | null | undefined} */ (document.activeElement?.closest?.(".map-country"));
  if (focused && explorer.chart.svg.contains(focused)) show(explorer, focused.dataset.code);
  else hide(explorer);
}

function focus(explorer, code) {
  if (!code) return;
  settle(explorer, code);
  // Under a pointer the map must stay where it is: otherwise the click would miss the country.
  if (explorer.link.matches(":focus-visible")) explorer.chart.reach(code);
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
  explorer.byTouch = false;
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
  if (explorer.byTouch && chart.byCode.get(code).link.hasAttribute("href")) lines.push(explorer.again);
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
