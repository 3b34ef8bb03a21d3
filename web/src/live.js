/**
 * The live part of the page: the last hour, the total of the last day, and the replay with its clock and pulses. A module
 * of its own, loaded after the first picture.
 */

import { agenciesOf, hourFrom, withheldFrom } from "./numbers.js";
import { Player, TURN } from "./player.js";
import { Pulses } from "./pulses.js";
import { minuteName, Replay } from "./replay.js";
import { ReplayPanel } from "./replay_panel.js";
import { drawHour, drawTotal, markMinute } from "./strip.js";
import { part } from "./svg.js";

export class Live {
  /** @type {Replay} */
  #replay;
  /** @type {Pulses | undefined} */
  #pulses;
  /** @type {Record<string, number>} the events shown since the page was opened, by indicator */
  #counted = {};
  /** @type {{at: number, reducedMotion: boolean} | null} the beginning of the turn that was played last */
  #moment = null;
  #minute = "";
  #isExplained = false;

  /**
   * @param {HTMLElement} place
   * @param {{words: import("./words.js").Words, clock: import("./clock.js").ServerClock, total: string,
   *   choice: import("./address.js").Choice}} given
   */
  constructor(place, { words, clock, total, choice }) {
    this.words = words;
    this.total = total;
    this.members = new Set(place.dataset.members?.split(" "));
    this.indicator = choice.indicator;
    this.#replay = new Replay(this.indicator);
    this.parts = { total: part(place, "live-total", "p"), hour: part(place, "live-hour") };
    this.panel = new ReplayPanel(part(place, "live-replay"), words, (paused) => this.player.pause(paused));
    this.player = new Player(clock, (played) => this.#play(played), () => this.#rest());
  }

  /** Begins with the numbers of another indicator. @param {string} indicator */
  begin(indicator) {
    if (indicator === this.indicator) return;
    this.player.stop();
    this.indicator = indicator;
    this.#replay = new Replay(indicator);
    this.#isExplained = false;
    this.panel.hide();
  }

  /** Pulses need a map that is drawn. @param {import("./chart.js").Chart} chart */
  showOn(chart) {
    this.#pulses = new Pulses(chart, TURN, () => this.#goOn(true));
    this.#goOn(false);
  }

  /** The map has another view or place in its frame. */
  moved() {
    this.#pulses?.place();
  }

  takeMinutes(answer) {
    const isLate = !this.#hasMinute();
    drawHour(this.parts.hour, hourFrom(answer, this.total), agenciesOf(answer), this.words);
    // These bars are new. While the replay is paused, no turn would mark one of them.
    markMinute(this.parts.hour, this.#minute);
    this.#replay.takeMinutes(answer, withheldFrom(answer));
    this.#isExplained = false;
    this.#goOn(isLate && this.#hasMinute());
  }

  /** @param {"H" | "D"} step @param {object} answer the newest published period of this step */
  takeNewest(step, answer) {
    const knew = this.#replay.knows(step);
    this.#replay.takeNewest(step, answer);
    this.#isExplained = false;
    this.#goOn(!knew && Boolean(this.#replay.knows(step)));
  }

  /** @param {number | null} value of the last 24 hours */
  takeTotal(value) {
    drawTotal(this.parts.total, value, this);
  }

  #hasMinute() {
    return this.#moment !== null && this.#replay.hasMinute(this.#moment.at);
  }

  /** Plays, or only explains while the replay is paused. @param {boolean} atOnce whether something new cannot wait for the next turn */
  #goOn(atOnce) {
    if (!this.#pulses || !this.#replay.isReady) return;
    if (atOnce || !this.player.runs) this.player.start();
    if (!this.player.runs && this.#moment) this.#explain(this.#moment);
  }

  /** @param {import("./player.js").Played} played */
  #play({ at, from, to, now, reducedMotion }) {
    const replay = this.#replay;
    if (!replay.isReady) return;
    if (reducedMotion !== this.#moment?.reducedMotion) this.#isExplained = false;
    this.#moment = { at, reducedMotion };
    this.#pulses?.tidy();
    // While the server cannot be reached, nothing is replayed.
    for (const pulse of replay.hasMinute(from) ? replay.between(from, to) : []) {
      const amount = this.members.has(pulse.code) ? replay.size : 0;
      if (reducedMotion) this.#add(amount);
      else this.#pulses?.add(pulse.code, Math.max(0, pulse.at - now), amount);
    }
    this.panel.showClock(now, { known: this.#hasMinute(), reducedMotion });
    this.#count();
    this.#explain(this.#moment);
  }

  /** Pulses are drawn ahead, and counted once they have begun. */
  #count() {
    this.#add(this.#pulses?.takeBegun() ?? 0);
    this.panel.showCount(this.indicator, this.#counted[this.indicator]);
  }

  #add(amount) {
    this.#counted[this.indicator] = (this.#counted[this.indicator] ?? 0) + amount;
  }

  #rest() {
    this.#count();
    this.#pulses?.clear();
    this.panel.clock.stop();
  }

  /**
   * Writes the sentences that change only with the minute, the numbers, or the wish for less motion.
   * @param {{at: number, reducedMotion: boolean}} moment
   */
  #explain(moment) {
    const minute = minuteName(moment.at);
    if (this.#isExplained && minute === this.#minute) return;
    this.#minute = minute;
    this.#isExplained = true;
    markMinute(this.parts.hour, minute);
    this.panel.explain(this.#replay, moment);
  }
}
