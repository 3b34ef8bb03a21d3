/** Makes a small topology, with one outline for each country, from the outlines of Natural Earth. */

import { readFileSync } from "node:fs";

import { geoArea, geoCentroid } from "d3-geo";
import { feature, mergeArcs, quantize } from "topojson-client";
import {
  filter, filterWeight, presimplify, simplify, sphericalRingArea, sphericalTriangleArea,
} from "topojson-simplify";

import { NAMED, PARTS, POINTS } from "./places.js";

const EARTH_KM2 = 6371 ** 2;
/** A country smaller than this is a dot until the reader zooms in. */
const SMALL_KM2 = 40_000;
/** Smaller details are left out (steradians). Outside Europe the limit is larger: nobody zooms in as far there. */
const DETAIL = 5e-7;
const ELSEWHERE = 0.06;
const STEPS = 4e4;

/** @returns {{topology: any, points: Record<string, [number, number]>, small: string[]}} with a point in each country */
export function countries({ atlas, codes }) {
  const topology = JSON.parse(readFileSync(atlas, "utf8"));
  const outlines = merged(topology, parted(topology, codesByNumber(codes)));
  const whole = { ...topology, objects: { countries: { type: "GeometryCollection", geometries: outlines } } };
  const outlined = /** @type {any} */ (feature(whole, whole.objects.countries)).features;
  const points = { ...POINTS, ...Object.fromEntries(outlined.map((outline) => [outline.id, middle(outline)])) };
  const tiny = outlined.filter((outline) => geoArea(outline) * EARTH_KM2 < SMALL_KM2).map(({ id }) => id);
  return { topology: simplified(whole), points, small: [...Object.keys(POINTS), ...tiny].sort() };
}

function codesByNumber(file) {
  const rows = readFileSync(file, "utf8").trim().split(/\r?\n/).slice(1);
  return new Map(rows.map((row) => row.split(",")).map(([code, number]) => [Number(number), code]));
}

/** All polygons, by the code of their country. */
function parted(topology, codes) {
  const polygons = new Map();
  for (const outline of topology.objects.countries.geometries) {
    const code = codes.get(Number(outline.id)) ?? NAMED[outline.properties.name];
    if (!code || code === "AQ") continue;
    for (const arcs of outline.type === "Polygon" ? [outline.arcs] : outline.arcs) {
      const polygon = /** @type {const} */ ({ type: "Polygon", arcs });
      const owner = ownerOf(code, feature(topology, polygon).geometry.coordinates[0]);
      polygons.set(owner, [...(polygons.get(owner) ?? []), polygon]);
    }
  }
  return polygons;
}

function ownerOf(code, ring) {
  const inside = ([west, south, east, north]) =>
    ring.every(([x, y]) => x >= west && x <= east && y >= south && y <= north);
  return PARTS.find(([from, , box]) => from === code && inside(box))?.[1] ?? code;
}

function merged(topology, polygons) {
  return [...polygons].sort().map(([id, parts]) => ({ ...mergeArcs(topology, parts), id }));
}

/** The middle of the largest part: with its islands the middle of France would be at sea. */
function middle({ geometry: { coordinates } }) {
  const parts = coordinates.map((rings) => ({ type: "Polygon", coordinates: rings }));
  const largest = parts.reduce((a, b) => (geoArea(b) > geoArea(a) ? b : a));
  return geoCentroid(largest).map((x) => +x.toFixed(2));
}

function simplified(topology) {
  const weighed = presimplify(topology, weight);
  const large = filter(weighed, filterWeight(weighed, DETAIL * 2, ringWeight));
  return quantize(simplify(large, DETAIL), STEPS);
}

function weight(triangle) {
  return sphericalTriangleArea(triangle) * closeness(triangle[1]);
}

function ringWeight(ring, interior) {
  return sphericalRingArea(ring, interior) * closeness(ring[0]);
}

function closeness([x, y]) {
  return x > -26 && x < 46 && y > 33 && y < 73 ? 1 : ELSEWHERE;
}
