/** A picture that is written from top to bottom: lines of text, a drawing, a legend. Lengths are pixels. */

import { html, svg } from "./svg.js";

export const WIDTH = 1200;
export const EDGE = 40;
/** The widest that text and drawings may be. */
export const ROOM = WIDTH - 2 * EDGE;
const LEADING = 1.45;
const FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif";
const SWATCH = { width: 26, height: 16 };
const INK = "#14202e";
const QUIET = "#4b5a6b";

/** @typedef {{text: string, fill: string, stroke: string, dashed: boolean}} Entry of a legend */

export class Sheet {
  #parts = [];
  #y = 20;
  #measure = html("canvas").getContext("2d");

  /** A warning over the whole width, above everything. */
  banner(text) {
    this.#parts.push(svg("rect", { width: WIDTH, height: 40, fill: "#fff3d6" }), svg("rect", { y: 39, width: WIDTH, height: 1, fill: "#b46a00" }));
    this.#parts.push(svg("text", { x: EDGE, y: 26, "font-size": 17, fill: "#4d2f00" }, text));
    this.#y = 50;
  }

  /** Writes a text in as many lines as it needs. */
  write(text, size, { heavy = false, quiet = false } = {}) {
    const weight = heavy ? 650 : 400;
    for (const line of wrapText(text, ROOM, (words) => this.#widthOf(words, size, weight))) {
      this.#y += Math.round(size * LEADING);
      this.#parts.push(svg("text", { x: EDGE, y: this.#y, "font-size": size, "font-weight": weight, fill: quiet ? QUIET : INK }, line));
    }
  }

  /** @param {SVGElement} drawing @param {number} height @param {SVGElement[]} patterns of what comes below it */
  put(drawing, height, ...patterns) {
    drawing.setAttribute("y", String(this.#y + 16));
    this.#parts.push(drawing, svg("defs", {}, ...patterns));
    this.#y += 16 + height;
  }

  /** @param {Entry[]} entries */
  legend(entries) {
    let x = EDGE;
    this.#y += 34;
    for (const { text, ...look } of entries) {
      const width = SWATCH.width + 8 + this.#widthOf(text, 15, 400) + 22;
      if (x > EDGE && x + width > WIDTH - EDGE) {
        x = EDGE;
        this.#y += 26;
      }
      const dashes = look.dashed ? { "stroke-dasharray": "2 2" } : {};
      this.#parts.push(svg("rect", { x, y: this.#y - 13, ...SWATCH, fill: look.fill, stroke: look.stroke, ...dashes }));
      this.#parts.push(svg("text", { x: x + SWATCH.width + 8, y: this.#y, "font-size": 15, fill: INK }, text));
      x += width;
    }
    this.#y += 6;
  }

  /** @returns {SVGElement} the whole picture, on white */
  finish(language) {
    const size = { width: WIDTH, height: this.#y + 24, viewBox: `0 0 ${WIDTH} ${this.#y + 24}` };
    const paper = svg("rect", { width: WIDTH, height: this.#y + 24, fill: "#ffffff" });
    return svg("svg", { ...size, lang: language, "font-family": FONTS }, paper, ...this.#parts);
  }

  #widthOf(text, size, weight) {
    this.#measure.font = `${weight} ${size}px ${FONTS}`;
    return this.#measure.measureText(text).width;
  }
}

/** @returns {string[]} the lines of a text. A word that is wider than the room, such as an address, is broken */
export function wrapText(text, room, widthOf) {
  const lines = [];
  let line = "";
  for (let word of text.split(/\s+/).filter(Boolean)) {
    const longer = line ? `${line} ${word}` : word;
    if (widthOf(longer) <= room) {
      line = longer;
      continue;
    }
    if (line) lines.push(line);
    for (; widthOf(word) > room; word = word.slice(countFitting(word, room, widthOf))) lines.push(word.slice(0, countFitting(word, room, widthOf)));
    line = word;
  }
  return line ? [...lines, line] : lines;
}

/** How many letters of a word fit, at least one. */
function countFitting(word, room, widthOf) {
  let count = word.length;
  while (count > 1 && widthOf(word.slice(0, count)) > room) count -= 1;
  return count;
}
