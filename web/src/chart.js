/** The picture of the map: outlines and dots, their colours, the view and the zoom. */

import { set, svg } from "./svg.js";
import { composeTransforms, fitBox, movePoint } from "./views.js";

const STEP = 1.8;
const STILL = { k: 1, x: 0, y: 0 };
/** Half of the 24 pixels that a finger needs. */
const REACH = 12;
/** The size of a dot, and the size below which an outline gets a dot, because it could not be seen. */
const SPECKS = { europe: { dot: 4.5, visible: 9 }, world: { dot: 3, visible: 4 } };
/** Below this zoom, countries without numbers have no dots, because these would only hide others. */
const NEAR = 3;
/** The width of a highlighted outline, in pixels. */
const EDGE = 3;

/**
 * @typedef {import("./geometry.js").Picture} Picture
 * @typedef {{shade: number | "none", label: string}} Look
 */

export class Chart {
  /** @type {ReturnType<typeof import("./zoom.js").mover> | undefined} */
  mover;
  /** @type {[number, number]} */
  size = [0, 0];
  scale = 1;
  whole = STILL;
  fit = STILL;
  provisional = false;
  /** @type {"europe" | "world"} */
  view = "europe";

  /**
   * @param {HTMLElement} frame @param {Picture} europe
   * @param {{label: string, address: (code: string) => string | undefined, changed: () => void, world: () => Promise<Picture>,
   *   moving: () => Promise<typeof import("./zoom.js")>}} given parts that the first picture does not need:
   * `moving` is loaded right after it, the world when a reader asks for it
   */
  constructor(frame, europe, { label, address, world, moving, changed }) {
    this.frame = frame;
    this.address = address;
    this.world = world;
    this.changed = changed;
    /** @type {(code: string) => Look} */
    this.look = () => ({ shade: "none", label: "" });
    /** @type {Record<string, ReturnType<typeof layerOf>>} */
    this.layers = { europe: layerOf(europe, address) };
    this.halo = svg("path", { class: "map-halo" });
    this.ring = svg("path", { class: "map-ring" });
    this.hatching = hatching();
    this.ground = svg("g", {}, this.layers.europe.group, this.halo, this.ring);
    this.svg = svg("svg", { class: "map-svg", role: "group", "aria-label": label }, svg("defs", {}, this.hatching), this.ground);
    this.#fit();
    frame.prepend(this.svg);
    this.moving = moving().then(({ mover }) => this.#letMove(mover));
    new ResizeObserver(() => this.#isOfSize() || this.#fit()).observe(frame);
  }

  get byCode() {
    return this.layers[this.view].byCode;
  }

  get countries() {
    return this.layers[this.view].countries;
  }

  /** @param {"europe" | "world"} view shown as a whole, as soon as it is loaded */
  async show(view) {
    this.wanted = view;
    this.layers[view] ??= layerOf(await this.world(), this.address);
    // The reader may have chosen another view meanwhile, or this one twice.
    if (this.wanted !== view) return;
    const focused = /** @type {SVGElement | null} */ (document.activeElement);
    const code = this.ground.contains(focused) ? focused?.dataset.code : null;
    this.#go(view);
    this.paint(this.look, this.provisional);
    this.#fit();
    // The focus stays on the same country.
    if (code) (this.byCode.get(code) ?? this.byCode.get("NO"))?.link.focus({ preventScroll: true });
  }

  /** @param {string} [code] the country to zoom in on; without it, the middle */
  async closer(code) {
    await this.moving;
    this.mover?.by(STEP, this.places().get(code ?? ""));
  }

  /** Beyond the whole of Europe, zooming out shows the world. @param {string} [code] */
  farther(code) {
    if (this.scale > 1) this.mover?.by(1 / STEP, this.places().get(code ?? ""));
    else if (this.view === "europe") this.show("world");
  }

  /** @param {(code: string) => Look} look */
  paint(look, provisional = false) {
    this.look = look;
    this.provisional = provisional;
    for (const country of this.countries) {
      const { shade, label } = look(country.code);
      country.empty = shade === 0 || shade === "none";
      set(country.link, { "aria-label": label, "data-shade": shade });
    }
    this.svg.classList.toggle("map-provisional", provisional);
    this.#resize();
  }

  /**
   * @returns {{at: [number, number], d: string, whole: import("./views.js").Transform, size: [number, number],
   * box: {x: number, y: number, right: number, bottom: number}} | null} the middle of a country, its outline in units of
   * the picture, and the part of the frame that it is in; null if no part is
   */
  placeOf(code) {
    const country = this.byCode.get(code);
    if (!country || country.hidden) return null;
    const { d, box } = edgeOf(country, this.whole.k, SPECKS[this.view]);
    const [x, y] = movePoint(this.whole, [box.x, box.y]).map((near) => Math.max(0, near));
    const far = movePoint(this.whole, [box.x + box.width, box.y + box.height]);
    const [right, bottom] = far.map((end, axis) => Math.min(this.size[axis], end));
    if (x >= right || y >= bottom) return null;
    return { at: movePoint(this.whole, country.at), d, whole: this.whole, size: this.size, box: { x, y, right, bottom } };
  }

  mark(code) {
    const country = this.byCode.get(code);
    const outline = country && !country.hidden ? outlineOf(country, this.whole.k, SPECKS[this.view]) : "";
    set(this.halo, { d: outline });
    set(this.ring, { d: outline });
  }

  /** @returns {Map<string, [number, number]>} the positions in the frame of the countries that the keyboard can reach */
  places() {
    const reached = this.countries.filter((country) => !country.hidden);
    return new Map(reached.map(({ code, at }) => [code, movePoint(this.whole, at)]));
  }

  /** @returns {{x: number, top: number, bottom: number}} the places above and below a country, in the frame */
  beside(code) {
    const { link, at } = this.byCode.get(code);
    const { y, height } = link.getBBox();
    const [[x], [, top], [, bottom]] = [at, [0, y], [0, y + height]].map((point) => movePoint(this.whole, point));
    return { x, top, bottom };
  }

  /** Moves the map so that a country is in the frame, if it is not. */
  reach(code) {
    const place = this.places().get(code);
    const within = place?.every((at, axis) => at >= 0 && at <= this.size[axis]);
    if (place && !within) this.mover?.to(movePoint(this.fit, this.byCode.get(code).at));
  }

  #go(view) {
    this.layers[this.view].group.replaceWith(this.layers[view].group);
    this.view = view;
  }

  /** Fits the whole view into the frame, after a change of view or size. */
  #fit() {
    const { clientWidth: width, clientHeight: height } = this.frame;
    if (!width || !height) return;
    this.size = [width, height];
    this.fit = fitBox(this.layers[this.view].box, width, height);
    set(this.svg, { viewBox: `0 0 ${width} ${height}` });
    if (this.mover) this.mover.fit(width, height);
    else this.#move(STILL);
  }

