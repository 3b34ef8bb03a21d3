/** Reading a chart one period at a time, in the words of the table below it. */

import { html, set, svg } from "./svg.js";
import { stepped } from "./stepped.js";

/** @param {Element} plot @param {HTMLTableElement} table its rows are the periods, the newest first */
export function readable(plot, table) {
  const rows = [...table.tBodies[0].rows].reverse().map(told(table));
  const band = svg("rect", { y: "0", height: "100%" });
  const cursor = html("div", { class: "cursor", role: "slider", tabindex: "0", "aria-labelledby": "trend" }, svg("svg", { "aria-hidden": "true" }, band));
  const readout = html("p", { class: "readout", role: "status" });
  set(cursor, { "aria-valuemin": 1, "aria-valuemax": rows.length });
  plot.append(cursor);
  plot.after(readout);
  const show = (at) => {
    set(band, { x: `${(100 * at) / rows.length}%`, width: `${100 / rows.length}%` });
    set(cursor, { "aria-valuenow": at + 1, "aria-valuetext": rows[at].period });
    readout.replaceChildren(html("strong", {}, rows[at].period), ...rows[at].parts.map((part) => html("span", {}, part)));
  };
  listen(cursor, rows.length, show);
}

/** The table's words for a row: its period, and each number with the name of its column. */
function told(table) {
  const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  return (row) => {
    const [period, ...cells] = [...row.cells].map((cell) => cell.textContent.replace(/\s+/g, " ").trim());
    const last = cells.length - 1;
    return { period, parts: cells.map((cell, at) => (at === last ? cell : `${heads[at + 1]}: ${cell}`)) };
  };
}

function listen(cursor, count, show) {
  let at;
  const go = (next) => {
    // A pointer moves often within one period, and a screen reader should say it once.
    if (next === at) return;
    at = next;
    show(at);
  };
  go(count - 1);
  cursor.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = stepped(event.key, at, count);
    if (next === null) return;
    event.preventDefault();
    go(next);
  });
  for (const kind of ["pointermove", "pointerdown"]) {
    cursor.addEventListener(kind, (event) => go(under(cursor, event, count)));
  }
}

/** @returns the period under a pointer */
function under(cursor, { clientX }, count) {
  const { left, width } = cursor.getBoundingClientRect();
  return Math.max(0, Math.min(count - 1, Math.floor((count * (clientX - left)) / width)));
}
