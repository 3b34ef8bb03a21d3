import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

let built;

before(() => {
  built = mkdtempSync(join(tmpdir(), "map-"));
  execFileSync(process.execPath, [fileURLToPath(new URL("../build.js", import.meta.url)), built]);
});

after(() => rmSync(built, { recursive: true }));

test("what the first view loads is small", () => {
  for (const [name, most] of [["map.js", 60_000], ["countries.json", 60_000], ["map.css", 5_000], ["country.js", 3_000]]) {
    assert.ok(statSync(join(built, `${name}.gz`)).size < most, name);
    assert.ok(statSync(join(built, `${name}.br`)).size < most, name);
  }
});

test("the strict policy of the pages holds: no code out of text, nothing from elsewhere", () => {
  for (const name of ["map.js", "country.js"]) {
    const script = readFileSync(join(built, name), "utf8");
    assert.ok(!/\beval\(|new Function\b|setAttribute\("style"/.test(script), name);
    assert.ok(!/https?:\/\/(?!www\.w3\.org\/)/.test(script), name);
  }
});

test("the licences of others go with it", () => {
  const licences = readFileSync(join(built, "licences.txt"), "utf8");
  for (const name of ["d3-geo", "d3-zoom", "topojson-client", "world-atlas"]) assert.match(licences, new RegExp(`^${name}$`, "m"));
});
