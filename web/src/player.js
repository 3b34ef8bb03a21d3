/** Plays the replay ten seconds at a time, or by the minute without pulses. Nothing runs while the page is hidden. */

import { DELAY, MINUTE } from "./replay.js";

/** The browser draws the page again in each turn, so few turns are cheap. Between them, pulses move without the script. */
export const TURN = 10_000;
/** Pulses that are later than this, in milliseconds, are left out. */
const LATE = 1_000;

/** @typedef {{at: number, from: number, to: number, now: number, reducedMotion: boolean}} Played a turn that is played at `now` */

/**
 * @param {number} now the instant that is shown @param {number | null} until which instant has been played, if any
 * @param {boolean} reducedMotion whether it plays by the minute, without pulses
 * @returns {{at: number, from: number, to: number, wait: number}} the beginning of the turn, the time to play now, and how
 * long to wait for the next turn. Time that was missed is left out, so that nothing comes in a burst.
 */
export function turn(now, until, reducedMotion) {
  const span = reducedMotion ? MINUTE : TURN;
  const at = Math.floor(now / span) * span;
  // Pulses are drawn ahead, each with its delay. A number is counted once its minute is over.
  const to = reducedMotion ? at : at + span;
  // If the server's clock was set back, the replay starts again with the present moment.
  const begun = until === null || until > to + span ? now : until;
  const oldest = reducedMotion ? to - span : now - LATE;
  return { at, from: Math.max(begun, oldest), to, wait: at + span - now };
}

export class Player {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer = undefined;
  /** @type {number | null} */
  #until = null;
  #isPaused = false;
  #reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

  /**
   * @param {import("./clock.js").ServerClock} clock
   * @param {(played: Played) => void} play
   * @param {() => void} rest is called at each stop, also when it starts again at once
   */
  constructor(clock, play, rest) {
    this.clock = clock;
    this.play = play;
    this.rest = rest;
    document.addEventListener("visibilitychange", () => this.start());
    this.#reducedMotion.addEventListener("change", () => this.start());
  }

  get runs() {
    return this.#timer !== undefined;
  }

  /** Starts again with the present moment, unless the page is hidden, the replay is paused or the time is not known. */
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
    const reducedMotion = this.#reducedMotion.matches;
    const now = time - DELAY;
    const { at, from, to, wait } = turn(now, this.#until, reducedMotion);
    this.#until = Math.max(from, to);
    this.#timer = setTimeout(() => this.#turn(), wait);
    this.play({ at, from, to, now, reducedMotion });
  }
}
