/** Reads the outlines of countries that build.js has written in whole units. */

/**
 * @typedef {{code: string, d: string, at: [number, number], small: boolean, extent: number}} Shape
 * `at` is in the middle; a small country has its dot there.
 * @typedef {{box: [number, number], shapes: Shape[]}} Picture `box` must be in the frame
 */

/** @returns {Promise<Picture>} */
export async function pictureFrom(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${answer.status}`);
  const { box, arcs, countries } = await answer.json();
  return { box, shapes: countries.map((country) => shapeOf(country, arcs)) };
}

/** A country with an extent is small enough for a dot. */
export function shapeOf({ code, at, rings, extent }, arcs) {
  const d = rings.map((ring) => outlineOf(ring, arcs)).join("");
  return { code, at, d, small: extent !== undefined, extent: extent ?? Infinity };
}

/** @param {number[]} ring its arcs, in turn; ~i goes back along arc i @param {number[][]} arcs the start of each, then its steps */
export function outlineOf(ring, arcs) {
  const [first] = ring;
  const [x, y] = first < 0 ? endOf(arcs[~first]) : arcs[first];
  return `M${x},${y}l${ring.map((arc) => (arc < 0 ? backAlong(arcs[~arc]) : arcs[arc].slice(2).join())).join()}Z`;
}

function endOf(arc) {
  let [x, y] = arc;
  for (let i = 2; i < arc.length; i += 2) [x, y] = [x + arc[i], y + arc[i + 1]];
  return [x, y];
}

function backAlong(arc) {
  const steps = [];
  for (let i = arc.length - 2; i >= 2; i -= 2) steps.push(-arc[i], -arc[i + 1]);
  return steps.join();
}
