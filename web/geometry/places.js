/** Corrections of the outlines of Natural Earth, so that they are the countries of this project. */

/** Outlines that have no number of ISO 3166 in Natural Earth, by their name there. */
export const NAMED = { Kosovo: "XK", "N. Cyprus": "CY", Somaliland: "SO" };

/**
 * Parts that have a code of their own, or belong elsewhere: from, to, and the box that they lie in
 * (west, south, east, north).
 * @type {[string, string, [number, number, number, number]][]}
 */
export const PARTS = [
  ["FR", "GF", [-55, 2, -51, 6]],
  ["FR", "GP", [-62, 15.7, -60.9, 16.6]],
  ["FR", "MQ", [-61.3, 14.3, -60.7, 15]],
  ["FR", "RE", [55, -21.5, 56, -20.8]],
  ["FR", "YT", [44.9, -13.1, 45.4, -12.6]],
  ["NL", "BQ", [-68.6, 11.9, -67.9, 12.5]],
  ["NO", "SJ", [8, 74, 35, 82]],
  ["NO", "SJ", [-10, 70.5, -7, 71.5]],
  // The European Union and the United Nations hold Crimea to be a part of Ukraine; Natural Earth draws who controls it.
  ["RU", "UA", [32.3, 44.2, 36.8, 46.4]],
];

/** The places of countries that have no outline at this scale. @type {Record<string, [number, number]>} */
export const POINTS = {
  AQ: [-62, -66],
  BQ: [-68.3, 12.2],
  BV: [3.4, -54.4],
  CC: [96.8, -12.2],
  CX: [105.7, -10.5],
  GI: [-5.35, 36.14],
  TK: [-171.8, -9.2],
  TV: [179.2, -8.5],
  UM: [-176.5, 0.2],
};
