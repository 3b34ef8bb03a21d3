/** Parts of the page that the server writes: brought up to date without loading the page anew. */

import { html } from "./svg.js";

/** @param {string} text the page as it is now; parts are what has `data-part`, each with its own name */
export function bringUpToDate(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const part of document.querySelectorAll("[data-part]")) {
    // A part that the page no longer has is empty: it must not go on saying what was true.
    const newer = fresh.querySelector(`[data-part="${CSS.escape(part.dataset.part)}"]`) ?? html("div");
    if (newer.innerHTML !== part.innerHTML) replace(part, newer);
  }
}

/** Whoever has the focus in a part keeps it, on the link with the same words. */
function replace(part, newer) {
  const focused = part.contains(document.activeElement) ? document.activeElement.textContent : null;
  part.replaceChildren(...newer.childNodes);
  if (focused === null) return;
  const same = [...part.querySelectorAll("a[href], button")].find(({ textContent }) => textContent === focused);
  same?.focus({ preventScroll: true });
}
