/** The picture: outlines and dots, their colours, the view and how close one is. */

import { select } from "d3-selection";
import { zoom, zoomIdentity } from "d3-zoom";

import { viewOf } from "./views.js";
import { set, svg } from "./svg.js";

const CLOSEST = 16;
const STEP = 1.8;
/** Half of the 24 pixels that a finger needs. */
const REACH = 12;
/** How large a dot is, and how small an outline must be to have one as it could not be seen. */
const SPECKS = { europe: { dot: 4.5, visible: 9 }, world: { dot: 3, visible: 4 } };
/** From the world's distance, the dots of countries without numbers would only hide the others. */
const NEAR = 3;
const LIT = 1_500;

export class Chart {
  /** @param {HTMLElement} frame @param {import("./geometry.js").Shape[]} shapes */
  constructor(frame, shapes, { label, address, changed }) {
    this.frame = frame;
    this.changed = changed;
    this.view = "europe";
    this.scale = 1;
    this.countries = shapes.map((shape) => countryOf(shape, address(shape.code)));
    this.byCode = new Map(this.countries.map((country) => [country.code, country]));
    this.halo = svg("path", { class: "map-halo" });
    this.ring = svg("path", { class: "map-ring" });
    this.ground = svg("g", {}, ...inOrder(this.countries).map(({ link }) => link), this.halo, this.ring);
    this.svg = svg("svg", { class: "map-svg", role: "group", "aria-label": label }, hatching(), this.ground);
    frame.prepend(this.svg);
    this.zoom = zooming((transform) => this.#move(transform));
    select(this.svg).call(this.zoom).on("dblclick.zoom", null);
    new ResizeObserver(() => this.draw()).observe(frame);
    this.draw();
  }

  /** Draw everything anew: another view, or another size. */
  draw() {
    const { clientWidth: width, clientHeight: height } = this.frame;
    if (!width || !height) return;
    this.size = [width, height];
    set(this.svg, { viewBox: `0 0 ${width} ${height}`, width, height });
    const view = viewOf(this.view, width, height);
    for (const country of this.countries) project(country, view);
    this.zoom.extent([[0, 0], [width, height]]);
    this.zoom.translateExtent([[-0.5 * width, -0.5 * height], [1.5 * width, 1.5 * height]]);
    select(this.svg).call(this.zoom.transform, zoomIdentity);
  }

  show(view) {
    this.view = view;
    this.draw();
  }

  /** @param {string} [code] the country to come closer to, or else the middle */
  closer(code) {
    select(this.svg).call(this.zoom.scaleBy, STEP, this.places().get(code));
  }

  /** Farther away than all of Europe is the world. */
  farther() {
    if (this.scale > 1) select(this.svg).call(this.zoom.scaleBy, 1 / STEP);
    else if (this.view === "europe") this.show("world");
  }

  /** @param {(code: string) => {shade: number | "none", label: string}} look */
  paint(look, provisional) {
    for (const country of this.countries) {
      const { shade, label } = look(country.code);
      country.empty = shade === 0 || shade === "none";
      set(country.link, { "aria-label": label, "data-shade": shade });
    }
    this.svg.classList.toggle("map-provisional", provisional);
    this.#resize();
  }

  /** Light up whole countries, never a place in them. */
  light(codes) {
    for (const code of codes) {
      const country = this.byCode.get(code);
      if (country) relight(country.link);
    }
  }

  mark(code) {
    const country = this.byCode.get(code);
    const outline = country && !country.hidden ? outlineOf(country, this.scale, SPECKS[this.view]) : "";
    set(this.halo, { d: outline });
    set(this.ring, { d: outline });
  }

  /** @returns {Map<string, [number, number]>} where the countries that can be reached lie in the frame */
  places() {
    const { x, y, k } = this.transform;
    const reached = this.countries.filter((country) => !country.hidden);
    return new Map(reached.map(({ code, centre }) => [code, [centre[0] * k + x, centre[1] * k + y]]));
  }

  /** Bring a country into the frame, if it is not there. */
  reach(code) {
    const place = this.places().get(code);
    const within = place?.every((at, axis) => at >= 0 && at <= this.size[axis]);
    if (place && !within) select(this.svg).call(this.zoom.translateTo, ...this.byCode.get(code).centre);
  }

  #move(transform) {
    this.transform = transform;
    set(this.ground, { transform: transform.toString() });
    this.scale = transform.k;
    this.#resize();
    this.changed();
  }

