/** The picture: outlines and dots, their colours, the view and how close one is. */

import { select } from "d3-selection";
import { zoom, zoomIdentity } from "d3-zoom";

import { set, svg } from "./svg.js";
import { composed, fitted, moved } from "./views.js";

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
  /**
   * @param {HTMLElement} frame @param {import("./geometry.js").Picture} europe
   * @param {{world: () => Promise<import("./geometry.js").Picture>}} given the world is fetched once somebody wants to see it
   */
  constructor(frame, europe, { label, address, world, changed }) {
    Object.assign(this, { frame, address, world, changed, size: [0, 0], scale: 1, whole: { k: 1, x: 0, y: 0 } });
    this.view = "europe";
    this.layers = { europe: this.#layerOf(europe) };
    this.halo = svg("path", { class: "map-halo" });
    this.ring = svg("path", { class: "map-ring" });
    this.hatching = hatching();
    this.ground = svg("g", {}, this.layers.europe.group, this.halo, this.ring);
    this.svg = svg("svg", { class: "map-svg", role: "group", "aria-label": label }, svg("defs", {}, this.hatching), this.ground);
    this.zoom = zooming((transform) => this.#move(transform));
    this.#fit();
    select(this.svg).call(this.zoom).on("dblclick.zoom", null);
    frame.prepend(this.svg);
    new ResizeObserver(() => this.#isOfSize() || this.#fit()).observe(frame);
  }

  get byCode() {
    return this.layers[this.view].byCode;
  }

  get countries() {
    return this.layers[this.view].countries;
  }

  /** @param {"europe" | "world"} view as a whole, as soon as it is there */
  async show(view) {
    this.wanted = view;
    this.layers[view] ??= this.#layerOf(await this.world());
    // Somebody may have gone elsewhere meanwhile, or have asked twice.
    if (this.wanted !== view) return;
    const { activeElement: focused } = document;
    const code = this.ground.contains(focused) ? focused.dataset.code : null;
    this.#go(view);
    this.paint(this.look, this.provisional);
    this.#fit();
    // Whoever went from country to country goes on from the same.
    if (code) (this.byCode.get(code) ?? this.byCode.get("NO")).link.focus({ preventScroll: true });
  }

  /** @param {string} [code] the country to come closer to, or else the middle */
  closer(code) {
    select(this.svg).call(this.zoom.scaleBy, STEP, this.places().get(code));
  }

  /** Farther away than all of Europe is the world. */
  farther(code) {
    if (this.scale > 1) select(this.svg).call(this.zoom.scaleBy, 1 / STEP, this.places().get(code));
    else if (this.view === "europe") this.show("world");
  }

  /** @param {(code: string) => {shade: number | "none", label: string}} look */
  paint(look, provisional = false) {
    Object.assign(this, { look, provisional });
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
    const outline = country && !country.hidden ? outlineOf(country, this.whole.k, SPECKS[this.view]) : "";
    set(this.halo, { d: outline });
    set(this.ring, { d: outline });
  }

  /** @returns {Map<string, [number, number]>} where the countries that can be reached lie in the frame */
  places() {
    const reached = this.countries.filter((country) => !country.hidden);
    return new Map(reached.map(({ code, at }) => [code, moved(this.whole, at)]));
  }

  /** @returns {{x: number, top: number, bottom: number}} where a country has room beside it, in the frame */
  beside(code) {
    const { link, at } = this.byCode.get(code);
    const { y, height } = link.getBBox();
    const [[x], [, top], [, bottom]] = [at, [0, y], [0, y + height]].map((point) => moved(this.whole, point));
    return { x, top, bottom };
  }

  /** Bring a country into the frame, if it is not there. */
  reach(code) {
    const place = this.places().get(code);
    const within = place?.every((at, axis) => at >= 0 && at <= this.size[axis]);
    if (place && !within) select(this.svg).call(this.zoom.translateTo, ...moved(this.fit, this.byCode.get(code).at));
  }

  #layerOf({ box, shapes }) {
    const countries = shapes.map((shape) => countryOf(shape, this.address(shape.code)));
    const group = svg("g", {}, ...countries.map(({ link }) => link));
    return { box, countries, group, byCode: new Map(countries.map((country) => [country.code, country])) };
  }

  #go(view) {
    this.layers[this.view].group.replaceWith(this.layers[view].group);
    this.view = view;
  }

  /** Put the whole view into the frame: another view, or another size. */
  #fit() {
    const { clientWidth: width, clientHeight: height } = this.frame;
    if (!width || !height) return;
    this.size = [width, height];
    this.fit = fitted(this.layers[this.view].box, width, height);
    set(this.svg, { viewBox: `0 0 ${width} ${height}` });
    this.zoom.extent([[0, 0], [width, height]]);
    this.zoom.translateExtent([[-0.5 * width, -0.5 * height], [1.5 * width, 1.5 * height]]);
    select(this.svg).call(this.zoom.transform, zoomIdentity);
  }

  #move(transform) {
    this.scale = transform.k;
    this.whole = composed(this.fit, transform);
    const { k, x, y } = this.whole;
    set(this.ground, { transform: `translate(${x.toFixed(2)},${y.toFixed(2)}) scale(${k.toPrecision(6)})` });
    // The lines of the hatching are as wide from close as from afar.
    set(this.hatching, { patternTransform: `scale(${1 / k})` });
    this.#resize();
    this.changed();
  }

  #isOfSize() {
    return this.size[0] === this.frame.clientWidth && this.size[1] === this.frame.clientHeight;
  }

  #resize() {
    const near = this.view === "europe" || this.scale >= NEAR;
    for (const country of this.countries) resize(country, this.whole.k, { near, ...SPECKS[this.view] });
  }
}

function countryOf({ code, d, at, small, extent }, address) {
  const shape = d && svg("path", { class: "map-shape", d });
  const hit = small && svg("circle", { class: "map-hit", cx: at[0], cy: at[1] });
  const dot = small && svg("circle", { class: "map-dot", cx: at[0], cy: at[1] });
  const link = svg("a", { class: "map-country", "data-code": code, tabindex: -1 });
  set(link, address ? { href: address } : { role: "img" });
  link.append(...[hit, shape, dot].filter(Boolean));
  return { code, d, at, extent, hit, dot, link, empty: true, hidden: false };
}

/** @param {number} scale pixels of the frame in a unit of the picture */
function resize(country, scale, { near, ...speckle }) {
  const { link, hit, dot, extent, empty } = country;
  if (!dot) return;
  const speck = extent * scale < speckle.visible;
  country.hidden = speck && empty && !near;
  link.classList.toggle("map-hidden", country.hidden);
  if (country.hidden) return;
  set(hit, { r: extent * scale < 2 * REACH ? REACH / scale : 0 });
  set(dot, { r: speck ? speckle.dot / scale : 0 });
}

function outlineOf({ d, at, extent }, scale, speckle) {
  if (extent * scale >= speckle.visible) return d;
  const r = (speckle.dot + 2) / scale;
  return `M${at[0] - r},${at[1]}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0Z`;
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
  return svg("pattern", { id: "map-hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse" }, ground, line);
}
