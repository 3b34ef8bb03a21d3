/** The reader's choices on the page: in its form, in its links to other views of it, and by going back. */

import { addressWith, choiceFrom, DEFAULTS } from "./address.js";

/**
 * @param {HTMLFormElement | null} form with fields `indicator`, `window`, `day` and `per`, of which any may be missing
 * @param {Partial<import("./address.js").Choice>} usual the choice if the address names none
 * @param {(choice: import("./address.js").Choice) => void} changed
 */
export function controls(form, usual, changed) {
  const follow = () => {
    const choice = choiceOfAddress(usual);
    if (form) write(form, choice);
    changed(choice);
  };
  const go = (event, address) => {
    if (!address) return;
    event.preventDefault();
    history.pushState(null, "", address);
    follow();
  };
  window.addEventListener("popstate", follow);
  document.addEventListener("click", (event) => go(event, viewOfPage(event)));
  document.addEventListener("submit", (event) => go(event, viewOfForm(event.target)));
  if (form) listen(form, usual, changed);
}

/** Ignores values that the page does not offer, as the server does. */
export function choiceOfAddress({ offered, ...usual }) {
  const known = ([name, value]) => value && (offered[name]?.includes(value) ?? true);
  return choiceFrom([...Object.entries(usual), ...new URLSearchParams(location.search)].filter(known));
}

/** Puts a choice into the address. */
export function chosen(choice) {
  history.pushState(null, "", addressWith(location.href, choice));
  return choice;
}

function listen(form, usual, changed) {
  const choose = () => {
    const given = [...new FormData(form)].filter(([, value]) => value);
    const choice = choiceFrom([...Object.entries(choiceOfAddress(usual)), ...pickDay(given)]);
    write(form, choice);
    changed(chosen(choice));
  };
  form.addEventListener("change", choose);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    choose();
  });
  write(form, choiceOfAddress(usual));
}

/** A plain click on a link, in a part that is kept up to date, to the same page with other choices. */
function viewOfPage(event) {
  const link = event.target.closest?.("[data-part] a[href]");
  const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (!link || !plain || link.target) return null;
  const { origin, pathname, href } = new URL(link.href);
  if (origin !== location.origin || pathname !== location.pathname) return null;
  // The server does not know whether the map shows counts or rates, and the link may be older than that choice.
  return addressWith(href, { per: new URLSearchParams(location.search).get("per") ?? DEFAULTS.per });
}

/** The choice of a small form in such a part of the page. Fields that it does not have keep their values. */
function viewOfForm(form) {
  if (!form.closest("[data-part]") || form.method !== "get") return null;
  const url = new URL(form.getAttribute("action") ?? location.pathname, location.href);
  if (url.origin !== location.origin || url.pathname !== location.pathname) return null;
  url.search = String(new URLSearchParams([...new URLSearchParams(location.search), ...new FormData(form)].filter(unique)));
  return url.href;
}

/** If a name comes twice, the last one counts. */
function unique([name], at, all) {
  return !all.slice(at + 1).some(([later]) => later === name);
}

/** If a reader chooses a day and names none, it is the newest that can have numbers: yesterday. */
function pickDay(given) {
  const { window: chosenWindow, day } = Object.fromEntries(given);
  if (chosenWindow !== "day" || day) return given;
  return [...given, ["day", new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)]];
}

function write(form, choice) {
  for (const [name, value] of Object.entries(choice)) {
    const field = form.elements.namedItem(name);
    if (field) field.value = value;
  }
  const day = form.elements.namedItem("day");
  if (day) day.disabled = choice.window !== "day";
}
