/** The position and size of a picture in its frame. */

const MARGIN = 12;
/** In a narrower frame the buttons are below the picture; map.css has the same number. */
const NARROW = 600;
const BUTTONS = 60;

/** @typedef {{k: number, x: number, y: number}} Transform */

/** @param {[number, number]} box @returns {Transform} moves the box into the middle of a frame of this size */
export function fitBox([wide, high], width, height) {
  const room = [width - 2 * MARGIN, height - MARGIN - (width < NARROW ? BUTTONS : MARGIN)];
  const k = Math.min(room[0] / wide, room[1] / high);
  return { k, x: MARGIN + (room[0] - k * wide) / 2, y: MARGIN + (room[1] - k * high) / 2 };
}

/** @returns {Transform} first the one, then the other */
export function composeTransforms(first, { k, x, y }) {
  return { k: k * first.k, x: k * first.x + x, y: k * first.y + y };
}

/** @returns {[number, number]} the position of a point after the transform */
export function movePoint({ k, x, y }, [px, py]) {
  return [k * px + x, k * py + y];
}
