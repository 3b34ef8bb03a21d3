/**
 * The live part of the page: the last hour, the total of the last day, and the replay with its clock and pulses. A module
 * of its own, loaded after the first picture.
 */

import { agenciesOf, hourFrom, isOlder, withheldFrom } from "./numbers.js";
import { Player, TURN } from "./player.js";
import { Pulses } from "./pulses.js";
import { minuteName, Replay } from "./replay.js";
import { ReplayPanel } from "./replay_panel.js";
import { drawHour, drawTotal, markMinute } from "./strip.js";
import { part } from "./svg.js";

export class Live {
  /** @type {Replay} */
  #replay;
  /** @type {{meta: {end: string, version: number}} | null} */
  #newest = null;
  /** @type {Pulses | undefined} */
  #pulses;
  /** @type {Record<string, number>} the events shown since the page was opened, by indicator */
  #counted = {};
  /** @type {{begins: number, amount: number}[]} pulses in Europe that are drawn, but not counted yet; `begins` in the page's time */
  #drawn = [];
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
    this.#newest = null;
    this.#isExplained = false;
  }

  /** Pulses need a map that is drawn. @param {import("./chart.js").Chart} chart */
  showOn(chart) {
    this.#pulses = new Pulses(chart, TURN, () => this.#replay.until && this.player.start());
    this.#wake();
  }

  /** The map has another view or place in its frame. */
  moved() {
    this.#pulses?.place();
  }

  takeMinutes(answer) {
    if (isOlder(answer, this.#newest)) return;
    this.#newest = answer;
    drawHour(this.parts.hour, hourFrom(answer, this.total), agenciesOf(answer), this.words);
    // These bars are new. While the replay is paused, no turn would mark one of them.
    markMinute(this.parts.hour, this.#minute);
    this.#replay.takeMinutes(answer, withheldFrom(answer));
    this.#isExplained = false;
    this.#wake();
  }

  /** @param {"H" | "D"} step @param {object} answer the newest published period of this step */
  takeNewest(step, answer) {
    const knew = this.#replay.knows(step);
    this.#replay.takeNewest(step, answer);
    this.#isExplained = false;
    // The first numbers of a step need not wait for the next turn.
    if (!knew && this.#replay.knows(step) && this.player.runs) this.player.start();
  }

  /** @param {number | null} value of the last 24 hours */
  takeTotal(value) {
    drawTotal(this.parts.total, value, this);
  }

  #wake() {
    if (this.#pulses && this.#replay.until && !this.player.runs) this.player.start();
  }

  /** @param {import("./player.js").Played} played */
  #play({ at, from, to, now, reducedMotion }) {
    const replay = this.#replay;
    const known = at < replay.until;
    const pulses = known ? replay.between(from, to) : [];
    this.#count();
    this.#pulses?.tidy();
    if (reducedMotion) this.#add(replay.size * this.#inEurope(pulses).length);
    else this.#draw(pulses, now);
    this.panel.showClock(now, { known, reducedMotion });
    this.panel.showCount(this.indicator, this.#counted[this.indicator] ?? 0);
    this.#explain(minuteName(at), { at, reducedMotion });
  }

  /** Pulses are drawn ahead, each with its delay. Those that are drawn are counted later, once they have begun. */
  #draw(pulses, now) {
    const delay = (pulse) => Math.max(0, pulse.at - now);
    const drawn = pulses.filter((pulse) => this.#pulses?.add(pulse.code, delay(pulse)));
    const amount = this.#replay.size;
    this.#drawn.push(...this.#inEurope(drawn).map((pulse) => ({ begins: performance.now() + delay(pulse), amount })));
  }

  #inEurope(pulses) {
    return pulses.filter(({ code }) => this.members.has(code));
  }

  #count() {
    const now = performance.now();
    for (const { begins, amount } of this.#drawn) if (begins <= now) this.#add(amount);
    this.#drawn = this.#drawn.filter(({ begins }) => begins > now);
  }

  #add(amount) {
    this.#counted[this.indicator] = (this.#counted[this.indicator] ?? 0) + amount;
  }

  #rest() {
    this.#count();
    this.#drawn = [];
    this.panel.showCount(this.indicator, this.#counted[this.indicator] ?? 0);
    this.#pulses?.clear();
    this.panel.clock.stop();
  }

  /**
   * Writes the sentences that change only with the minute or with the numbers.
   * @param {string} minute @param {{at: number, reducedMotion: boolean}} moment
   */
  #explain(minute, moment) {
    if (this.#isExplained && minute === this.#minute) return;
    this.#minute = minute;
    this.#isExplained = true;
    markMinute(this.parts.hour, minute);
    this.panel.explain(this.#replay, moment);
  }
}
