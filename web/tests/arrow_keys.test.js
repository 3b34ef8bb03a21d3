import assert from "node:assert/strict";
import { test } from "node:test";

import { stepped } from "../src/arrow_keys.js";

test("arrows go one step, Home and End to the ends, and never over them", () => {
  assert.equal(stepped("ArrowLeft", 3, 5), 2);
  assert.equal(stepped("ArrowRight", 3, 5), 4);
  assert.equal(stepped("ArrowUp", 4, 5), 4);
  assert.equal(stepped("ArrowDown", 0, 5), 0);
  assert.equal(stepped("Home", 3, 5), 0);
  assert.equal(stepped("End", 3, 5), 4);
});

test("other keys lead nowhere", () => {
  assert.equal(stepped("a", 3, 5), null);
  assert.equal(stepped("Tab", 3, 5), null);
  assert.equal(stepped("toString", 3, 5), null);
});
