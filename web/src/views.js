/** The two views of the map, both equal-area: Europe about 10° E 52° N, as in EPSG:3035, and the world. */

import { geoAzimuthalEqualArea, geoDistance, geoEqualEarth, geoPath } from "d3-geo";

/** What must be in the picture of Europe. */
const EUROPE = {
  type: "MultiPoint",
  coordinates: [[-24, 66.5], [-10, 37], [-9, 39], [23, 34.5], [34, 34.5], [41, 42], [40, 55], [28, 71.3], [5, 71]],
};
/** Cut in the Bering Strait, so that no country lies on both sides. */
const WORLD = { type: "MultiPoint", coordinates: [[-168.9, 0], [-169.1, 0], [11, 83.6], [11, -56]] };
const MARGIN = 12;
/** In a narrow frame the buttons stand below the picture, as map.css has it. */
const NARROW = 600;
const BUTTONS = 60;

const MIDDLE = [10, 52];
/** A country with its middle farther away (radians) has no part that could be seen. */
const FAR = { europe: 1.1, world: Infinity };

const VIEWS = {
  // As far as one can move the map in this view; outlines have points enough, so none are put in between.
  europe: () => [geoAzimuthalEqualArea().rotate(MIDDLE.map((degrees) => -degrees)).clipAngle(50).precision(0), EUROPE],
  world: () => [geoEqualEarth().rotate([-11, 0]).precision(0), WORLD],
};

/** @param {"europe" | "world"} name @returns what draws in a frame of this size */
export function viewOf(name, width, height) {
  const [projection, within] = VIEWS[name]();
  const box = [[MARGIN, MARGIN], [width - MARGIN, height - (width < NARROW ? BUTTONS : MARGIN)]];
  projection.fitExtent(box, within);
  return {
    path: geoPath(projection).digits(1),
    place: (point) => placeIn(projection, point),
    reaches: (point) => geoDistance(point, MIDDLE) < FAR[name],
  };
}

/** @returns {[number, number] | null} null where the view does not reach */
function placeIn(projection, point) {
  let place = null;
  const seen = projection.stream({ point: (x, y) => (place = [x, y]), lineStart() {}, lineEnd() {} });
  seen.point(...point);
  return place;
}
