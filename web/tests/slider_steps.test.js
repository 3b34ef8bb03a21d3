import assert from "node:assert/strict";
import test from "node:test";
import { nextDay } from "../src/slider_steps.js";

const FIRST = "2020-01-01";
const at = (day) => (Date.parse(day) - Date.parse(FIRST)) / 86_400_000;
const move = (key, step, day) => nextDay(key, { first: FIRST, days: at(day), longest: at("2026-12-01"), step });

test("an arrow key moves a handle by one period of the chart", () => {
  assert.equal(move("ArrowRight", "D", "2026-03-01"), at("2026-03-02"));
  assert.equal(move("ArrowLeft", "W", "2026-03-02"), at("2026-02-23"));
  assert.equal(move("ArrowUp", "M", "2026-02-01"), at("2026-03-01"));
  assert.equal(move("ArrowDown", "M", "2026-03-31"), at("2026-02-28"));
  assert.equal(move("ArrowLeft", "A", "2024-02-29"), at("2023-02-28"));
  assert.equal(move("ArrowRight", "H", "2026-03-01"), at("2026-03-02"));
});

test("a page is more than a period, and no key leaves the slider", () => {
  assert.equal(move("PageDown", "M", "2026-10-01"), at("2026-02-01") );
  assert.equal(move("PageUp", "A", "2024-01-01"), at("2025-01-01"));
  assert.equal(move("ArrowLeft", "A", "2020-03-01"), 0);
  assert.equal(move("PageUp", "W", "2026-11-01"), at("2026-12-01"));
});

test("other keys are left to the browser", () => {
  for (const key of ["Home", "End", "Tab", "a"]) assert.equal(move(key, "W", "2026-03-02"), null);
});
