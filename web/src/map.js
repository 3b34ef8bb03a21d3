/** The map of the first page and of its embedded version: README.md lists the data that the page gives it. */

import { numbersAddress, periodAddress } from "./address.js";
import { Chart } from "./chart.js";
import { ServerClock } from "./clock.js";
import { choiceOfAddress, controls, pushChoice } from "./controls.js";
import { explore } from "./explore.js";
import { pictureFrom } from "./geometry.js";
import { drawLegend } from "./legend.js";
import { viewButtons, waysToCount } from "./map_controls.js";
import { NewestAnswers, numberOf, numbersFrom } from "./numbers.js";
import { bringUpToDate } from "./page.js";
import { addressesOf, dataOf, namesOnPage } from "./page_data.js";
import { backoff, Poll, Question } from "./polling.js";
import { classOf, limitsFor } from "./scale.js";
import { countrySentence, coverageSentence, periodText } from "./sentences.js";
import { html, part, set } from "./svg.js";
import { wordsOf } from "./words.js";

const WINDOW_EVERY = 60_000;
const DAYS_EVERY = 600_000;
/** The windows that end with the newest published day. */
const OF_DAYS = new Set(["P7D", "P30D", "P365D"]);
const NO_PERIOD = { coverage: [], observations: [] };
/** @type {import("./numbers.js").Numbers} */
const NOTHING = { known: false, provisional: false, coverage: undefined, base: 1, cells: new Map(), withheld: new Map() };

class LiveMap {
  /** @type {Chart | undefined} */
  chart;
  /** @type {ReturnType<typeof explore> | undefined} */
  explorer;
  /** @type {Record<string, Question>} */
  questions = {};
  /** @type {Record<string, string>} the end of the newest period that was asked for, by step */
  ends = {};

  constructor(root) {
    const { language, total, indicator, window, ...addresses } = root.dataset;
    const texts = dataOf("map-words");
    this.root = root;
    this.frame = part(root, "map-frame");
    set(part(this.frame, "map-state", "p"), { role: "status" });
    this.total = total;
    this.addresses = addressesOf(addresses);
    this.words = wordsOf(texts, language, namesOnPage());
    this.usualRates = dataOf("map-usual-rates");
    const offered = { indicator: Object.keys(texts.titles), window: Object.keys(texts.periods) };
    this.defaults = { indicator, window, offered };
    this.choice = choiceOfAddress(this.defaults);
    this.numbers = NOTHING;
    this.newest = new NewestAnswers();
    this.clock = new ServerClock();
    this.strip = document.getElementById("map-live");
    this.live = null;
    this.poll = new Poll((failures, refused) => this.tellFailures(failures, refused), (...heard) => this.clock.hear(...heard));
  }

  async start() {
    controls(this.defaults, (choice) => this.choose(choice));
    this.ask();
    this.questions.chosenNumbers.isPreloaded = true;
    this.draw(await retry(() => pictureFrom(this.addresses.europe)));
    this.paint();
  }

  draw(europe) {
    const { frame, words } = this;
    const label = words.say("map");
    const changed = () => {
      this.explorer?.refresh();
      this.live?.moved();
    };
    const world = () => retry(() => pictureFrom(this.addresses.world));
    const moving = () => retry(() => import(this.addresses.zoom));
    this.chart = new Chart(frame, europe, { label, address: (code) => this.countryPage(code), world, moving, changed });
    this.explorer = explore(this.chart, (code) => this.tell(code), "NO", words.say("tap_again"));
    const help = html("p", { id: "map-keys", class: "map-keys" }, words.say("keys"));
    set(this.chart.svg, { "aria-describedby": help.id });
    frame.append(viewButtons(words, this.chart), help);
    if (this.strip) this.beginLive();
  }

  /** The live part of the page, which the first picture does not need. */
  async beginLive() {
    const { Live } = await retry(() => import(this.addresses.liveScript));
    this.live = new Live(this.strip, this);
    Object.assign(this.questions, this.liveQuestions());
    this.live.showOn(this.chart);
    this.poll.set(Object.values(this.questions));
    if (this.answer) this.takeEnds(this.answer);
  }

  /** Per head or as a count: the table has both, so the map offers the choice. */
  offerWays() {
    if (this.root.querySelector(".map-per")) return;
    const choose = (per) => this.choose(pushChoice({ ...this.choice, per }));
    part(this.root, "map-legend").after(waysToCount(this.words, this.choice.per, choose));
  }

  choose(choice) {
    const same = choice.window === this.choice.window && choice.day === this.choice.day;
    const sameNumbers = same && choice.indicator === this.choice.indicator;
    this.choice = choice;
    if (!sameNumbers) Object.assign(this, { numbers: NOTHING, answer: null });
    this.paint();
    if (!sameNumbers) this.ask();
    this.askPage();
    for (const radio of this.root.querySelectorAll("[name=per]")) radio.checked = radio.value === choice.per;
  }

  /** The chosen numbers first, then the live ones. */
  ask() {
    this.page = new Question(location.href, bringUpToDate, Infinity, "text");
    this.page.due = Infinity;
    const address = numbersAddress(this.choice, this.addresses);
    const chosenNumbers = this.newestOf(address, (answer) => this.take(answer), WINDOW_EVERY);
    this.questions = { chosenNumbers, page: this.page, ...(this.live && this.liveQuestions()) };
    this.poll.set(Object.values(this.questions));
  }

