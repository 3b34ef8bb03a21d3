/** A clock whose seconds the browser moves by itself. The script writes the minutes only, because each change of the page costs time. */

import { MINUTE } from "./replay.js";
import { html } from "./svg.js";

/** Nobody sees that the seconds are late by this many milliseconds, and each correction costs time. */
const TOLERANCE = 250;
const SECONDS = Array.from({ length: 60 }, (_, second) => String(second).padStart(2, "0")).join("\n");

export class TickingClock {
  #said = "";
  #isSeen = false;
  #isStopped = true;
  #ahead = 0;
  /** @type {Animation | null} */
  #moving = null;

  /** @param {HTMLElement} place @param {import("./words.js").Words} words */
  constructor(place, words) {
    this.place = place;
    this.words = words;
    // Out of sight, the compositor would leave the seconds to the script's thread.
    new IntersectionObserver((entries) => this.#look(entries.at(-1)?.isIntersecting ?? false)).observe(place);
  }

  /** @param {string} key of the sentence around the time @param {number} now the instant that is shown @param {boolean} ticks */
  show(key, now, ticks) {
    const said = `${key} ${this.words.minute(now)} ${ticks}`;
    if (said !== this.#said) this.#write(key, now, ticks);
    this.#ahead = now - performance.now();
    this.#said = said;
    this.#isStopped = false;
    this.#move();
  }

  stop() {
    this.#isStopped = true;
    this.#moving?.pause();
  }

  #look(isSeen) {
    this.#isSeen = isSeen;
    if (isSeen && !this.#isStopped) this.#move();
    else this.#moving?.pause();
  }

  #move() {
    if (!this.#moving || !this.#isSeen) return;
    const second = (performance.now() + this.#ahead) % MINUTE;
    if (Math.abs((Number(this.#moving.currentTime) % MINUTE) - second) > TOLERANCE) this.#moving.currentTime = second;
    if (this.#moving.playState !== "running") this.#moving.play();
  }

  #write(key, now, ticks) {
    const { place, words } = this;
    // An animation of an element that is gone would still run, on the thread of the script.
    this.#moving?.cancel();
    this.#moving = null;
    if (!ticks) {
      place.textContent = words.say(key, { time: words.minute(now) });
      return;
    }
    const time = words.second(now - (now % MINUTE));
    const [before, after] = words.say(key, { time }).split(time);
    const wheel = html("span", { class: "live-wheel" }, SECONDS);
    // A screen reader says the minute.
    const seconds = html("span", { "aria-hidden": "true" }, time.slice(-3, -2), html("span", { class: "live-seconds" }, wheel));
    place.replaceChildren(before, time.slice(0, -3), seconds, after);
    const steps = { duration: MINUTE, iterations: Infinity, easing: "steps(60)" };
    const moving = wheel.animate({ transform: ["translateY(0)", "translateY(-100%)"] }, steps);
    moving.pause();
    this.#moving = moving;
  }
}
