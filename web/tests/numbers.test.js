import assert from "node:assert/strict";
import { test } from "node:test";

import { agenciesOf, hourFrom, isOlder, NewestAnswers, numberOf, numbersFrom } from "../src/numbers.js";

const row = (country, value, rate) => ({ country, value, per_100k: rate });
const answer = (reporting, observations) => ({
  meta: { end: "2026-11-25T00:00:00.000Z" },
  coverage: { agencies_expected: 3, agencies_reporting: reporting, time_coverage: 1, status: reporting ? "P" : "O" },
  observations,
});
const live = (...observations) => ({
  coverage: [
    { period: "2026-11-25T10:00", status: "A" },
    { period: "2026-11-25T10:01", status: "P" },
    { period: "2026-11-25T10:02", status: "O" },
  ],
  observations: observations.map(([period, country, value]) => ({ period, country, value })),
});

test("a cell that is not listed is zero if anybody reported", () => {
  const numbers = numbersFrom(answer(2, [row("NO", 120, 2.1)]));
  assert.equal(numberOf(numbers, "NO", "count"), 120);
  assert.equal(numberOf(numbers, "NO", "head"), 2.1);
  assert.equal(numberOf(numbers, "SE", "head"), 0);
  assert.ok(numbers.provisional);
});

test("what is withheld is not zero, also of the hour", () => {
  const withheld = [{ countries: ["LI", "EUROPE"], network: "_T", published: ["W", "M", "A"] }];
  const numbers = numbersFrom({ ...answer(2, [row("NO", 120, 2.1)]), withheld });
  assert.equal(numberOf(numbers, "LI", "count"), null);
  assert.equal(numberOf(numbers, "LI", "head"), null);
  assert.equal(numberOf(numbers, "SE", "count"), 0);
  assert.deepEqual(hourFrom({ ...live(), withheld }, "EUROPE").map(({ value }) => value), [null, null, null]);
});

test("of a country that is listed twice, the coarsest step counts", () => {
  const listed = ["M A", "W M A"].map((steps) => ({ countries: ["LI"], network: "_T", published: steps.split(" ") }));
  for (const withheld of [listed, [...listed].reverse()]) {
    assert.equal(numbersFrom({ ...answer(2, []), withheld }).withheld.get("LI"), "M");
  }
});

test("where nobody reported nothing is known, not even zero", () => {
  for (const numbers of [numbersFrom(answer(0, [])), numbersFrom({ ...answer(0, []), coverage: null })]) {
    assert.equal(numberOf(numbers, "NO", "count"), null);
  }
});

test("without inhabitants there is no rate", () => {
  const numbers = numbersFrom(answer(2, [row("AQ", 5, null)]));
  assert.equal(numberOf(numbers, "AQ", "head"), null);
  assert.equal(numberOf(numbers, "AQ", "count"), 5);
  assert.equal(numberOf(numbers, "_U", "head"), null);
});

test("a day has its coverage in a list", () => {
  const { coverage, ...rest } = answer(2, []);
  assert.ok(numbersFrom({ ...rest, coverage: [coverage] }).known);
  assert.ok(!numbersFrom({ ...rest, coverage: [] }).known);
});

test("a day that is not public yet is not known, even if some agencies reported", () => {
  const { coverage, ...rest } = answer(2, []);
  const waiting = { ...coverage, status: "O", agencies_awaited: 1, awaited_until: "2026-11-24T00:00:00.000Z" };
  const numbers = numbersFrom({ ...rest, coverage: [waiting] });
  assert.equal(numberOf(numbers, "NO", "count"), null);
});

const at = (end, version) => ({ meta: { end, version } });

test("an answer that a cache still had does not replace a newer one", () => {
  const newest = at("2026-11-25T10:05", 7);
  assert.ok(!isOlder(newest, null));
  assert.ok(isOlder(at("2026-11-25T10:04", 7), newest));
  assert.ok(isOlder(at("2026-11-25T10:05", 6), newest));
  assert.ok(!isOlder(at("2026-11-25T10:05", 7), newest));
  assert.ok(!isOlder(at("2026-11-25T10:06", 7), newest));
});

test("an older answer to the same request is replaced by the newer one", () => {
  const [older, newer, next] = [at("2026-11-25T10:05", 6), at("2026-11-25T10:05", 7), at("2026-11-25T10:06", 7)];
  const answers = new NewestAnswers();
  assert.deepEqual([newer, older, newer, next, newer].map((one) => answers.add("/P7D", one)), [newer, newer, newer, next, next]);
  assert.equal(answers.add("/P1D", older), older);
});

test("the strip names the agencies it is drawn from", () => {
  const coverage = [[2, 3], [4, 4], [0, 5]].map(([reporting, expected]) => ({ agencies_reporting: reporting, agencies_expected: expected }));
  assert.deepEqual(agenciesOf({ coverage }), { reporting: 4, expected: 5 });
  assert.deepEqual(agenciesOf({ coverage: [] }), { reporting: 0, expected: 0 });
});

test("an hour tells a quiet minute from one that is not known", () => {
  const hour = hourFrom(live(["2026-11-25T10:00", "EUROPE", 15], ["2026-11-25T10:00", "_T", 20]), "EUROPE");
  assert.deepEqual(hour.map(({ value }) => value), [15, 0, null]);
});
