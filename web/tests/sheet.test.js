import assert from "node:assert/strict";
import { test } from "node:test";

import { wrapText } from "../src/sheet.js";

const widthOf = (text) => text.length;

test("words go into lines that fit", () => {
  assert.deepEqual(wrapText("one two three four", 9, widthOf), ["one two", "three", "four"]);
  assert.deepEqual(wrapText("  ", 9, widthOf), []);
});

test("an address that is too long is broken, and nothing of it is lost", () => {
  const address = "https://example.org/a?b=c&d=e";
  const lines = wrapText(`see ${address} now`, 10, widthOf);
  assert.ok(lines.every((line) => line.length <= 10));
  assert.equal(lines.join("").replaceAll(" ", ""), `see${address}now`);
});
