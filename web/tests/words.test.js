import assert from "node:assert/strict";
import { test } from "node:test";

import { countrySentence, coverageSentence } from "../src/sentences.js";
import { fill, wordsOf } from "../src/words.js";

const texts = {
  counts: { DOWNLOADS: { one: "{value} download", other: "{value} downloads" } },
  periods: { P7D: "in the last 7 days", day: "on {day}" },
  country_rate: "{country}: {count} {period}, {rate} per 100,000 inhabitants",
  country_count: "{country}: {count} {period}",
  country_unknown: "{country}: not known {period}",
  country_withheld: { D: "{country}: By day.", W: "{country}: By week." },
  coverage: "{reporting} of {expected} {period}",
  nothing_published: "nothing {period}",
  nobody_expected: "nobody {period}",
  counted_from: "since {day}",
  awaited: "waiting for {awaited} of {all} until {until}",
  unlocated: "Not located",
};
const words = wordsOf(texts, "en");
const choice = { indicator: "DOWNLOADS", window: "P7D", day: "", per: "head" };
const cells = new Map([
  ["NO", { value: 1175, rate: 21 }],
  ["SE", { value: 1, rate: 0.01 }],
  ["_U", { value: 5, rate: null }],
]);
const numbers = { known: true, base: 5, coverage: { agencies_reporting: 13, agencies_expected: 14 }, cells, withheld: new Map([["LI", "W"]]) };

test("a country says its number, its period and its rate", () => {
  assert.equal(
    countrySentence(words, numbers, choice, "NO"),
    "Norway: 1,175 downloads in the last 7 days, 21.0 per 100,000 inhabitants",
  );
  assert.match(countrySentence(words, numbers, choice, "SE"), /^Sweden: 1 download in/);
  assert.match(countrySentence(words, numbers, choice, "DK"), /^Denmark: 0 downloads in .* 0 per/);
});

test("without inhabitants there is no rate to tell", () => {
  assert.equal(countrySentence(words, numbers, choice, "_U"), "Not located: 5 downloads in the last 7 days");
});

test("what is not known is not told as zero", () => {
  const unknown = { ...numbers, known: false };
  assert.equal(countrySentence(words, unknown, choice, "NO"), "Norway: not known in the last 7 days");
});

test("what is withheld is not told as zero, nor as not known", () => {
  assert.equal(countrySentence(words, numbers, choice, "LI"), "Liechtenstein: By week.");
  assert.equal(countrySentence(words, { ...numbers, known: false }, choice, "LI"), "Liechtenstein: By week.");
});

test("coverage is told, and so is that nothing is there", () => {
  assert.equal(coverageSentence(words, numbers, choice), "13 of 14 in the last 7 days");
  const day = { ...choice, window: "day", day: "2026-11-20" };
  assert.equal(coverageSentence(words, { ...numbers, coverage: null }, day), "nothing on 20 November 2026");
  assert.match(coverageSentence(words, { ...numbers, coverage: { agencies_expected: 0 } }, day), /^nobody/);
  const begun = { ...numbers.coverage, counted_from: "2026-11-20T00:00:00.000Z" };
  assert.match(coverageSentence(words, { ...numbers, coverage: begun }, day), / · since 20 November 2026$/);
  const waiting = { ...numbers.coverage, agencies_awaited: 1, awaited_until: "2026-11-24T00:00:00.000Z" };
  assert.match(
    coverageSentence(words, { ...numbers, coverage: waiting }, day),
    / · waiting for 1 of 14 until 24 November 2026, 00:00\u00a0UTC$/,
  );
});

test("each language has its own plurals, separators and names", () => {
  const forms = { one: "{value} pobranie", few: "{value} pobrania", many: "{value} pobrań", other: "{value} pobrania" };
  const polish = wordsOf({ ...texts, counts: { DOWNLOADS: forms } }, "pl");
  assert.deepEqual([1, 3, 5].map((n) => polish.count("DOWNLOADS", n)), ["1 pobranie", "3 pobrania", "5 pobrań"]);
  assert.equal(polish.country("DE"), "Niemcy");
  assert.equal(wordsOf(texts, "de").rate(23.4, 1), "23,4");
});

test("French writes the first day of a month as an ordinal", () => {
  const day = wordsOf(texts, "fr").day;
  assert.deepEqual(["2026-12-01", "2026-12-11", "2026-12-21"].map(day), ["1er décembre 2026", "11 décembre 2026", "21 décembre 2026"]);
  assert.equal(wordsOf(texts, "de").day("2026-12-01"), "1. Dezember 2026");
});

test("a rate has its own decimals, at most three digits after leading zeros, and is never zero if it is small", () => {
  const written = [
    [0, 4, "0"], [0.0018, 4, "0.0018"], [0.04, 2, "0.04"], [0.853, 3, "0.853"], [4.85, 2, "4.85"], [4.8534, 4, "4.85"],
    [16, 0, "16"], [20.01, 2, "20.0"], [21, 2, "21.0"], [6, 0, "6"], [52.25, 2, "52.3"], [99.987, 3, "100"],
    [9.996, 3, "10.0"], [952.38, 2, "952"], [12345.6, 1, "12,346"],
  ];
  for (const [rate, own, text] of written) assert.equal(words.rate(rate, own), text);
});

test("one text may serve for all numbers", () => {
  assert.equal(wordsOf({ counts: { N: "n = {value}" } }, "en").count("N", 7), "n = 7");
});

test("a value is put in as it is", () => {
  assert.equal(fill("{a} {b}", { a: "{b}", b: "$&" }), "{b} $&");
  assert.equal(fill("{missing}", {}), "{missing}");
});

test("words that the page lacks are named", () => {
  assert.throws(() => words.say("periods.P9D"), /periods\.P9D/);
});

test("four digits are grouped as the server groups them, in every number", () => {
  const polish = wordsOf({}, "pl");
  for (const written of [polish.number(1470), polish.rate(1470, 0)]) assert.match(written, /^1\s470/);
});
