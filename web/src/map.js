/** The map of the first page and of its embedded version: README.md lists the data that the page gives it. */

import { questionFor } from "./address.js";
import { Chart } from "./chart.js";
import { chosen, choiceOfAddress, controls } from "./controls.js";
import { explore } from "./explore.js";
import { pictureFrom } from "./geometry.js";
import { drawLegend } from "./legend.js";
import { dotNames, drawHour, drawLatest, drawTotal, liveParts } from "./live.js";
import { arrived, hourFrom, minutesFrom, numberOf, numbersFrom } from "./numbers.js";
import { bringUpToDate } from "./page.js";
import { patience, Poll, Question } from "./polling.js";
import { classOf, thresholds } from "./scale.js";
import { countrySentence, coverageSentence, periodText } from "./sentences.js";
import { html, part, set } from "./svg.js";
import { wordsOf } from "./words.js";

const WINDOW_EVERY = 60_000;
const NOTHING = { known: false, provisional: false, coverage: undefined, end: null, cells: new Map(), withheld: new Map() };
const SINGLE = /^([A-Z]{2}|_U)$/;

class LiveMap {
  constructor(root) {
    const { language, total = "EUROPE", indicator, window, ...places } = root.dataset;
    const texts = JSON.parse(document.getElementById("map-words").textContent);
    this.root = root;
    this.frame = part(root, "map-frame");
    set(part(this.frame, "map-state", "p"), { role: "status" });
    this.total = total;
    this.places = placesOf(places);
    this.words = wordsOf(texts, language, namesOnPage());
    const offered = { indicator: Object.keys(texts.titles), window: Object.keys(texts.periods) };
    this.usual = { indicator, window, offered };
    this.choice = choiceOfAddress(this.usual);
    this.numbers = NOTHING;
    this.minutes = null;
    this.strip = document.getElementById("map-live");
    this.poll = new Poll((failures, refused) => this.tellFailures(failures, refused));
  }

  async start() {
    controls(document.getElementById("map-form"), this.usual, (choice) => this.choose(choice));
    this.ask();
    this.draw(await withPatience(() => pictureFrom(this.places.europe)));
    this.paint();
  }

  draw(europe) {
    const { frame, words } = this;
    const label = words.say("map");
    const changed = () => this.explorer?.refresh();
    const world = () => withPatience(() => pictureFrom(this.places.world));
    const moving = () => withPatience(() => import(this.places.zoom));
    this.chart = new Chart(frame, europe, { label, address: (code) => this.countryPage(code), world, moving, changed });
    this.explorer = explore(this.chart, (code) => this.tell(code), "NO");
    const help = html("p", { id: "map-keys", class: "map-keys" }, words.say("keys"));
    set(this.chart.svg, { "aria-describedby": help.id });
    frame.append(this.buttons(), help);
  }

  /** Per head or as a count: the table has both, so if the page does not offer the choice, the map does. */
  offerWays() {
    const asked = document.getElementById("map-form")?.elements.namedItem("per");
    if (!asked && !this.root.querySelector(".map-per")) this.frame.after(this.waysToCount());
  }

  waysToCount() {
    const { choice, words } = this;
    const radios = ["head", "count"].map((per) => {
      const radio = html("input", { type: "radio", name: "per", value: per });
      radio.checked = per === choice.per;
      radio.addEventListener("change", () => this.choose(chosen({ ...this.choice, per })));
      return html("label", {}, radio, words.say(`per_${per}`));
    });
    return html("fieldset", { class: "map-per" }, html("legend", {}, words.say("per")), ...radios);
  }

  buttons() {
    const { chart, words } = this;
    const button = (sign, key, press) => {
      const made = html("button", { type: "button", "aria-label": words.say(key), title: words.say(key) }, sign);
      made.addEventListener("click", press);
      return made;
    };
    const world = button(words.say("world"), "world_view", () => chart.show("world"));
    const europe = button(words.say("europe"), "europe_view", () => chart.show("europe"));
    const closer = button("+", "closer", () => chart.closer());
    const farther = button("−", "farther", () => chart.farther());
    return html("div", { class: "map-buttons" }, closer, farther, europe, world);
  }

  choose(choice) {
    const same = choice.window === this.choice.window && choice.day === this.choice.day;
    const sameNumbers = same && choice.indicator === this.choice.indicator;
    if (choice.indicator !== this.choice.indicator) this.minutes = null;
    this.choice = choice;
    if (!sameNumbers) this.numbers = NOTHING;
    this.paint();
    if (!sameNumbers) this.ask();
    this.askPage();
    for (const radio of this.root.querySelectorAll("[name=per]")) radio.checked = radio.value === choice.per;
  }

