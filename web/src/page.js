/** Replaces parts of the page that the server writes, without loading the whole page again. */

import { html } from "./svg.js";

/** @param {string} text the page as it is now; its parts have `data-part`, each with its own name */
export function bringUpToDate(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const part of document.querySelectorAll("[data-part]")) {
    // A part that the page no longer has becomes empty, because its content is out of date.
    const newer = fresh.querySelector(`[data-part="${CSS.escape(part.dataset.part)}"]`) ?? html("div");
    if (newer.innerHTML !== part.innerHTML) replace(part, newer);
  }
}

/** Keeps the focus on the link with the same words or the field with the same name, and keeps the typed text. */
function replace(part, newer) {
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  let same = focused && counterpart(newer, focused);
  if (same?.matches("input")) {
    same.replaceWith(focused);
    same = focused;
  }
  part.replaceChildren(...newer.childNodes);
  same?.focus({ preventScroll: true });
}

function counterpart(part, { name, textContent }) {
  if (name) return part.querySelector(`[name="${CSS.escape(name)}"]`);
  return [...part.querySelectorAll("a[href], button")].find((link) => link.textContent === textContent);
}
