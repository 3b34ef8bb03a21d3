import assert from "node:assert/strict";
import { test } from "node:test";

import { labels } from "../src/legend.js";
import { classOf, limitsFor, STEPS } from "../src/scale.js";

const WINDOWS = ["day", "P1D", "P7D", "P30D", "P365D"];
const WAYS = ["head", "count"];
const scales = [0.003, 0.1, 1, 42].flatMap((usual) => WINDOWS.flatMap((window) => WAYS.map((per) => limitsFor(usual, { window, per }))));

test("zero, not known and very small are three things", () => {
  const limits = limitsFor(0.1, { window: "P7D", per: "head" });
  assert.equal(classOf(0, limits), 0);
  assert.equal(classOf(null, limits), "none");
  assert.equal(classOf(0.0018, limits), 1);
});

test("limits are round, ascending, and one fewer than the shades", () => {
  for (const limits of scales) {
    assert.equal(limits.length, STEPS - 1);
    assert.deepEqual(limits, [...limits].sort((a, b) => a - b));
    for (const limit of limits) assert.match(limit.toExponential(), /^(1|1\.5|2|3|5|7)e/);
  }
});

test("limits are known before any number is, and grow with the window", () => {
  assert.deepEqual(limitsFor(13.5, { window: "day", per: "head" }), [7, 10, 15, 20]);
  assert.deepEqual(limitsFor(13.5, { window: "P1D", per: "head" }), [7, 10, 15, 20]);
  assert.deepEqual(limitsFor(13.5, { window: "P7D", per: "head" }), [50, 70, 100, 150]);
  assert.deepEqual(limitsFor(13.5, { window: "P30D", per: "head" }), [200, 300, 500, 700]);
  assert.deepEqual(limitsFor(13.5, { window: "P365D", per: "head" }), [2000, 3000, 5000, 7000]);
  assert.deepEqual(limitsFor(13.5, { window: "P7D", per: "count" }), [1000, 5000, 20000, 100000]);
});

test("a limit belongs to the class that it begins, and a greater number never has a lighter shade", () => {
  for (const limits of scales) {
    limits.forEach((limit, i) => {
      assert.equal(classOf(limit, limits), i + 2);
      assert.equal(classOf(limit * 0.999, limits), i + 1);
    });
    assert.equal(classOf(Number.MAX_VALUE, limits), STEPS);
  }
});

test("an indicator that counts a thousand times as much has limits a thousand times as high", () => {
  for (const per of WAYS) {
    const [few, many] = [0.05, 50].map((usual) => limitsFor(usual, { window: "P7D", per }));
    assert.deepEqual(many, few.map((limit) => Math.round(limit * 1e6) / 1e3));
  }
});

test("the legend has no gap and names each limit", () => {
  assert.deepEqual(labels([0.2, 0.5, 1, 2], String), ["<0.2", "0.2–0.5", "0.5–1", "1–2", "2+"]);
});
