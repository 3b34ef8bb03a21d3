/** A slider with two handles over the fields of a range of time: each handle is an input, so touch and screen readers work. */

import { html, set, svg } from "./svg.js";
import { DAY, daysBetween, isoDay, nextDay } from "./slider_steps.js";
import { dayWriter } from "./words.js";

/** The form is sent this many milliseconds after the last movement, because people press an arrow key several times. */
const SETTLED = 700;

const writeDay = dayWriter(document.documentElement.lang);

/**
 * @param {HTMLFormElement} form its fields `start` and `end` are days; `data-first` and `data-last` are the ends of the
 * slider, and `data-step` is the frequency of the chart. When a handle rests, the form is sent.
 */
export function addSlider(form) {
  const { first, last } = form.dataset;
  if (!first || !last || first >= last) return;
  const fields = ["start", "end"].map((name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name)));
  const longest = daysBetween(first, last);
  const handles = fields.map((field) => handle(field, daysBetween(first, field.value || last), longest));
  const band = svg("rect", { height: "100%" });
  const show = () => {
    const [from, to] = handles.map(({ value }) => Number(value));
    set(band, { x: `${(100 * from) / longest}%`, width: `${(100 * (to - from)) / longest}%` });
    // If both are at the right end, only the left one can still be moved.
    handles[0].classList.toggle("above", from > longest / 2);
    for (const input of handles) set(input, { "aria-valuetext": dayText(first, input.value) });
  };
  for (const [at, input] of handles.entries()) {
    input.addEventListener("keydown", (event) => {
      const place = { first, days: Number(input.value), longest, step: form.dataset.step };
      const next = event.ctrlKey || event.altKey || event.metaKey ? null : nextDay(event.key, place);
      if (next === null) return;
      event.preventDefault();
      input.value = String(next);
      for (const name of ["input", "change"]) input.dispatchEvent(new Event(name));
    });
    input.addEventListener("input", () => {
      const other = Number(handles[1 - at].value);
      input.value = at ? Math.max(input.value, other) : Math.min(input.value, other);
      fields[at].value = isoDay(first, input.value);
      show();
    });
  }
  show();
  form.prepend(html("div", { class: "slider" }, svg("svg", { "aria-hidden": "true" }, band), ...handles));
  send(form, handles, longest);
}

function handle(field, value, longest) {
  const id = `slide-${field.name}`;
  const input = html("input", { type: "range", id, min: 0, max: longest, "aria-label": field.labels[0].textContent });
  input.value = value;
  return input;
}

function send(form, handles, longest) {
  let timer;
  for (const input of handles) {
    input.addEventListener("change", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        // The page that comes gives the focus back to this handle, at the same place of the window.
        const top = Math.round(form.getBoundingClientRect().top);
        form.action = `${form.getAttribute("action").split("#")[0]}#${input.id}=${top}`;
        form.requestSubmit();
      }, SETTLED);
    });
    const [id, top] = location.hash.slice(1).split("=");
    if (id === input.id) restore(form, input, Number(top));
  }
  // If the last day is chosen, the address has no end. So the same address shows newer days later.
  form.addEventListener("formdata", ({ formData }) => {
    if (Number(handles[1].value) === longest) formData.delete("end");
  });
}

/** Focuses the handle that was moved, and keeps the slider, with the chart above it, where the reader saw it. */
function restore(form, input, top) {
  input.focus({ preventScroll: true });
  if (top > 0 && top < innerHeight) scrollBy({ top: form.getBoundingClientRect().top - top, behavior: "instant" });
  else document.querySelector("#trend")?.scrollIntoView({ behavior: "instant" });
}

/** @returns {string} the day in the language of the page */
function dayText(first, days) {
  return writeDay(Date.parse(first) + days * DAY);
}
