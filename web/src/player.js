/** Plays the replay ten seconds at a time, or by the minute without pulses. Nothing runs while the page is hidden. */

import { DELAY, MINUTE } from "./replay.js";

/** Few turns are cheap: the browser draws the page again in each. Within one, pulses move without the script. */
export const TURN = 10_000;
/** Pulses that are later than this, in milliseconds, are left out. */
const LATE = 1_000;

/** @typedef {{at: number, from: number, to: number, now: number, still: boolean}} Played a turn that is played at `now` */

/**
 * @param {number} now the instant that is shown @param {number | null} until which instant has been played, if any
 * @param {boolean} still whether it plays by the minute, without pulses
 * @returns {{at: number, from: number, to: number, wait: number}} the beginning of the turn, the time to play now, and how
 * long to wait for the next turn. Time that was missed is left out, so that nothing comes in a burst.
 */
export function turn(now, until, still) {
  const span = still ? MINUTE : TURN;
  const at = Math.floor(now / span) * span;
  // Pulses are drawn ahead, each with its delay. A number is counted once its minute is over.
  const to = still ? at : at + span;
  const begun = until === null || until > to + span ? now : until;
  const oldest = still ? to - span : now - LATE;
  return { at, from: Math.max(begun, oldest), to, wait: at + span - now };
}

export class Player {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer = undefined;
  /** @type {number | null} */
  #until = null;
  #isPaused = false;
  #wantsStill = matchMedia("(prefers-reduced-motion: reduce)");

  /**
   * @param {import("./clock.js").ServerClock} clock
   * @param {(played: Played) => void} play
   * @param {() => void} rest is called when nothing plays any more
   */
  constructor(clock, play, rest) {
    this.clock = clock;
    this.play = play;
    this.rest = rest;
    document.addEventListener("visibilitychange", () => this.start());
    this.#wantsStill.addEventListener("change", () => this.start());
  }

  get runs() {
    return this.#timer !== undefined;
  }

  /** Begins anew with what is to be shown now, if somebody looks and the time is known. */
  start() {
    this.stop();
    if (!document.hidden && !this.#isPaused) this.#turn();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#until = null;
    this.rest();
  }

  /** @param {boolean} isPaused */
  pause(isPaused) {
    this.#isPaused = isPaused;
    this.start();
  }

  #turn() {
    const time = this.clock.time();
    if (time === null) return;
    const still = this.#wantsStill.matches;
    const now = time - DELAY;
    const { at, from, to, wait } = turn(now, this.#until, still);
    this.#until = Math.max(from, to);
    this.#timer = setTimeout(() => this.#turn(), wait);
    this.play({ at, from, to, now, still });
  }
}
