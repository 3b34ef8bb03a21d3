import assert from "node:assert/strict";
import { test } from "node:test";

import { pickLanguage } from "../src/languages.js";

const OTHERS = ["nb", "de", "pt"];
const offer = (...browser) => pickLanguage(browser, "en", OTHERS);

test("the first language of the browser in which the page exists is offered", () => {
  assert.equal(offer("de-AT", "en"), "de");
  assert.equal(offer("is", "PT-br", "de"), "pt");
});

test("every written form of Norwegian is one language", () => {
  for (const tag of ["nb-NO", "nn", "no"]) assert.equal(offer(tag), "nb");
});

test("nothing is offered to those who prefer the language of the page, or have none of ours", () => {
  assert.equal(offer("en-GB", "de"), undefined);
  assert.equal(offer("is", "en", "de"), undefined);
  assert.equal(offer("is"), undefined);
  assert.equal(offer(), undefined);
});
