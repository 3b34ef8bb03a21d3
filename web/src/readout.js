/** Reading a chart one period at a time, in the words of the table below it. */

import { placeBox } from "./tooltip_position.js";
import { html, set, svg } from "./svg.js";
import { stepWithKey } from "./arrow_keys.js";

/**
 * What a reader looks at: a period, and the point in the window beside which its words stand. Without a point, they
 * stand beside the period.
 * @typedef {{at: number, point: {x: number, y: number} | null, above: boolean}} Place
 */

/** @param {Element} plot @param {HTMLTableElement} table its rows are the periods, the newest first */
export function addReadout(plot, table) {
  const rows = [...table.tBodies[0].rows].reverse().map(rowReader(table));
  const band = svg("rect", { y: "0", height: "100%" });
  const cursor = html("div", { class: "cursor", role: "slider", tabindex: "0", "aria-labelledby": "trend" }, svg("svg", { "aria-hidden": "true" }, band));
  const readout = html("p", { class: "readout", role: "status" });
  set(cursor, { "aria-valuemin": 1, "aria-valuemax": rows.length });
  plot.append(cursor, readout);
  let shown = -1;
  const show = (/** @type {Place} */ place) => {
    if (place.at !== shown) tell(place.at);
    placeReadout(readout, cursor, rows.length, place);
  };
  // A pointer moves often within one period, and a screen reader should say it once.
  const tell = (at) => {
    shown = at;
    set(band, { x: `${(100 * at) / rows.length}%`, width: `${100 / rows.length}%` });
    set(cursor, { "aria-valuenow": at + 1, "aria-valuetext": rows[at].period });
    readout.replaceChildren(html("strong", {}, rows[at].period), ...rows[at].parts.map((part) => html("span", {}, part)));
  };
  tell(rows.length - 1);
  listen(cursor, rows.length, { show, open: (open) => plot.classList.toggle("read", open), at: () => shown });
}

/** The table's words for a row: its period, and each number with the name of its column. */
function rowReader(table) {
  const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  return (row) => {
    const [period, ...cells] = [...row.cells].map((cell) => cell.textContent.replace(/\s+/g, " ").trim());
    const last = cells.length - 1;
    return { period, parts: cells.map((cell, at) => (at === last ? cell : `${heads[at + 1]}: ${cell}`)) };
  };
}

function listen(cursor, count, reader) {
  /** @type {Place} */
  let place = { at: count - 1, point: null, above: false };
  let open = false;
  const turn = (next) => {
    open = next;
    reader.open(open);
  };
  const look = (next) => {
    place = next;
    turn(true);
    reader.show(place);
  };
  // After a scroll the pointer is over something else.
  const stay = () => open && reader.show({ ...place, point: null });
  const atPeriod = (at) => look({ at, point: null, above: false });
  const close = () => turn(false);
  cursor.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = stepWithKey(event.key, reader.at(), count);
    if (event.key === "Escape") close();
    else if (next === null) return;
    else atPeriod(next);
    event.preventDefault();
  });
  for (const kind of ["pointermove", "pointerdown"]) {
    cursor.addEventListener(kind, (event) => look(under(cursor, event, count)));
  }
  // A click gives the focus too, and then the words stay at the pointer.
  cursor.addEventListener("focus", () => cursor.matches(":focus-visible") && atPeriod(reader.at()));
  cursor.addEventListener("blur", close);
  // A finger leaves at once, and its words stay until it touches something else.
  cursor.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && !cursor.matches(":focus") && close());
  document.addEventListener("pointerdown", (event) => event.target instanceof Node && !cursor.contains(event.target) && close());
  for (const kind of ["scroll", "resize"]) window.addEventListener(kind, stay, { passive: true });
}

/** @returns {Place} the period under a pointer */
function under(cursor, { clientX, clientY, pointerType }, count) {
  const { left, width } = cursor.getBoundingClientRect();
  const at = Math.max(0, Math.min(count - 1, Math.floor((count * (clientX - left)) / width)));
  return { at, point: { x: clientX, y: clientY }, above: pointerType === "touch" };
}

/** Puts the words beside the pointer or the period, whole in the window. */
function placeReadout(readout, cursor, count, { at, point, above }) {
  const field = cursor.getBoundingClientRect();
  const box = readout.getBoundingClientRect();
  const origin = cursor.parentElement.getBoundingClientRect();
  const { clientWidth: width, clientHeight: height } = document.documentElement;
  const beside = point ?? { x: field.left + (field.width * (at + 0.5)) / count, y: field.top };
  const { x, y } = placeBox(beside, box, { width, height }, above);
  readout.style.transform = `translate(${Math.round(x - origin.left)}px, ${Math.round(y - origin.top)}px)`;
}
