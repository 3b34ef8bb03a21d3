/** Adding countries to the chart: a reader types the beginning of a name, and Enter adds it and loads the chart again. */

import { findNames } from "./name_search.js";
import { html } from "./svg.js";
import { fill } from "./words.js";

/** Somebody who adds several countries types the next name at once. Milliseconds. */
const SETTLED = 500;

/** @param {HTMLFormElement} form a list of boxes to tick, which is enough without this script, and a field that is hidden */
export function addCountrySearch(form) {
  const field = /** @type {HTMLInputElement} */ (form.querySelector(".find input"));
  const boxes = /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("[type=checkbox]")]);
  const adder = {
    form,
    field,
    boxes,
    names: boxes.map((box) => box.parentElement?.textContent.trim() ?? ""),
    list: /** @type {HTMLDetailsElement} */ (form.querySelector("details")),
    chips: html("ul", { class: "chips" }),
    says: /** @type {HTMLElement} */ (form.querySelector("[role=status]")),
    hits: /** @type {number[]} */ ([]),
    timer: 0,
    /** What the status says while nothing is typed. */
    rest: "",
  };
  field.closest(".find")?.removeAttribute("hidden");
  adder.list.before(adder.chips);
  field.addEventListener("input", () => find(adder));
  field.addEventListener("keydown", (event) => press(adder, event));
  adder.list.addEventListener("change", (event) => tick(adder, event));
  adder.list.addEventListener("keydown", (event) => pressInList(adder, event));
  window.addEventListener("pageshow", () => start(adder));
  if (location.hash === `#${field.id}`) goOn(adder);
}

/** The browser restores ticks when a reader comes back to the page, whose chart does not show them. */
function start(adder) {
  for (const box of adder.boxes) box.checked = false;
  show(adder);
}

/** The chart has been drawn again because of this field: it says so, and the next name can be typed. */
function goOn(adder) {
  const { says, form, field } = adder;
  adder.rest = says.textContent = says.dataset.shown ?? "";
  form.scrollIntoView();
  field.focus({ preventScroll: true });
}

function find(adder) {
  const { boxes, names, field, list, timer } = adder;
  clearTimeout(timer);
  const typed = field.value.trim() !== "";
  adder.hits = findNames(names, field.value).filter((at) => !boxes[at].checked);
  boxes.forEach((box, at) => {
    const item = box.closest("li");
    if (!item) return;
    item.hidden = typed && !adder.hits.includes(at);
    item.classList.toggle("first", at === adder.hits[0]);
  });
  list.open = typed && adder.hits.length > 0;
  boxes[adder.hits[0]]?.closest("li")?.scrollIntoView({ block: "nearest" });
  say(adder, typed);
}

function say(adder, typed) {
  const { says, names, hits } = adder;
  const { first, none, full } = says.dataset;
  if (isFull(adder)) says.textContent = full;
  else if (!typed) says.textContent = adder.rest;
  else says.textContent = hits.length ? fill(first, { name: names[hits[0]] }) : none;
}

function press(adder, event) {
  const [first] = adder.hits;
  if (event.key === "Escape") leave(adder, event);
  else if (event.key === "ArrowDown" && first !== undefined) move(adder, event);
  else if (event.key === "Enter" && adder.field.value.trim()) {
    event.preventDefault();
    if (first !== undefined && !isFull(adder)) pick(adder, first);
  }
}

function pressInList(adder, event) {
  const at = adder.boxes.indexOf(event.target);
  if (event.key === "Escape") leave(adder, event);
  else if (event.key === "Enter" && at >= 0) {
    event.preventDefault();
    if (!isFull(adder)) pickFromList(adder, at);
  }
}

/** What is ticked in a list of names that were typed is picked. In the whole list, a reader ticks several, and sends the form. */
function tick(adder, { target }) {
  if (target.checked && adder.field.value.trim()) pickFromList(adder, adder.boxes.indexOf(target));
  else show(adder);
}

/** The list closes, so the focus goes back to the field. */
function pickFromList(adder, at) {
  pick(adder, at);
  adder.field.focus();
}

/** From the field into the list, where Tab and the space bar do as in every list of boxes. */
function move({ boxes, hits }, event) {
  event.preventDefault();
  boxes[Math.min(...hits)].focus();
}

function leave(adder, event) {
  event.preventDefault();
  clear(adder);
  adder.field.focus();
}

function clear(adder) {
  adder.field.value = "";
  find(adder);
}

function pick(adder, at) {
  adder.boxes[at].checked = true;
  clear(adder);
  show(adder);
  if (isFull(adder)) send(adder);
  else adder.timer = setTimeout(() => send(adder), SETTLED);
}

/** The page that comes gives the focus back to the field, unless nothing more can be added. */
function send(adder) {
  const { form, field, boxes } = adder;
  if (!boxes.some((box) => box.checked)) return;
  if (!isFull(adder)) form.action = `${form.getAttribute("action").split("#")[0]}#${field.id}`;
  form.requestSubmit();
}

/** Shows what is ticked beside the field. No more can be ticked than the chart can show. */
function show(adder) {
  const { boxes, names, chips, field } = adder;
  const items = boxes.flatMap((box, at) => (box.checked ? [chip(adder, names[at], box)] : []));
  chips.replaceChildren(...items);
  for (const box of boxes) box.disabled = isFull(adder) && !box.checked;
  say(adder, field.value.trim() !== "");
}

function chip(adder, name, box) {
  const label = fill(adder.form.dataset.drop, { name });
  const button = html("button", { type: "button", "aria-label": label }, `${name} ×`);
  button.addEventListener("click", () => {
    box.checked = false;
    show(adder);
    adder.field.focus();
  });
  return html("li", {}, button);
}

function isFull({ form, boxes }) {
  return boxes.filter((box) => box.checked).length >= Number(form.dataset.most);
}