  /** The chosen numbers first, then the live ones. */
  ask() {
    const { choice, places } = this;
    this.page = new Question(location.href, bringUpToDate, Infinity, "text");
    this.page.due = Infinity;
    const questions = [new Question(questionFor(choice, places), (answer) => this.take(answer), WINDOW_EVERY), this.page];
    if (this.strip) {
      const live = `${places.live}?${new URLSearchParams({ indicator: choice.indicator })}`;
      questions.push(new Question(live, (answer) => this.takeMinutes(answer)));
      const day = questionFor({ ...choice, window: "P1D" }, places);
      if (choice.window !== "P1D") questions.push(new Question(day, (answer) => this.takeDay(answer), WINDOW_EVERY));
    }
    this.questions = questions;
    this.poll.set(questions);
  }

  askPage() {
    if (!document.querySelector("[data-part]")) return;
    // An ETag belongs to one address: another address may have the same one.
    if (this.page.address !== location.href) this.page.etag = null;
    Object.assign(this.page, { address: location.href, due: 0 });
    this.poll.set(this.questions);
  }

  take(answer) {
    const again = this.numbers !== NOTHING;
    this.numbers = numbersFrom(answer);
    if (this.strip && this.choice.window === "P1D") this.takeDay(answer);
    this.paint();
    if (again) this.askPage();
  }

  takeDay(answer) {
    const place = liveParts(this.strip).total;
    // If the server wrote the total, it comes with the page.
    if (!place.dataset.part) drawTotal(place, numberOf(numbersFrom(answer), this.total, "count"), this);
    else if (this.hasDay) this.askPage();
    this.hasDay = true;
  }

  takeMinutes(answer) {
    const minutes = minutesFrom(answer);
    const before = this.minutes;
    this.minutes = minutes;
    drawHour(liveParts(this.strip).hour, hourFrom(answer, this.total), this.words);
    if (before) this.light(arrived(before, minutes));
  }

  light(codes) {
    const named = [...codes].filter((code) => SINGLE.test(code));
    if (!named.length) return;
    this.chart?.light(named);
    dotNames(named);
    drawLatest(liveParts(this.strip).latest, named, this.words);
  }

  paint() {
    const { chart, choice, numbers, words } = this;
    if (!chart || numbers.coverage === undefined) return;
    const seen = countriesOf(numbers).map((code) => numberOf(numbers, code, choice.per)).filter((value) => value > 0);
    const cuts = thresholds(seen);
    const look = (code) => ({
      shade: classOf(numberOf(numbers, code, choice.per), cuts),
      label: countrySentence(words, numbers, choice, code),
    });
    chart.paint(look, numbers.provisional);
    this.explorer.refresh();
    this.offerWays();
    const title = words.say("legend", { title: words.say(`titles.${choice.indicator}.${choice.per}`), period: periodText(words, choice) });
    const least = seen.length ? Math.min(...seen) : null;
    drawLegend(part(this.root, "map-legend"), { words, title, cuts, least, provisional: numbers.provisional, withheld: numbers.withheld.size > 0 });
    this.paintUnlocated();
    this.tellCoverage();
  }

  paintUnlocated() {
    const box = part(this.root, "map-unlocated", "p");
    set(box, { "data-country": "_U" });
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
    const [name, ...rest] = [words.country(code), countrySentence(words, numbers, choice, code)];
    const said = rest[0].startsWith(`${name}: `) ? rest[0].slice(name.length + 2) : rest[0];
    return [name, said, ...(numbers.provisional ? [words.say("provisional")] : [])];
  }

  tellFailures(failures, refused) {
    if (!failures) this.reached = Date.now();
    const state = part(this.frame, "map-state", "p");
    const text = failures ? this.words.say(...this.failureText(refused)) : "";
    if (state.textContent !== text) state.textContent = text;
    this.root.classList.toggle("map-unreached", failures > 0);
  }

  failureText(refused) {
    if (refused) return ["refused"];
    return this.reached ? ["unreached_since", { time: this.words.time(this.reached) }] : ["unreached", {}];
  }

  countryPage(code) {
    return this.places.country?.replace(/\{code\}|\bxx\b/, code.toLowerCase());
  }
}

function placesOf({ api = "/api/v1/", europe, world, zoom, countryPage }) {
  return {
    aggregates: `${api}aggregates/`,
    windows: `${api}aggregates/windows/`,
    live: `${api}aggregates/live/`,
    europe,
    world,
    zoom,
    country: countryPage,
  };
}

/** The names of countries in the table, which the map uses too. */
function namesOnPage() {
  const rows = document.querySelectorAll("tr[data-country] > th");
  return new Map([...rows].map((name) => [name.parentNode.dataset.country, name.textContent.trim()]));
}

function countriesOf(numbers) {
  return [...numbers.cells.keys()].filter((code) => SINGLE.test(code) && code !== "_U");
}

/** Repeats an attempt until it succeeds. */
async function withPatience(attempt) {
  for (let failures = 1; ; failures += 1) {
    try {
      return await attempt();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, patience(failures)));
    }
  }
}

const root = document.getElementById("map");
if (root) new LiveMap(root).start();
