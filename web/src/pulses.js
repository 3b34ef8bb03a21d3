/** Pulses on the map: a ring around the middle of a country, and its outline. Both stand for the whole country. */

import { html, set, svg } from "./svg.js";

/** How long a pulse is seen, in milliseconds. */
const SEEN = 3_000;
const RING = [{ scale: 0.15, opacity: 1 }, { scale: 1, opacity: 0 }];
const OUTLINE = [{ opacity: 0 }, { offset: 0.1, opacity: 1 }, { opacity: 0 }];

/**
 * Plain elements over the map. Only `scale` and `opacity` change, so the browser's compositor moves them without the
 * page's script and without drawing the map again.
 */
export class Pulses {
  /** @type {{code: string, ring: HTMLElement, outline: HTMLElement, moving: Animation[], begin: number, end: number, amount: number}[]} */
  #shown = [];
  #begun = 0;
  #isSeen = false;

  /**
   * @param {import("./chart.js").Chart} chart @param {number} ahead the longest delay of a pulse
   * @param {() => void} appear is called when the map comes into sight
   */
  constructor(chart, ahead, appear) {
    this.chart = chart;
    this.appear = appear;
    this.duration = 2 * ahead + SEEN;
    this.layer = html("div", { class: "map-pulses", "aria-hidden": "true" });
    chart.svg.after(this.layer);
    // Out of sight, the compositor would leave them to the script's thread.
    new IntersectionObserver((entries) => this.#look(entries.at(-1)?.isIntersecting ?? false)).observe(this.layer);
  }

  #look(isSeen) {
    this.#isSeen = isSeen;
    if (isSeen) this.appear();
    else this.clear();
  }

  /** @param {string} code @param {number} delay in milliseconds @param {number} amount is counted once the pulse has begun */
  add(code, delay, amount) {
    const place = this.chart.placeOf(code);
    if (!place || !this.#isSeen) return;
    const ring = html("span", { class: "map-pulse", "data-code": code });
    const outline = html("div", { class: "map-lit" }, svg("svg", {}, svg("path")));
    put(ring, outline, place);
    this.layer.append(outline, ring);
    const moving = [outline.animate(this.#after(delay, OUTLINE), this.duration)];
    if (isWithin(place)) moving.push(ring.animate(this.#after(delay, RING), this.duration));
    const begin = performance.now() + delay;
    this.#shown.push({ code, ring, outline, moving, begin, end: begin + SEEN, amount });
  }

  /** @returns {number} the amounts of the pulses that have begun since the last call; not of those that were removed before */
  takeBegun() {
    this.#count();
    const begun = this.#begun;
    this.#begun = 0;
    return begun;
  }

  #count() {
    const now = performance.now();
    for (const pulse of this.#shown) {
      if (pulse.begin > now) continue;
      this.#begun += pulse.amount;
      pulse.amount = 0;
    }
  }

  /**
   * Keyframes that first wait for the delay. The animation lasts until `tidy` removes the pulse, because each beginning and
   * each end of an animation costs the browser time.
   * @param {number} delay @param {Keyframe[]} frames
   */
  #after(delay, frames) {
    const at = (share) => Math.min(1, (delay + share * SEEN) / this.duration);
    const moving = frames.map((frame, i) => ({ easing: "ease-out", ...frame, offset: at(frame.offset ?? i / (frames.length - 1)) }));
    // The compositor needs each property in each keyframe.
    const [first, last] = [frames[0], frames[frames.length - 1]].map((frame) => ({ ...frame, opacity: 0 }));
    return [{ ...first, offset: 0 }, { ...first, offset: at(0) }, ...moving, { ...last, offset: 1 }];
  }

  /** Puts all where their countries are now, and removes those whose countries are not in the frame any more. */
  place() {
    for (const pulse of this.#shown) {
      const place = this.chart.placeOf(pulse.code);
      if (place) put(pulse.ring, pulse.outline, place);
      else pulse.end = 0;
    }
    this.tidy();
  }

  /** Removes those that nobody sees any more. */
  tidy(now = performance.now()) {
    this.#count();
    const ended = this.#shown.filter((pulse) => pulse.end <= now);
    for (const { ring, outline, moving } of ended) {
      // An animation of an element that is gone would still run, on the thread of the script.
      for (const animation of moving) animation.cancel();
      for (const element of [ring, outline]) element.remove();
    }
    this.#shown = this.#shown.filter((pulse) => pulse.end > now);
  }

  clear() {
    this.tidy(Infinity);
  }
}

/** The outline is in a small picture of its own, which covers the part of the frame that the country is in. */
function put(ring, outline, { at, d, whole: { k, x, y }, box }) {
  ring.style.translate = pixels(at);
  outline.style.translate = pixels([box.x, box.y]);
  const [width, height] = [box.right - box.x, box.bottom - box.y];
  const { firstChild: picture } = outline;
  set(picture, { width: width.toFixed(1), height: height.toFixed(1) });
  set(picture.firstChild, { d, transform: `translate(${x - box.x},${y - box.y}) scale(${k})` });
}

function isWithin({ at: [x, y], size: [width, height] }) {
  return x > 0 && y > 0 && x < width && y < height;
}

function pixels([x, y]) {
  return `${x.toFixed(1)}px ${y.toFixed(1)}px`;
}