  #resize() {
    const near = this.view === "europe" || this.scale >= NEAR;
    for (const country of this.countries) resize(country, this.scale, { near, ...SPECKS[this.view] });
  }
}

function countryOf({ code, outline, point, small }, address) {
  const shape = outline && svg("path", { class: "map-shape" });
  const hit = small && svg("circle", { class: "map-hit" });
  const dot = small && svg("circle", { class: "map-dot" });
  const link = svg("a", { class: "map-country", "data-code": code, tabindex: -1 });
  set(link, address ? { href: address } : { role: "img" });
  link.append(...[hit, shape, dot].filter(Boolean));
  return { code, outline, point, small, shape, hit, dot, link, extent: Infinity, empty: true, hidden: true };
}

/** Small countries come last, so that the reach of a dot lies over its neighbours. */
function inOrder(countries) {
  return [...countries].sort((a, b) => Number(a.small) - Number(b.small));
}

function project(country, view) {
  const { outline, point, shape, small } = country;
  const drawn = outline && view.reaches(point) && view.path(outline);
  country.d = drawn || "";
  if (shape) set(shape, { d: country.d });
  country.centre = view.place(point);
  if (!small) return;
  const box = drawn ? view.path.bounds(outline) : [[0, 0], [0, 0]];
  country.extent = Math.max(box[1][0] - box[0][0], box[1][1] - box[0][1]);
}

function resize(country, scale, { near, ...speckle }) {
  const { link, hit, dot, centre, extent, empty } = country;
  const speck = Boolean(dot) && extent * scale < speckle.visible;
  country.hidden = !centre || (speck && empty && !near);
  link.classList.toggle("map-hidden", country.hidden);
  if (!dot || country.hidden) return;
  const place = { cx: centre[0], cy: centre[1] };
  set(hit, { ...place, r: extent * scale < 2 * REACH ? REACH / scale : 0 });
  set(dot, { ...place, r: speck ? speckle.dot / scale : 0 });
}

function outlineOf({ d, centre, extent }, scale, speckle) {
  if (extent * scale >= speckle.visible) return d;
  const r = (speckle.dot + 2) / scale;
  return `M${centre[0] - r},${centre[1]}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0Z`;
}

function zooming(move) {
  return zoom()
    .scaleExtent([1, CLOSEST])
    .filter(mayMove)
    .wheelDelta(wheelStep)
    .on("zoom", ({ transform }) => move(transform));
}

/** A wheel or one finger scrolls the page; with Ctrl, or with two fingers, it moves the map. */
function mayMove(event) {
  if (event.type === "wheel") return event.ctrlKey || event.metaKey;
  if (event.type.startsWith("touch")) return event.touches.length > 1;
  return event.button === 0;
}

/** Two fingers on a pad send many small steps, a wheel few large ones. */
function wheelStep({ deltaY, deltaMode }) {
  const pixels = deltaMode === 0 ? deltaY : deltaY * 20;
  return -pixels * (Math.abs(pixels) < 50 ? 0.01 : 0.002);
}

const fading = new WeakMap();

function relight(link) {
  clearTimeout(fading.get(link));
  link.classList.remove("map-lit");
  // The style must be computed once without the class, or the animation would not begin again.
  link.getBoundingClientRect();
  link.classList.add("map-lit");
  fading.set(link, setTimeout(() => link.classList.remove("map-lit"), LIT));
}

function hatching() {
  const line = svg("path", { d: "M0,6L6,0M-1,1L1,-1M5,7L7,5", class: "map-hatch" });
  const ground = svg("rect", { width: 6, height: 6, class: "map-hatched" });
  return svg("defs", {}, svg("pattern", { id: "map-hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse" }, ground, line));
}
