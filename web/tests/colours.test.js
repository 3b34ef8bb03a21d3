import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const css = readFileSync(fileURLToPath(new URL("../src/map.css", import.meta.url)), "utf8");
const SCHEMES = ["light", "dark"];
const CLASSES = [0, 1, 2, 3, 4, 5];
/** How colours come through to eyes without one kind of cone: Machado, Oliveira and Fernandes 2009, in linear light. */
const EYES = {
  usual: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
};

/** @returns {number[]} red, green and blue in linear light, as the style sheet has them */
function colour(name, scheme) {
  const found = new RegExp(`--map-${name}: light-dark\\(#(\\w{6}), #(\\w{6})\\)`).exec(css);
  const hex = (found ?? assert.fail(`no colour ${name}`))[1 + SCHEMES.indexOf(scheme)];
  const parts = [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
  return parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
}

function seen(rgb, eyes) {
  const row = (at) => rgb.reduce((sum, part, i) => sum + part * eyes[at + i], 0);
  return [0, 3, 6].map((at) => Math.min(1, Math.max(0, row(at))));
}

/** @param {number[]} linear */
function luminance([r, g, b]) {
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** As WCAG has it: 1 to 21. */
function contrast(a, b) {
  const [less, more] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (more + 0.05) / (less + 0.05);
}

/** How far two colours are apart in Oklab; black and white are 1 apart. */
function difference(a, b) {
  const [p, q] = [a, b].map(oklab);
  return Math.hypot(...p.map((part, i) => part - q[i]));
}

/** @param {number[]} linear */
function oklab([r, g, b]) {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

for (const scheme of SCHEMES) {
  const of = (name) => colour(name, scheme);

  test(`${scheme}: neighbouring classes, and each class and the ground, are told apart by all eyes`, () => {
    const pairs = [...CLASSES.slice(1).map((shade) => [shade - 1, shade]), ...CLASSES.map((shade) => ["ground", shade])];
    for (const [kind, eyes] of Object.entries(EYES)) {
      for (const [a, b] of pairs) {
        const apart = difference(seen(of(a), eyes), seen(of(b), eyes));
        assert.ok(apart > 0.07, `${kind}: ${a} and ${b} are only ${apart.toFixed(3)} apart`);
      }
    }
  });

  test(`${scheme}: more is darker, or lighter, throughout, also in print without colours`, () => {
    const light = CLASSES.map((shade) => luminance(of(shade)));
    const order = [...light].sort((a, b) => (scheme === "light" ? b - a : a - b));
    assert.deepEqual(light, order);
    for (const shade of CLASSES.slice(1)) assert.ok(contrast(of(shade - 1), of(shade)) > 1.3, `${shade - 1} and ${shade}`);
  });

  test(`${scheme}: borders, hatching and focus stand out from what they lie on`, () => {
    const edges = [["edge", "ground"], ["edge", 0], ["edge", 1], ["edge", 2], ["edge", "hatch-ground"], ["edge-deep", 3], ["edge-deep", 4],
      ["edge-deep", 5], ["hatch-line", "hatch-ground"], ["edge", "card"], ["warning", "card"], ["focus", "focus-halo"]];
    for (const [line, on] of edges) {
      const found = contrast(of(line), of(on));
      assert.ok(found >= 3, `${line} on ${on}: ${found.toFixed(2)}`);
    }
    assert.ok(contrast(of("ink"), of("card")) >= 7);
  });
}
