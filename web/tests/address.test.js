import assert from "node:assert/strict";
import { test } from "node:test";

import { addressWith, choiceFrom, DEFAULTS, numbersAddress } from "../src/address.js";

const addresses = { windows: "/w/", aggregates: "/a/" };

test("an empty address is the default choice", () => {
  assert.deepEqual(choiceFrom([]), DEFAULTS);
});

test("what is not understood is as if it were not there", () => {
  const given = new URLSearchParams("indicator=<b>&window=P2M&day=x&per=me&other=1");
  assert.deepEqual(choiceFrom(given), DEFAULTS);
});

test("a day without a date is no day", () => {
  assert.equal(choiceFrom([["window", "day"]]).window, "P7D");
});

test("a date without a day chosen is left aside", () => {
  assert.equal(choiceFrom([["day", "2026-11-20"]]).day, "");
});

test("a choice comes back out of its address, and what is not ours stays in it", () => {
  for (const choice of [
    DEFAULTS,
    { indicator: "HELP_VISITS", window: "P365D", day: "", per: "count" },
    { indicator: "DOWNLOADS", window: "day", day: "2026-11-20", per: "head" },
  ]) {
    const address = new URL(addressWith("https://example.org/nb/?sort=value&day=2020-01-01#table", choice));
    assert.deepEqual(choiceFrom(address.searchParams), choice);
    assert.equal(address.searchParams.get("sort"), "value");
    assert.equal(address.hash, "#table");
  }
});

test("the default choice leaves the address bare", () => {
  assert.equal(addressWith("https://example.org/?window=P1D&per=count", DEFAULTS), "https://example.org/");
});

test("a window and a day are asked for where they are", () => {
  assert.equal(numbersAddress(DEFAULTS, addresses), "/w/?indicator=DOWNLOADS&window=P7D");
  const day = { ...DEFAULTS, window: "day", day: "2026-11-20" };
  assert.equal(
    numbersAddress(day, addresses),
    "/a/?indicator=DOWNLOADS&frequency=D&start=2026-11-20&end=2026-11-20&country=*",
  );
});
