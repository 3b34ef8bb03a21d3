import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { geoContains } from "d3-geo";
import { feature } from "topojson-client";

import { countries } from "../geometry/geometry.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const codes = here("../../agency/src/p2p_core/data/countries.csv");
const { topology, points, small } = countries({ atlas: here("../node_modules/world-atlas/countries-50m.json"), codes });
const outlines = new Map(
  /** @type {any} */ (feature(topology, topology.objects.countries)).features.filter(({ geometry }) => geometry).map((one) => [one.id, one]),
);
const lies = (code, place) => geoContains(outlines.get(code), place);

test("every country that an observation can name has an outline or a dot, and no other has", () => {
  const known = readFileSync(codes, "utf8").trim().split(/\r?\n/).slice(1).map((line) => line.split(",")[0]);
  const drawn = Object.keys(points).filter((code) => outlines.has(code) || small.includes(code));
  assert.deepEqual(drawn.sort(), known.filter((code) => code !== "_U").sort());
});

test("places lie in the country that the European Union holds them to be in", () => {
  assert.ok(lies("UA", [34.1, 45.2]), "Crimea");
  assert.ok(!lies("RU", [34.1, 45.2]));
  assert.ok(lies("CY", [33.3, 35.3]), "the north of Cyprus");
  assert.ok(lies("XK", [20.9, 42.6]));
  assert.ok(lies("RU", [20.5, 54.7]), "Kaliningrad");
});

test("what has a code of its own is not drawn as another", () => {
  assert.ok(lies("GF", [-53, 4]));
  assert.ok(!lies("FR", [-53, 4]));
  assert.ok(lies("SJ", [17, 78]));
  assert.ok(lies("NO", [10, 61]));
});
