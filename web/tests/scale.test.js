import assert from "node:assert/strict";
import { test } from "node:test";

import { classOf, ranges, STEPS, thresholds } from "../src/scale.js";

const many = Array.from({ length: 500 }, (_, i) => (i + 1) * 5);

test("zero and not known are no shades", () => {
  assert.equal(classOf(0, [10]), 0);
  assert.equal(classOf(null, [10]), "none");
});

test("without numbers there are no classes", () => {
  assert.deepEqual(thresholds([]), []);
  assert.deepEqual(thresholds([0, 0]), []);
});

test("one number for all is one shade in the middle", () => {
  const cuts = thresholds([5, 5, 5]);
  assert.deepEqual(cuts, []);
  assert.equal(classOf(5, cuts), 3);
  // Not even where its two figures are more than it.
  assert.deepEqual(thresholds([18.75]), []);
});

test("many numbers fill all classes about evenly", () => {
  const cuts = thresholds(many);
  assert.equal(cuts.length, STEPS - 1);
  for (let shade = 1; shade <= STEPS; shade += 1) {
    const inIt = many.filter((value) => classOf(value, cuts) === shade).length;
    assert.ok(inIt > 90 && inIt < 110, `${inIt} in ${shade}`);
  }
});

test("a greater number never has a lighter shade", () => {
  for (const values of [many, [1, 2], [0.01, 0.5, 3, 3, 900], [5, 5, 5, 5, 1000]]) {
    const cuts = thresholds(values);
    const shades = [...values].sort((a, b) => a - b).map((value) => classOf(value, cuts));
    assert.deepEqual(shades, [...shades].sort((a, b) => a - b));
    assert.ok(shades.every((shade) => shade >= 1 && shade <= STEPS));
  }
});

test("with two classes the higher is the darkest", () => {
  const cuts = thresholds([5, 5, 5, 5, 1000]);
  assert.equal(classOf(1000, cuts), STEPS);
  assert.equal(classOf(5, cuts), 1);
});

test("the legend has no gap, and its shades are those of the map", () => {
  const cuts = thresholds(many);
  const listed = ranges(cuts, 5);
  assert.equal(listed[0].from, 5);
  assert.equal(listed.at(-1).to, null);
  listed.slice(1).forEach((range, i) => assert.equal(range.from, listed[i].to));
  for (const { shade, from } of listed) assert.equal(classOf(from, cuts), shade);
});
