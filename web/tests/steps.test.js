import assert from "node:assert/strict";
import { test } from "node:test";

import { nextIn } from "../src/steps.js";

const places = new Map([
  ["NO", [100, 50]],
  ["SE", [130, 55]],
  ["DK", [105, 100]],
  ["IT", [110, 220]],
]);

test("an arrow leads to the nearest in its direction", () => {
  assert.equal(nextIn("ArrowRight", places.get("NO"), places), "SE");
  assert.equal(nextIn("ArrowDown", places.get("NO"), places), "DK");
  assert.equal(nextIn("ArrowDown", places.get("DK"), places), "IT");
  assert.equal(nextIn("ArrowLeft", places.get("SE"), places), "NO");
});

test("where nothing lies there is no next", () => {
  assert.equal(nextIn("ArrowUp", places.get("NO"), places), null);
});
