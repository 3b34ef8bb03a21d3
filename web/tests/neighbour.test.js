import assert from "node:assert/strict";
import { test } from "node:test";

import { nextIn } from "../src/neighbour.js";

/** @type {Map<string, [number, number]>} */
const places = new Map([
  ["NO", [100, 50]],
  ["SE", [130, 55]],
  ["DK", [105, 100]],
  ["IT", [110, 220]],
]);

const at = (code) => places.get(code) ?? assert.fail(code);

test("an arrow leads to the nearest in its direction", () => {
  assert.equal(nextIn("ArrowRight", at("NO"), places), "SE");
  assert.equal(nextIn("ArrowDown", at("NO"), places), "DK");
  assert.equal(nextIn("ArrowDown", at("DK"), places), "IT");
  assert.equal(nextIn("ArrowLeft", at("SE"), places), "NO");
});

test("where nothing lies there is no next", () => {
  assert.equal(nextIn("ArrowUp", at("NO"), places), null);
});
