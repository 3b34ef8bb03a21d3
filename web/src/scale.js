/**
 * Classes of the colour scale. Class 0 is zero, 1 to STEPS are shades, and `none` is not known.
 *
 * The limits of the classes depend only on what is counted, for how long, and per head or not. So a country changes its
 * colour only if its own number changes.
 */

export const STEPS = 5;

/** Round numbers, each about half as much again as the one before it; then 10, 15, 20 … */
const SERIES = [1, 1.5, 2, 3, 5, 7];
/** Counts are as usual in a country of ten million inhabitants. */
const TYPICAL = 100;
/** The limits as steps of the series from the usual number. Counts differ more than rates, because countries do. */
const AROUND = { head: [-2, -1, 0, 1], count: [-6, -2, 2, 6] };

/**
 * @param {number} usual the indicator's usual number per 100,000 inhabitants and day
 * @param {{window: string, per: string}} choice
 * @returns {number[]} the round numbers at which classes 2, 3, … begin, ascending
 */
export function limitsFor(usual, { window, per }) {
  const middle = stepNear(usual * daysOf(window) * (per === "count" ? TYPICAL : 1));
  return AROUND[per].map((away) => numberAt(middle + away));
}

/** @param {number | null} value @param {number[]} limits @returns {number | "none"} */
export function classOf(value, limits) {
  if (value === null) return "none";
  return value > 0 ? 1 + limits.filter((limit) => value >= limit).length : 0;
}

/** A single day has no length in its name. */
function daysOf(window) {
  return Number(/^P(\d+)D$/.exec(window)?.[1] ?? 1);
}

/** The nearest step of the series, of which 1 is step 0. */
function stepNear(value) {
  return Math.round(SERIES.length * Math.log10(value));
}

function numberAt(step) {
  const decade = Math.floor(step / SERIES.length);
  // Written and read again, because 10 ** -1 * 2 may differ from 0.2.
  return Number(`${SERIES[step - decade * SERIES.length]}e${decade}`);
}
