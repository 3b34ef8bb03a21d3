/** Where a box with words stands beside what it is about. */

/** The distance from the point, and from the edge of the window. */
const GAP = 14;
const EDGE = 6;

/**
 * @param {{x: number, y: number}} point in the window
 * @param {{width: number, height: number}} box
 * @param {{width: number, height: number}} room the size of the window
 * @param {boolean} above whether the box belongs above the point, because a finger hides what is beside it
 * @returns {{x: number, y: number}} the upper left corner: beside the point, and whole in the window if it fits there
 */
export function placeBox(point, box, room, above = false) {
  const right = point.x + GAP;
  const fits = right + box.width + EDGE <= room.width;
  const x = above ? point.x - box.width / 2 : fits ? right : point.x - GAP - box.width;
  const over = point.y - box.height - 2 * GAP;
  const y = !above ? point.y : over >= EDGE ? over : point.y + 2 * GAP;
  return { x: clamp(x, EDGE, room.width - box.width - EDGE), y: clamp(y, EDGE, room.height - box.height - EDGE) };
}

/** If the range is too small, the lower end counts, so that the box begins in the window. */
export function clamp(value, low, high) {
  return Math.max(low, Math.min(high, value));
}
