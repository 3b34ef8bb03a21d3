import assert from "node:assert/strict";
import { test } from "node:test";

import { placeBox } from "../src/tooltip_position.js";

const box = { width: 200, height: 80 };
const telephone = { width: 320, height: 780 };
const laptop = { width: 1440, height: 900 };

test("the words stand to the right of a point, or to the left where there is no room", () => {
  assert.deepEqual(placeBox({ x: 300, y: 400 }, box, laptop), { x: 314, y: 400 });
  assert.deepEqual(placeBox({ x: 1400, y: 400 }, box, laptop), { x: 1186, y: 400 });
});

test("a finger hides nothing of them, also near the upper edge", () => {
  assert.deepEqual(placeBox({ x: 160, y: 400 }, box, telephone, true), { x: 60, y: 292 });
  assert.ok(placeBox({ x: 160, y: 50 }, box, telephone, true).y > 50);
});

test("they are whole in the window wherever the point is", () => {
  for (const room of [telephone, laptop]) {
    for (const above of [false, true]) {
      for (const x of [-50, 0, 100, room.width]) {
        for (const y of [-500, 0, 300, room.height, 2000]) {
          const at = placeBox({ x, y }, box, room, above);
          assert.ok(at.x >= 0 && at.x + box.width <= room.width, `${x},${y}`);
          assert.ok(at.y >= 0 && at.y + box.height <= room.height, `${x},${y}`);
        }
      }
    }
  }
});

test("words that are too large begin in the window", () => {
  const { x, y } = placeBox({ x: 10, y: 10 }, { width: 900, height: 900 }, telephone);
  assert.ok(x >= 0 && y >= 0);
});
