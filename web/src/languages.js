/** Which language of ours a reader prefers. */

/** CLDR has one code for Norwegian, and the pages are in one of its two written forms. */
const ALIKE = { no: "nb", nn: "nb" };

/**
 * The language to offer: the first of the browser's languages in which the page exists, unless the reader understands
 * the page as well or better. None if there is no such language.
 */
export function pickLanguage(browser, page, others) {
  const wanted = browser.map((tag) => tag.toLowerCase().split("-")[0]).map((one) => ALIKE[one] ?? one);
  const first = wanted.find((one) => one === page || others.includes(one));
  return first === page ? undefined : first;
}