  #letMove(mover) {
    this.mover = mover(this.svg, (transform) => this.#move(transform));
    const [width, height] = this.size;
    this.mover?.fit(width, height);
  }

  #move(transform) {
    this.scale = transform.k;
    this.whole = composeTransforms(this.fit, transform);
    const { k, x, y } = this.whole;
    set(this.ground, { transform: `translate(${x.toFixed(2)},${y.toFixed(2)}) scale(${k.toPrecision(6)})` });
    // The lines of the hatching have the same width at each zoom.
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

function layerOf({ box, shapes }, address) {
  const countries = shapes.map((shape) => countryOf(shape, address(shape.code)));
  const group = svg("g", {}, ...countries.map(({ link }) => link));
  return { box, countries, group, byCode: new Map(countries.map((country) => [country.code, country])) };
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

/** A country's outline and the box around it, with room for the line. */
function edgeOf(country, scale, speckle) {
  const { at: [x, y], extent, link } = country;
  const edge = EDGE / scale;
  if (extent * scale < speckle.visible) {
    const r = edge + (speckle.dot + 2) / scale;
    return { d: outlineOf(country, scale, speckle), box: { x: x - r, y: y - r, width: 2 * r, height: 2 * r } };
  }
  // Measured once, because measuring makes the browser lay out the page.
  country.bounds ??= link.querySelector(".map-shape").getBBox();
  const { x: left, y: top, width, height } = country.bounds;
  return { d: country.d, box: { x: left - edge, y: top - edge, width: width + 2 * edge, height: height + 2 * edge } };
}

function hatching() {
  const line = svg("path", { d: "M0,6L6,0M-1,1L1,-1M5,7L7,5", class: "map-hatch" });
  const ground = svg("rect", { width: 6, height: 6, class: "map-hatched" });
  return svg("pattern", { id: "map-hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse" }, ground, line);
}
