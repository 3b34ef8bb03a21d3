import assert from "node:assert/strict";
import { test } from "node:test";

import { findNames } from "../src/name_search.js";

const NAMES = ["Europe", "Åland Islands", "Bosnia & Herzegovina", "Côte d’Ivoire", "Germany", "North Macedonia", "Norway", "Österreich", "Sweden", "Curaçao"];
const names = (typed) => findNames(NAMES, typed).map((at) => NAMES[at]);

test("the beginning of a name is enough, and the shortest name is the likeliest", () => {
  assert.deepEqual(names("nor"), ["Norway", "North Macedonia"]);
  assert.deepEqual(names("SWE"), ["Sweden"]);
  assert.deepEqual(names(" north m"), ["North Macedonia"]);
});

test("a later word counts too, after the names that begin so", () => {
  assert.deepEqual(names("ma"), ["North Macedonia"]);
  assert.deepEqual(names("herz"), ["Bosnia & Herzegovina"]);
  assert.deepEqual(names("ivo"), ["Côte d’Ivoire"]);
});

test("marks on letters need not be typed", () => {
  assert.deepEqual(names("aland"), ["Åland Islands"]);
  assert.deepEqual(names("osterr"), ["Österreich"]);
  assert.deepEqual(names("curac"), ["Curaçao"]);
  assert.deepEqual(findNames(["Færøerne", "Łotwa"], "lot"), [1]);
  assert.deepEqual(findNames(["Færøerne", "Łotwa"], "faeroe"), [0]);
});

test("nothing typed finds nothing, and so does the middle of a word", () => {
  assert.deepEqual(names(""), []);
  assert.deepEqual(names("&"), []);
  assert.deepEqual(names("ermany"), []);
});
