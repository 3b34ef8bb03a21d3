/** Answers of the API, as the map reads them. */

/**
 * @typedef {{value: number, rate: number | null}} Cell
 * @typedef {{known: boolean, provisional: boolean, coverage: object | null, end: string | null, cells: Map<string, Cell>, withheld: Map<string, string>}} Numbers
 * `withheld` has the finest step at which all is published of a country whose number is withheld.
 */

/** @returns {Numbers} of a sliding window, or of a single day, whose coverage is a list */
export function numbersFrom(answer) {
  const coverage = Array.isArray(answer.coverage) ? (answer.coverage[0] ?? null) : answer.coverage;
  const cells = answer.observations.map((row) => [row.country, { value: row.value, rate: row.per_100k }]);
  return {
    known: coverage !== null && coverage.status !== "O",
    provisional: coverage?.status === "P",
    coverage,
    end: answer.meta.end,
    cells: new Map(cells),
    withheld: withheldFrom(answer),
  };
}

function withheldFrom(answer) {
  const pairs = (answer.withheld ?? []).flatMap(({ countries, published }) => countries.map((code) => [code, published]));
  // A country may be listed twice, with different steps. The coarsest has the shortest list, and so is set last.
  pairs.sort(([, one], [, other]) => other.length - one.length);
  return new Map(pairs.map(([code, [step]]) => [code, step]));
}

/**
 * @param {Numbers} numbers @param {string} code @param {string} per
 * @returns {number | null} null if it is not known or withheld. Another cell that is not listed is zero.
 */
export function numberOf(numbers, code, per) {
  if (!numbers.known || numbers.withheld.has(code)) return null;
  const cell = numbers.cells.get(code);
  if (!cell) return code === "_U" && per === "head" ? null : 0;
  return per === "head" ? cell.rate : cell.value;
}

/** @returns {Map<string, number>} the minutes and countries of a live answer, as `period country` */
export function minutesFrom(answer) {
  return new Map(answer.observations.map((row) => [`${row.period} ${row.country}`, row.value]));
}

/** @returns {Set<string>} the countries for which a minute came or grew */
export function arrived(before, after) {
  const changed = [...after].filter(([key, value]) => value > (before.get(key) ?? 0));
  return new Set(changed.map(([key]) => key.split(" ")[1]));
}

/** @returns {{period: string, value: number | null}[]} the minutes of a group of countries, oldest first */
export function hourFrom(answer, group) {
  const rows = answer.observations.filter((row) => row.country === group);
  const totals = new Map(rows.map((row) => [row.period, row.value]));
  const withheld = withheldFrom(answer).has(group);
  return answer.coverage.map(({ period, status }) => ({
    period,
    value: status === "O" || withheld ? null : (totals.get(period) ?? 0),
  }));
}
