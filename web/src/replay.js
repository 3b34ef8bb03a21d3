/**
 * What the map replays: published numbers as pulses. Each country is replayed at its finest published step, so no country
 * is shown at two steps. Nothing here depends on the reader: everybody sees the same pulses at the same time.
 */

import { nextRound } from "./round_numbers.js";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
/** A minute is public at the latest one minute after its end, and the page has it some seconds later. */
export const DELAY = 2 * MINUTE + 10_000;
const LENGTHS = { N: MINUTE, H: HOUR, D: 24 * HOUR };
const STEPS = Object.keys(LENGTHS);
/** More pulses in a second than this are not seen, and cost a slow phone too much. */
const MOST = 2;
const SINGLE = /^[A-Z]{2}$/;

/**
 * @typedef {{name: string, known: boolean, values: Map<string, number>}} Period `values` by country; others have zero
 * @typedef {{code: string, at: number}} Pulse
 */

/** @returns {string} the name of the minute of an instant */
export const minuteName = (at) => new Date(at).toISOString().slice(0, 16);

/** @returns {(index: number) => number} random numbers of 0 to 1, which are always the same for the same text and index */
export function randomNumbers(text) {
  let seed = 0x811c9dc5;
  for (const letter of text) seed = Math.imul(seed ^ letter.charCodeAt(0), 0x01000193);
  return (index) => {
    let hash = seed + Math.imul(index + 1, 0x9e3779b9);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
  };
}

/** @returns {number} for how many events a pulse stands: the base of the rounding, or a larger round number */
export function pulseSize(base, perSecond) {
  let [size, next] = [base, 1];
  while (perSecond / size > MOST) {
    if (next > size) size = next;
    next = nextRound(next);
  }
  return size;
}

/** @returns {Period[]} the periods of an answer, in their order */
function periodsFrom(answer) {
  const periods = answer.coverage.map(({ period, status }) => ({ name: period, known: status !== "O", values: new Map() }));
  const byName = new Map(periods.map((period) => [period.name, period]));
  for (const { period, country, value } of answer.observations) {
    if (SINGLE.test(country)) byName.get(period)?.values.set(country, value);
  }
  return periods;
}

export class Replay {
  /** @type {Map<string, Period> | undefined} by name */
  #minutes;
  /** @type {Record<string, Period>} the newest hour and day, by step */
  #newest = {};
  /** @type {Record<string, boolean>} whether numbers are known, by step */
  #known = {};
  /** @type {Map<string, string>} */
  #finest = new Map();
  /** @type {WeakMap<Period, Map<string, Float64Array>>} when the pulses of a period begin, by country: milliseconds after its start */
  #moments = new WeakMap();
  /** Up to this instant there can be public minutes. */
  #end = 0;
  #base = 0;
  #size = 0;

  /** @param {string} indicator */
  constructor(indicator) {
    this.indicator = indicator;
  }

  /** @param {Map<string, string>} withheld the finest step of each country that has no minutes */
  takeMinutes(answer, withheld) {
    const minutes = periodsFrom(answer);
    this.#minutes = new Map(minutes.map((minute) => [minute.name, minute]));
    this.#known.N = minutes.some(({ known }) => known);
    this.#end = Date.parse(`${answer.meta.end}Z`) + MINUTE;
    this.#finest = withheld;
    this.#base = answer.meta.rounding_base;
    this.#chooseSize();
  }

  /** @param {"H" | "D"} step */
  takeNewest(step, answer) {
    const newest = periodsFrom(answer).at(-1) ?? { name: "", known: false, values: new Map() };
    this.#newest[step] = newest;
    this.#known[step] = newest.known;
    this.#chooseSize();
  }

  /** Whether there has been an answer about minutes, which is the first that is needed. */
  get isReady() {
    return this.#minutes !== undefined;
  }

  /** For how many events a pulse stands, or 0 before anything is known. */
  get size() {
    return this.#size;
  }

  /** @returns {Period | undefined} the minute in which an instant lies, if it is public, or the newest hour or day */
  period(step, at) {
    return step === "N" ? this.#minutes?.get(minuteName(at)) : this.#newest[step];
  }

  /** Whether the minute of an instant is public. If no minute is ever published, nothing has to be waited for. */
  hasMinute(at) {
    return this.#minutes?.size ? this.#minutes.has(minuteName(at)) : at < this.#end;
  }

  /** @returns {boolean | undefined} whether numbers are known at this step; undefined before there was an answer */
  knows(step) {
    return this.#known[step];
  }

  /** @returns {string | null} the step at which a country is replayed: its finest one of which numbers are known */
  stepOf(code) {
    const finest = STEPS.indexOf(this.#finest.get(code) ?? "N");
    const step = finest < 0 ? null : STEPS.slice(finest).find((one) => this.knows(one) !== false);
    // Before its numbers have come, no coarser step takes its place.
    return step && this.knows(step) ? step : null;
  }

  /** @returns {Pulse[]} from one instant to just before another, in order */
  between(from, to) {
    const pulses = STEPS.flatMap((step) => this.#pulses(step, from, to));
    return pulses.sort((one, other) => one.at - other.at);
  }

  #chooseSize() {
    const perSecond = STEPS.map((step) => (1000 * this.#most(step)) / LENGTHS[step]);
    const size = this.#base && pulseSize(this.#base, perSecond.reduce((one, other) => one + other));
    if (size !== this.#size) this.#moments = new WeakMap();
    this.#size = size;
  }

  /** The largest number that is replayed in a period of a step. */
  #most(step) {
    const periods = step === "N" ? [...(this.#minutes?.values() ?? [])] : [this.#newest[step]].filter(Boolean);
    return Math.max(0, ...periods.map((period) => this.#replayed(step, period).reduce((sum, [, value]) => sum + value, 0)));
  }

  #replayed(step, { values }) {
    return [...values].filter(([code]) => this.stepOf(code) === step);
  }

  #pulses(step, from, to) {
    const length = LENGTHS[step];
    const pulses = [];
    for (let start = Math.floor(from / length) * length; start < to; start += length) {
      const period = this.period(step, start);
      if (!period?.known || !this.#size) continue;
      for (const [code, value] of this.#replayed(step, period)) {
        const moments = this.#momentsOf(step, period, code, value);
        for (let i = firstAtLeast(moments, from - start); moments[i] < to - start; i += 1) pulses.push({ code, at: start + moments[i] });
      }
    }
    return pulses;
  }

  #momentsOf(step, period, code, value) {
    const ofPeriod = this.#moments.get(period) ?? new Map();
    this.#moments.set(period, ofPeriod);
    let moments = ofPeriod.get(code);
    if (!moments) {
      moments = chooseMoments(`${this.indicator} ${step} ${period.name} ${code}`, value / this.#size, LENGTHS[step]);
      ofPeriod.set(code, moments);
    }
    return moments;
  }
}

/** The moments are random, because a published number does not say when in its period something happened. */
function chooseMoments(text, pulses, length) {
  const random = randomNumbers(text);
  const rest = random(-1) < pulses % 1 ? 1 : 0;
  return Float64Array.from({ length: Math.floor(pulses) + rest }, (_, i) => random(i) * length).sort();
}

/** The index of the first of some rising numbers that is not smaller than another one. */
function firstAtLeast(numbers, least) {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle] < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
