/** Classes of the colour scale. Class 0 is zero, 1 to STEPS are shades, and `none` is not known. */

export const STEPS = 5;

/** @param {number[]} values @returns {number[]} the round numbers at which classes 2, 3, … begin, ascending */
export function thresholds(values) {
  const positive = values.filter((value) => value > 0).sort((a, b) => a - b);
  if (!positive.length) return [];
  const least = positive[0];
  const cuts = Array.from({ length: STEPS - 1 }, (_, i) => round(quantile(positive, (i + 1) / STEPS)));
  // A rounded cut may be larger than all values.
  return [...new Set(cuts)].filter((cut) => cut > least && cut <= positive[positive.length - 1]);
}

/** @param {number | null} value @returns {number | "none"} */
export function classOf(value, cuts) {
  if (value === null) return "none";
  if (value <= 0) return 0;
  const shade = 1 + cuts.filter((cut) => value >= cut).length;
  // With fewer classes the darkest is still the darkest.
  return cuts.length ? Math.round(1 + ((shade - 1) * (STEPS - 1)) / cuts.length) : Math.ceil(STEPS / 2);
}

/** @returns {{shade: number, from: number, to: number | null}[]} the rows of the legend above zero; `to` is exclusive */
export function ranges(cuts, least) {
  const starts = [least, ...cuts];
  return starts.map((from, i) => ({ shade: classOf(from, cuts), from, to: starts[i + 1] ?? null }));
}

function quantile(ascending, share) {
  return ascending[Math.min(ascending.length - 1, Math.floor(share * ascending.length))];
}

/** Rounds to two digits, because a reader remembers no more. */
function round(value) {
  return Number(value.toPrecision(2));
}
