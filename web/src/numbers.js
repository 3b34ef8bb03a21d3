/** Answers of the API, as the map reads them. */

/**
 * @typedef {{value: number, rate: number | null}} Cell
 * @typedef {{known: boolean, provisional: boolean, coverage: any, base: number, cells: Map<string, Cell>, withheld: Map<string, string>}} Numbers
 * `coverage` is null if nothing is published. `base` is that of rounding. `withheld` has the finest step at which all is published of a country whose number is withheld.
 */

/** @returns {Numbers} of a sliding window, or of a single day, whose coverage is a list */
export function numbersFrom(answer) {
  const coverage = Array.isArray(answer.coverage) ? (answer.coverage[0] ?? null) : answer.coverage;
  const cells = answer.observations.map((row) => [row.country, { value: row.value, rate: row.per_100k }]);
  return {
    known: coverage !== null && coverage.status !== "O",
    provisional: coverage?.status === "P",
    coverage,
    base: answer.meta.rounding_base,
    cells: new Map(cells),
    withheld: withheldFrom(answer),
  };
}

/** @returns {Map<string, string>} the finest published step of each country of which something is withheld */
export function withheldFrom(answer) {
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

/** How many decimals a rate has. JSON leaves out zeros at its end; `Table.rates` of the server rounds it. */
export function rateDecimals(base, value, rate) {
  return rate ? Math.max(0, Math.ceil(Math.log10(value / (rate * base)))) : 0;
}

/** Whether an answer is from before another one to the same request: a cache may still have it. */
export function isOlder({ meta }, than) {
  const [end, version] = [than?.meta.end ?? "", than?.meta.version ?? 0];
  return meta.end < end || (meta.end === end && meta.version < version);
}

/** The newest answer to each request. A cache may still have older ones. */
export class NewestAnswers {
  /** @type {Map<string, any>} by address */
  #newest = new Map();

  /** @returns {any} this answer, or the one before it if that is newer */
  add(address, answer) {
    const known = this.#newest.get(address);
    if (isOlder(answer, known)) return known;
    this.#newest.set(address, answer);
    return answer;
  }
}

/** @returns {{reporting: number, expected: number}} the most agencies that have reported, and were expected, in a period */
export function agenciesOf({ coverage }) {
  return {
    reporting: Math.max(0, ...coverage.map((row) => row.agencies_reporting)),
    expected: Math.max(0, ...coverage.map((row) => row.agencies_expected)),
  };
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
