import assert from "node:assert/strict";
import { test } from "node:test";

import { stepWithKey } from "../src/arrow_keys.js";

test("arrows go one step, Home and End to the ends, and never over them", () => {
  assert.equal(stepWithKey("ArrowLeft", 3, 5), 2);
  assert.equal(stepWithKey("ArrowRight", 3, 5), 4);
  assert.equal(stepWithKey("ArrowUp", 4, 5), 4);
  assert.equal(stepWithKey("ArrowDown", 0, 5), 0);
  assert.equal(stepWithKey("Home", 3, 5), 0);
  assert.equal(stepWithKey("End", 3, 5), 4);
});

test("other keys lead nowhere", () => {
  assert.equal(stepWithKey("a", 3, 5), null);
  assert.equal(stepWithKey("Tab", 3, 5), null);
  assert.equal(stepWithKey("toString", 3, 5), null);
});
