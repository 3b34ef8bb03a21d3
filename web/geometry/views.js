/** The two views of the map, both equal-area. The build projects them, so the browser only has to place them in a frame. */

import { geoAzimuthalEqualArea, geoDistance, geoEqualEarth, geoEqualEarthRaw, geoPath } from "d3-geo";
import { feature } from "topojson-client";

const RADIANS = Math.PI / 180;
/** @type {[number, number]} */
const MIDDLE = [10, 52];
/** The middle meridian of the world's view. The opposite one, in the Bering Strait, is the edge. */
const WORLD_MIDDLE = 11;

const VIEWS = {
  /** Centred on 10° E 52° N, as in EPSG:3035. It includes all places to which a reader can move the map. */
  europe: {
    projection: geoAzimuthalEqualArea().rotate([-MIDDLE[0], -MIDDLE[1]]),
    project: (points, projection) => points.map(projection),
    /** These points must be in the picture. */
    within: [[-24, 66.5], [-10, 37], [-9, 39], [23, 34.5], [34, 34.5], [41, 42], [40, 55], [28, 71.3], [5, 71]],
    reaches: (point) => geoDistance(point, MIDDLE) < 50 * RADIANS,
    width: 6_000,
  },
  world: {
    projection: geoEqualEarth().rotate([-WORLD_MIDDLE, 0]),
    project: unbroken,
    within: [[-168.9, 0], [-169.1, 0], [11, 83.6], [11, -56]],
    reaches: () => true,
    width: 20_000,
  },
};

/**
 * @param {"europe" | "world"} name @param {ReturnType<typeof import("./geometry.js").countries>} given
 * @returns {{box: number[], arcs: number[][], countries: {code: string, at: [number, number], rings: number[][], extent?: number}[]}} in whole units. `box` must be in the frame; an arc
 * is where it begins and its steps; a ring names its arcs, as ~i if it goes back along one. Small ones, whose dots lie over others, are last
 */
export function drawn(name, { topology, points, small }) {
  const { projection, project, within, reaches, width } = VIEWS[name];
  projection.precision(0).fitWidth(width, { type: "MultiPoint", coordinates: within });
  const [, box] = geoPath(projection).bounds({ type: "MultiPoint", coordinates: within });
  const line = (arc) => feature(topology, { type: "LineString", arcs: [arc < 0 ? ~arc : arc] }).geometry.coordinates;
  const places = (arc) => project(line(arc), projection).map((place) => place.map(Math.round));
  const outlines = new Map(topology.objects.countries.geometries.map((outline) => [outline.id, partsOf(outline)]));
  const arcs = [];
  const numbers = new Map();
  const numbered = (arc) => {
    if (arc < 0) return numbered(~arc).map((number) => ~number);
    if (!numbers.has(arc)) {
      const made = steps(places(arc));
      // An arc without a step, and a ring of such arcs, cannot be seen.
      numbers.set(arc, made.length > 2 ? [arcs.push(made) - 1] : []);
    }
    return numbers.get(arc);
  };
  const countryOf = ([code, point]) => {
    const parts = (outlines.get(code) ?? []).filter(([outer]) => outer.flatMap(line).some(reaches));
    const rings = parts.flat().map((ring) => ring.flatMap(numbered)).filter((ring) => ring.length);
    const country = { code, at: /** @type {[number, number]} */ (projection(point)?.map(Math.round)), rings };
    return small.includes(code) ? { ...country, extent: extentOf(parts.flat(2).flatMap(places)) } : country;
  };
  const countries = Object.entries(points).sort().filter(([, point]) => reaches(point)).map(countryOf);
  const order = [...countries].sort((a, b) => Number("extent" in a) - Number("extent" in b));
  return { box: box.map(Math.round), arcs, countries: order };
}

function partsOf({ type, arcs }) {
  if (!arcs) return [];
  return type === "Polygon" ? [arcs] : arcs;
}

/** A line that crosses the edge of the world continues beyond it, and does not jump to the other side. */
function unbroken(points, projection) {
  const [dx, dy] = projection.translate();
  const k = projection.scale();
  const begin = around(points[0][0] - WORLD_MIDDLE);
  return points.map(([x, y]) => {
    const place = geoEqualEarthRaw((begin + around(x - points[0][0])) * RADIANS, y * RADIANS);
    return [dx + k * place[0], dy - k * place[1]];
  });
}

function around(degrees) {
  return degrees - 360 * Math.round(degrees / 360);
}

/** The width or the height of some points, the larger of the two. */
function extentOf(places) {
  if (!places.length) return 0;
  const spans = [0, 1].map((axis) => places.map((place) => place[axis]));
  return Math.max(...spans.map((all) => Math.max(...all) - Math.min(...all)));
}

/** The start of a line and its steps. A move of less than a unit is no step. */
function steps([[x, y], ...rest]) {
  const made = [x, y];
  for (const place of rest) {
    if (place[0] === x && place[1] === y) continue;
    made.push(place[0] - x, place[1] - y);
    [x, y] = place;
  }
  return made;
}
