import assert from "node:assert/strict";
import { test } from "node:test";

import { roundTop } from "../src/strip.js";

test("the axis ends at a round number that holds all bars", () => {
  assert.deepEqual([0, 10, 11, 20, 21, 51, 380, 1001].map(roundTop), [10, 10, 20, 20, 50, 100, 500, 2000]);
});
