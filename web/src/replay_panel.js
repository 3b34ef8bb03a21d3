/** The words of the replay: its clock, its counter, a button that pauses it, and what a pulse means. */

import { html, part } from "./svg.js";
import { TickingClock } from "./clock_face.js";
import { HOUR } from "./replay.js";

export class ReplayPanel {
  #isPaused = false;

  /**
   * @param {HTMLElement} place contains sentences of the page. They reserve its space, and are invisible until the first
   * call of explain
   * @param {import("./words.js").Words} words @param {(isPaused: boolean) => void} pause
   */
  constructor(place, words, pause) {
    this.place = place;
    this.words = words;
    this.pause = pause;
    this.clock = new TickingClock(part(place, "live-time"), words);
    this.button = part(place, "live-pause");
    this.button.addEventListener("click", () => this.#press());
  }

  /** @param {number} now the instant that is shown @param {{known: boolean, reducedMotion: boolean}} given whether its minute is known */
  showClock(now, { known, reducedMotion }) {
    this.clock.show(known ? "live_clock" : "live_waiting", now, known && !reducedMotion);
  }

  /** Until the next explanation, because the words are about something else. */
  hide() {
    this.place.classList.remove("begun");
  }

  showCount(indicator, shown) {
    say(part(this.place, "live-shown"), this.words.say("live_shown", { count: this.words.count(indicator, shown) }));
  }

  /** @param {import("./replay.js").Replay} replay @param {{at: number, reducedMotion: boolean}} moment */
  explain(replay, { at, reducedMotion }) {
    const { words } = this;
    const count = words.count(replay.indicator, replay.size);
    const meaning = reducedMotion ? words.say("live_still") : words.say("live_pulse", { count });
    say(part(this.place, "live-pulse"), meaning);
    const lines = [this.#minutes(replay, at), this.#hour(replay), this.#day(replay), words.say("live_step.none")];
    part(this.place, "live-step-list").replaceChildren(...lines.filter(Boolean).map((line) => html("li", {}, line)));
    this.place.classList.add("begun");
  }

  #minutes(replay, at) {
    const minute = replay.period("N", at);
    return minute && replay.knows("N") ? this.words.say(minute.known ? "live_step.N" : "live_step.unknown") : null;
  }

  #hour(replay) {
    if (!replay.knows("H")) return null;
    const start = Date.parse(`${replay.period("H").name}Z`);
    const [from, to] = [start, start + HOUR].map(this.words.minute);
    return this.words.say("live_step.H", { start: from, end: to });
  }

  #day(replay) {
    return replay.knows("D") ? this.words.say("live_step.D", { day: this.words.day(replay.period("D").name) }) : null;
  }

  #press() {
    this.#isPaused = !this.#isPaused;
    this.button.textContent = this.words.say(this.#isPaused ? "live_resume" : "live_pause");
    this.pause(this.#isPaused);
  }
}

function say(place, text) {
  if (place.textContent !== text) place.textContent = text;
}
