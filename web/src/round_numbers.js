/** The series of round numbers, for the size of a pulse and for the height of the bars. */

/** @returns {number} the next number of the series 1, 2, 5, 10, 20 … */
export function nextRound(number) {
  return number * (String(number)[0] === "2" ? 2.5 : 2);
}
