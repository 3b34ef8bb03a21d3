/**
 * What the map replays: published numbers as pulses. Each country at its finest published step, so that each number is
 * shown once. Nothing here depends on the reader: everybody sees the same pulses at the same time.
 */

export const MINUTE = 60_000;
/** A minute is public at the latest one minute after its end, so what happened this long ago is known. */
export const DELAY = 2 * MINUTE;
const LENGTHS = { N: MINUTE, H: 60 * MINUTE, D: 1440 * MINUTE };
const STEPS = Object.keys(LENGTHS);
/** More pulses in a second than this are not seen, and cost a slow telephone too much. */
const MOST = 2;
const SINGLE = /^[A-Z]{2}$/;

/**
 * @typedef {{name: string, known: boolean, values: Map<string, number>}} Period `values` by country; others have zero
 * @typedef {{code: string, at: number}} Pulse
 */

/** @returns {number} a number of 0 to 1 that is random, and always the same for the same parts */
export function fraction(...parts) {
  let hash = 0x811c9dc5;
  for (const letter of parts.join(" ")) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** @returns {number} for how many events a pulse stands: the base of the rounding, or a larger round number */
export function pulseSize(base, perSecond) {
  let [size, next] = [base, 1];
  while (perSecond / size > MOST) {
    if (next > size) size = next;
    next *= String(next)[0] === "2" ? 2.5 : 2;
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
  /** @type {Map<string, string>} */
  #finest = new Map();
  /** @type {Map<string, {code: string, offset: number}[]>} the pulses of a period, by step and name */
  #schedules = new Map();
  #base = 0;
  #size = 0;
  /** The instant up to which the minutes are known to have been published. */
  until = 0;

  /** @param {string} indicator */
  constructor(indicator) {
    this.indicator = indicator;
  }

  /** @param {Map<string, string>} withheld the finest step of each country that has no minutes */
  takeMinutes(answer, withheld) {
    this.#minutes = new Map(periodsFrom(answer).map((period) => [period.name, period]));
    this.#finest = withheld;
    this.#base = answer.meta.rounding_base;
    this.until = Date.parse(`${answer.meta.end}Z`) + MINUTE;
    this.#begin();
  }

  /** @param {"H" | "D"} step */
  takeNewest(step, answer) {
    this.#newest[step] = periodsFrom(answer).at(-1) ?? { name: "", known: false, values: new Map() };
    this.#begin();
  }

  /** For how many events a pulse stands, or 0 before anything is known. */
  get size() {
    return this.#size;
  }

  /** @returns {Period | undefined} the minute in which an instant lies, or the newest hour or day */
  period(step, at) {
    return step === "N" ? this.#minutes?.get(new Date(at).toISOString().slice(0, 16)) : this.#newest[step];
  }

  /** @returns {boolean | undefined} whether numbers are known at this step; undefined before there was an answer */
  knows(step) {
    if (step !== "N") return this.#newest[step]?.known;
    return this.#minutes && [...this.#minutes.values()].some(({ known }) => known);
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

  #begin() {
    this.#schedules.clear();
    const perSecond = STEPS.map((step) => (1000 * this.#most(step)) / LENGTHS[step]);
    this.#size = this.#base && pulseSize(this.#base, perSecond.reduce((one, other) => one + other));
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
      for (const { code, offset } of this.#schedule(step, start)) pulses.push({ code, at: start + offset });
    }
    return pulses.filter(({ at }) => from <= at && at < to);
  }

  #schedule(step, start) {
    const period = this.period(step, start);
    if (!period?.known || !this.#size) return [];
    const key = `${step} ${period.name}`;
    let pulses = this.#schedules.get(key);
    if (!pulses) {
      pulses = this.#replayed(step, period).flatMap(([code, value]) => this.#pulsesOf(step, period, code, value));
      this.#schedules.set(key, pulses);
    }
    return pulses;
  }

  /** The moments are random, because a published number does not say when in its period something happened. */
  #pulsesOf(step, { name }, code, value) {
    const seed = [this.indicator, step, name, code];
    const rest = fraction(...seed, "rest") < (value / this.#size) % 1 ? 1 : 0;
    const count = Math.floor(value / this.#size) + rest;
    return Array.from({ length: count }, (_, i) => ({ code, offset: fraction(...seed, i) * LENGTHS[step] }));
  }
}
