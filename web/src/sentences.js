/** Sentences about a country, for its tooltip, for a screen reader and below the map. */

import { numberOf, rateDecimals } from "./numbers.js";

/** @returns {string} "Norway: 120 downloads in the last 7 days, 2.1 per 100,000 inhabitants" */
export function countrySentence(words, numbers, choice, code) {
  const told = { country: words.country(code), period: periodText(words, choice) };
  const step = numbers.withheld.get(code);
  if (step) return words.say(`country_withheld.${step}`, told);
  const [value, rate] = [numberOf(numbers, code, "count"), numberOf(numbers, code, "head")];
  if (value === null) return words.say("country_unknown", told);
  const count = words.count(choice.indicator, value);
  if (rate === null) return words.say("country_count", { ...told, count });
  return words.say("country_rate", { ...told, count, rate: words.rate(rate, rateDecimals(numbers.base, value, rate)) });
}

/** @returns {string} "in the last 7 days" */
export function periodText(words, choice) {
  if (choice.window === "day") return words.say("periods.day", { day: words.day(choice.day) });
  return words.say(`periods.${choice.window}`);
}

/** @returns {string} how many of the expected agencies have reported, or that nothing is published */
export function coverageSentence(words, numbers, choice) {
  const period = periodText(words, choice);
  if (!numbers.coverage) return words.say("nothing_published", { period });
  const { agencies_reporting: reporting, agencies_expected: expected, counted_from: since } = numbers.coverage;
  const { agencies_awaited: awaited, awaited_until: until } = numbers.coverage;
  if (!expected) return words.say("nobody_expected", { period });
  const told = words.say("coverage", { period, reporting: words.number(reporting), expected: words.number(expected) });
  if (until) {
    const when = `${words.day(until)}, ${words.minute(until)}\u00a0UTC`;
    const wait = { awaited: words.number(awaited), all: words.number(expected), until: when };
    return `${told} · ${words.plural("awaited", awaited, wait)}`;
  }
  return since ? `${told} · ${words.say("counted_from", { day: words.day(since) })}` : told;
}