  /**
   * A question whose newest answer so far is read, even if a cache gives an older one.
   * @param {string} address @param {(answer: any) => void} read @param {number} [every]
   */
  newestOf(address, read, every) {
    return new Question(address, (answer) => read(this.newest.add(address, answer)), every);
  }

  liveQuestions() {
    const { choice, addresses, live } = this;
    this.ends = {};
    live.begin(choice.indicator);
    const address = `${addresses.live}?${new URLSearchParams({ indicator: choice.indicator })}`;
    const ask = (window, read, every) => this.newestOf(numbersAddress({ ...choice, window }, addresses), read, every);
    const questions = { live: this.newestOf(address, (answer) => live.takeMinutes(answer)) };
    if (choice.window !== "P1D") questions.hours = ask("P1D", (answer) => this.takeHours(answer), WINDOW_EVERY);
    if (!OF_DAYS.has(choice.window)) questions.days = later(ask("P7D", (answer) => this.takeDays(answer), DAYS_EVERY));
    return questions;
  }

  /** Asks for the newest hour or day that is published, once there is a newer one. */
  askNewest(step, end) {
    if (!end) return this.live.takeNewest(step, NO_PERIOD);
    // A cache may still have an earlier answer.
    if (end <= (this.ends[step] ?? "")) return;
    this.ends[step] = end;
    const address = periodAddress(this.choice.indicator, step, end, this.addresses);
    this.questions[step] = later(new Question(address, (answer) => this.live.takeNewest(step, answer), Infinity));
    this.poll.set(Object.values(this.questions));
  }

  askPage() {
    if (!this.page || !document.querySelector("[data-part]")) return;
    // An ETag belongs to one address: another address may have the same one.
    if (this.page.address !== location.href) this.page.etag = null;
    Object.assign(this.page, { address: location.href, due: 0 });
    this.poll.set(Object.values(this.questions));
  }

  take(answer) {
    if (answer === this.answer) return;
    const again = this.numbers !== NOTHING;
    this.numbers = numbersFrom(answer);
    this.answer = answer;
    if (this.live) this.takeEnds(answer);
    this.paint();
    if (again) this.askPage();
  }

  /** The chosen window also says which hour or day is the newest. */
  takeEnds(answer) {
    if (this.choice.window === "P1D") this.takeHours(answer);
    if (OF_DAYS.has(this.choice.window)) this.takeDays(answer);
  }

  takeHours(answer) {
    this.live.takeTotal(numberOf(numbersFrom(answer), this.total, "count"));
    this.askNewest("H", answer.meta.end);
  }

  takeDays(answer) {
    this.askNewest("D", answer.meta.end);
  }

  paint() {
    const { chart, choice, numbers, words } = this;
    if (!chart || numbers.coverage === undefined) return;
    const limits = limitsFor(this.usualRates[choice.indicator], choice);
    const look = (code) => ({
      shade: classOf(numberOf(numbers, code, choice.per), limits),
      label: countrySentence(words, numbers, choice, code),
    });
    chart.paint(look, numbers.provisional);
    this.explorer?.refresh();
    this.offerWays();
    const title = words.say("legend", { title: words.say(`titles.${choice.indicator}.${choice.per}`), period: periodText(words, choice) });
    drawLegend(part(this.root, "map-legend"), { words, title, limits, provisional: numbers.provisional, withheld: numbers.withheld.size > 0 });
    this.paintUnlocated();
    this.tellCoverage();
  }

  paintUnlocated() {
    const box = part(this.root, "map-unlocated", "p");
    box.textContent = countrySentence(this.words, this.numbers, this.choice, "_U");
  }

  tellCoverage() {
    const { words, numbers, choice } = this;
    const text = coverageSentence(words, numbers, choice);
    // Most pages show the coverage themselves. Only if nothing is published, the map must say so.
    const place = numbers.known ? this.root.querySelector(".map-coverage") : part(this.root, "map-coverage", "p");
    if (place) place.textContent = text;
  }

  /** The text of the tooltip: the name, then the numbers. */
  tell(code) {
    const { words, numbers, choice } = this;
    const name = words.country(code);
    const sentence = countrySentence(words, numbers, choice, code);
    const said = sentence.startsWith(`${name}: `) ? sentence.slice(name.length + 2) : sentence;
    return [name, said, ...(numbers.provisional ? [words.say("provisional")] : [])];
  }

  tellFailures(failures, refused) {
    if (!failures) this.reached = this.clock.time();
    const state = part(this.frame, "map-state", "p");
    const text = failures ? this.failureText(refused) : "";
    if (state.textContent !== text) state.textContent = text;
    this.root.classList.toggle("map-unreached", failures > 0);
  }

  failureText(refused) {
    const { reached, words } = this;
    if (refused) return words.say("refused");
    return reached ? words.say("unreached_since", { time: words.minute(reached) }) : words.say("unreached");
  }

  countryPage(code) {
    return this.addresses.countryPage?.replace(/\bxx\b/, code.toLowerCase());
  }
}

/** A question that waits its turn, unlike the first ones of the page. */
function later(question) {
  return Object.assign(question, { due: performance.now() });
}

/** Repeats an attempt until it succeeds, with a backoff after each failure. */
async function retry(attempt) {
  for (let failures = 1; ; failures += 1) {
    try {
      return await attempt();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, backoff(failures)));
    }
  }
}

const root = document.getElementById("map");
if (root) new LiveMap(root).start();
