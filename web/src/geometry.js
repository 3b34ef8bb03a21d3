/** The outlines of countries, as build.js makes them. */

import { feature } from "topojson-client";

/**
 * @typedef {{code: string, outline: object | null, point: [number, number] | null}} Shape
 * `point` is where a small country has its dot.
 */

/** @returns {Promise<Shape[]>} largest first does not matter: no two overlap */
export async function shapesFrom(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${answer.status}`);
  const { points, ...topology } = await answer.json();
  const outlines = new Map();
  for (const outline of feature(topology, topology.objects.countries).features) {
    if (outline.geometry) outlines.set(outline.id, outline);
  }
  const codes = [...new Set([...outlines.keys(), ...Object.keys(points)])].sort();
  return codes.map((code) => ({ code, outline: outlines.get(code) ?? null, point: points[code] ?? null }));
}
