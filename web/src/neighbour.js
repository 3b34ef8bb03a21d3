/** Finds the neighbour of a country in the direction of an arrow key. */

const AHEAD = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

/**
 * @param {string} key @param {[number, number]} from @param {Map<string, [number, number]>} places
 * @returns {string | null} the nearest in that direction; a distance to the side counts more
 */
export function nextIn(key, from, places) {
  const [dx, dy] = AHEAD[key];
  /** @type {string | null} */
  let best = null;
  let least = Infinity;
  for (const [code, [x, y]] of places) {
    const ahead = (x - from[0]) * dx + (y - from[1]) * dy;
    const aside = Math.abs((x - from[0]) * dy) + Math.abs((y - from[1]) * dx);
    const cost = ahead + 2 * aside;
    if (ahead > 0.5 && aside <= 2 * ahead && cost < least) [best, least] = [code, cost];
  }
  return best;
}

export function isArrow(key) {
  return key in AHEAD;
}
