/** Replaces parts of the page that the server writes, without loading the whole page again. */

import { html } from "./svg.js";

/** @param {string} text the page as it is now; its parts have `data-part`, each with its own name */
export function bringUpToDate(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-part]"))) {
    // A part that the page no longer has becomes empty, because its content is out of date.
    const newer = fresh.querySelector(`[data-part="${CSS.escape(part.dataset.part ?? "")}"]`) ?? html("div");
    openSame(part, newer);
    if (newer.innerHTML !== part.innerHTML) replace(part, newer);
  }
}

/** What the reader has opened stays open. */
function openSame(part, newer) {
  for (const { className } of part.querySelectorAll("details[open]")) {
    const same = [...newer.querySelectorAll("details")].find((details) => details.className === className);
    if (same) same.open = true;
  }
}

/** Keeps the link with the same words, or the field with the same name, if it has the focus, and the typed text. */
function replace(part, newer) {
  const focused = part.contains(document.activeElement) ? /** @type {any} */ (document.activeElement) : null;
  const same = focused && counterpart(newer, focused);
  const [path, newPath] = [[part, focused], [newer, same]].map(([from, to]) => (to ? pathTo(from, to) : []));
  if (same && path.length === newPath.length) path.forEach((inner, at) => renew(inner, newPath[at]));
  else part.replaceChildren(...newer.childNodes);
}

function counterpart(part, { name, textContent }) {
  if (name) return part.querySelector(`[name="${CSS.escape(name)}"]`);
  return [...part.querySelectorAll("a[href], button, summary")].find((one) => one.textContent === textContent);
}

/** @returns {Element[]} the elements from below the one to the other */
function pathTo(part, element) {
  const path = [];
  for (let at = element; at !== part; at = at.parentNode) path.unshift(at);
  return path;
}

/** Replaces what is beside an element, and its attributes. An element that is moved would lose the focus. */
function renew(element, newer) {
  const all = [...newer.parentNode.childNodes];
  const at = all.indexOf(newer);
  // The list changes while it is read, so it is copied.
  for (const beside of Array.from(element.parentNode.childNodes)) if (beside !== element) beside.remove();
  element.before(...all.slice(0, at));
  element.after(...all.slice(at + 1));
  for (const name of element.getAttributeNames()) if (!newer.hasAttribute(name)) element.removeAttribute(name);
  for (const name of newer.getAttributeNames()) element.setAttribute(name, newer.getAttribute(name));
}
