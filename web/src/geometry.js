/** The outlines of countries, as build.js makes them. */

import { feature } from "topojson-client";

/**
 * @typedef {{code: string, outline: object | null, point: [number, number], small: boolean}} Shape
 * `point` is in the middle; a small country has its dot there.
 */

/** @returns {Promise<Shape[]>} by code */
export async function shapesFrom(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${answer.status}`);
  const { points, small, ...topology } = await answer.json();
  const outlines = new Map();
  for (const outline of feature(topology, topology.objects.countries).features) {
    if (outline.geometry) outlines.set(outline.id, outline);
  }
  return Object.entries(points)
    .sort()
    .map(([code, point]) => ({ code, outline: outlines.get(code) ?? null, point, small: small.includes(code) }));
}
