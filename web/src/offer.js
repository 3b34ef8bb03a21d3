/** Shows the offer to read this page in the reader's language. The page contains one hidden offer for each language. */

import { pickLanguage } from "./languages.js";

const place = /** @type {HTMLElement | null} */ (document.querySelector("[data-part=offer]"));
const links = new Map(Array.from(place?.querySelectorAll("a") ?? [], (link) => [link.lang, link]));
const link = links.get(pickLanguage(navigator.languages, document.documentElement.lang, [...links.keys()]));
if (place && link) {
  link.hidden = false;
  place.hidden = false;
}
