/** The reader's choice, as the address of the page contains it. */

export const DEFAULTS = { indicator: "DOWNLOADS", window: "P7D", day: "", per: "head" };

const WINDOW = /^P\d+D$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const INDICATOR = /^[A-Z][A-Z0-9_]{0,39}$/;

/**
 * @typedef {{indicator: string, window: string, day: string, per: string}} Choice
 * `window` is a sliding window or `day`, `per` is `head` or `count`.
 */

/** @param {Iterable<[string, string]>} given @returns {Choice} ignores values that it does not know */
export function choiceFrom(given) {
  const { indicator, window, day, per } = { ...DEFAULTS, ...Object.fromEntries(given) };
  const dated = window === "day" && DAY.test(day);
  return {
    indicator: INDICATOR.test(indicator) ? indicator : DEFAULTS.indicator,
    window: dated || WINDOW.test(window) ? window : DEFAULTS.window,
    day: dated ? day : "",
    per: per === "count" ? "count" : DEFAULTS.per,
  };
}

/** Puts a choice into an address and keeps the rest of the address. */
export function addressWith(address, choice) {
  const url = new URL(address);
  for (const [name, value] of Object.entries(choice)) {
    if (value === DEFAULTS[name]) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return url.href;
}

/** @returns {string} the address of the numbers of a choice */
export function numbersAddress(choice, addresses) {
  const { indicator, window, day } = choice;
  if (window !== "day") return `${addresses.windows}?${new URLSearchParams({ indicator, window })}`;
  const range = { indicator, frequency: "D", start: day, end: day };
  return `${addresses.aggregates}?${new URLSearchParams(range)}&country=*`;
}

/** @returns {string} the address of the numbers of the hour (`H`) or day (`D`) that ends at an instant */
export function periodAddress(indicator, frequency, end, addresses) {
  const [length, letters] = frequency === "H" ? [3_600_000, 16] : [86_400_000, 10];
  const period = new Date(Date.parse(end) - length).toISOString().slice(0, letters);
  return `${addresses.aggregates}?${new URLSearchParams({ indicator, frequency, start: period, end: period })}&country=*`;
}
