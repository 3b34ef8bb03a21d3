import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { countries } from "../geometry/geometry.js";
import { drawn } from "../geometry/views.js";
import { outlineOf, shapeOf } from "../src/geometry.js";
import { composeTransforms, fitBox, movePoint } from "../src/views.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const codes = here("../../agency/src/p2p_core/data/countries.csv");
const given = countries({ atlas: here("../node_modules/world-atlas/countries-50m.json"), codes });
const europe = drawn("europe", given);
const world = drawn("world", given);
const find = (view, code) => view.countries.find((country) => country.code === code) ?? assert.fail(code);
const at = (view, code) => find(view, code).at;

test("a ring is its arcs in turn, backwards where it says so", () => {
  const arcs = [[10, 20, 1, 2, 3, 4], [14, 26, 5, 5], [10, 20, 9, 11]];
  assert.equal(outlineOf([0, 1, ~2], arcs), "M10,20l1,2,3,4,5,5,-9,-11Z");
  assert.equal(outlineOf([~2], arcs), "M19,31l-9,-11Z");
});

test("every ring ends where it began", () => {
  for (const { countries: shapes, arcs } of [europe, world]) {
    for (const { code, rings } of shapes) {
      for (const ring of rings) {
        const [, x, y, steps] = /^M(-?\d+),(-?\d+)l([-\d,]+)Z$/.exec(outlineOf(ring, arcs)) ?? assert.fail(`no ring of ${code}`);
        const moves = steps.split(",").map(Number);
        const sum = (axis) => moves.filter((_, i) => i % 2 === axis).reduce((a, b) => a + b, 0);
        assert.deepEqual([sum(0), sum(1)], [0, 0], `${code} at ${x},${y}`);
      }
    }
  }
});

test("north is up and east is right, in both views", () => {
  for (const view of [europe, world]) {
    assert.ok(at(view, "NO")[1] < at(view, "DK")[1] && at(view, "DK")[1] < at(view, "IT")[1]);
    assert.ok(at(view, "IE")[0] < at(view, "DE")[0] && at(view, "DE")[0] < at(view, "UA")[0]);
  }
});

test("the world has all countries, and nothing goes across it from one edge to the other", () => {
  assert.deepEqual(world.countries.map(({ code }) => code).sort(), Object.keys(given.points).sort());
  const longest = Math.max(...world.arcs.flatMap((arc) => arc.slice(2).map(Math.abs)));
  assert.ok(longest < world.box[0] / 5, `${longest} of ${world.box[0]}`);
});

test("small countries have an extent and come last", () => {
  const extents = europe.countries.map(({ extent }) => extent !== undefined);
  assert.deepEqual(extents, [...extents].sort());
  const [malta, france] = ["MT", "FR"].map((code) => find(europe, code));
  assert.ok(shapeOf(malta, europe.arcs).small && malta.extent > 0 && malta.extent < 100);
  assert.ok(!shapeOf(france, europe.arcs).small);
  assert.equal(shapeOf({ code: "GI", at: [0, 0], rings: [], extent: 0 }, []).d, "");
});

test("the box fills its frame, beside the buttons if that is narrow, and moves with it", () => {
  const wide = fitBox([6000, 3000], 1224, 900);
  assert.deepEqual(wide, { k: 0.2, x: 12, y: 150 });
  const narrow = fitBox([1000, 1000], 324, 424);
  assert.equal(narrow.k, 0.3);
  assert.ok(movePoint(narrow, [0, 1000])[1] <= 424 - 60);
  assert.deepEqual(movePoint(composeTransforms(wide, { k: 2, x: 5, y: 7 }), [10, 10]), [(10 * 0.2 + 12) * 2 + 5, (10 * 0.2 + 150) * 2 + 7]);
});
