/** The reader's choices on the page: in its links to other views of it, in small forms, and by going back. */

import { addressWith, choiceFrom, DEFAULTS } from "./address.js";

/**
 * @param {Partial<import("./address.js").Choice> & {offered: Record<string, string[]>}} defaults the choice if the address names none
 * @param {(choice: import("./address.js").Choice) => void} changed
 */
export function controls(defaults, changed) {
  const follow = () => changed(choiceOfAddress(defaults));
  const go = (event, address) => {
    if (!address) return;
    event.preventDefault();
    history.pushState(null, "", address);
    follow();
  };
  window.addEventListener("popstate", follow);
  document.addEventListener("click", (event) => go(event, viewOfPage(event)));
  document.addEventListener("submit", (event) => go(event, viewOfForm(event.target)));
}

/** Ignores values that the page does not offer, as the server does. */
export function choiceOfAddress({ offered, ...defaults }) {
  const known = ([name, value]) => value && (offered[name]?.includes(value) ?? true);
  return choiceFrom([...Object.entries(defaults), ...new URLSearchParams(location.search)].filter(known));
}

/** Puts a choice into the address, as a new entry of the history. */
export function pushChoice(choice) {
  history.pushState(null, "", addressWith(location.href, choice));
  return choice;
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
  const own = [...new FormData(form)].map(([name, value]) => [name, String(value)]);
  const fields = [...new URLSearchParams(location.search), ...own];
  url.search = String(new URLSearchParams(fields.filter(unique)));
  return url.href;
}

/** If a name comes twice, the last one counts. @param {string[]} field @param {number} at @param {string[][]} all */
function unique([name], at, all) {
  return !all.slice(at + 1).some(([later]) => later === name);
}
