import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const [OLD, YOUNG] = ["map-0123456789.js", "map-9876543210.js"];
let built;
let files;
const build = () => execFileSync(process.execPath, [fileURLToPath(new URL("../build.js", import.meta.url)), built]);
const listed = () => JSON.parse(readFileSync(join(built, "files.json"), "utf8"));

before(() => {
  built = mkdtempSync(join(tmpdir(), "map-"));
  for (const [name, age] of Object.entries({ [OLD]: 90_000_000, [YOUNG]: 0 })) {
    const made = new Date(Date.now() - age);
    writeFileSync(join(built, name), "");
    utimesSync(join(built, name), made, made);
  }
  writeFileSync(join(built, "files.json"), JSON.stringify({ "map.js": OLD }));
  build();
  files = listed();
});

after(() => rmSync(built, { recursive: true }));

test("what the first view loads is small", () => {
  const limits = { "map.js": 12_000, "zoom.js": 20_000, "live.js": 6_000, "europe.json": 30_000, "country.js": 4_100, "share.js": 5_000, "map.css": 3_000, "site.css": 6_000, "trend.css": 3_500, "method.css": 1_000, "effects.css": 2_000 };
  for (const [of, most] of Object.entries(limits)) {
    assert.ok(statSync(join(built, `${files[of]}.gz`)).size < most, of);
    assert.ok(statSync(join(built, `${files[of]}.br`)).size < most, of);
  }
});

test("the strict policy of the pages holds: no code out of text, nothing from elsewhere", () => {
  for (const of of ["map.js", "zoom.js", "live.js", "country.js", "share.js"]) {
    const script = readFileSync(join(built, files[of]), "utf8");
    assert.ok(!/\beval\(|new Function\b|setAttribute\("style"/.test(script));
    assert.ok(!/https?:\/\/(?!www\.w3\.org\/)/.test(script));
  }
});

test("the licences of others go with it", () => {
  const licences = readFileSync(join(built, "licences.txt"), "utf8");
  for (const name of ["d3-selection", "d3-zoom", "world-atlas"]) assert.match(licences, new RegExp(`^${name}$`, "m"));
});

test("what a running server may know stays for one build more, and for a day", () => {
  assert.ok(existsSync(join(built, OLD)));
  build();
  assert.deepEqual(listed(), files);
  assert.ok(!existsSync(join(built, OLD)));
  assert.ok(existsSync(join(built, YOUNG)));
  assert.ok(existsSync(join(built, files["map.js"])));
  assert.deepEqual(readdirSync(built).filter((name) => name.endsWith(".part")), []);
});
