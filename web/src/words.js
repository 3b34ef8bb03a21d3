/** The words of the page, in its language. README.md lists their keys. */

/** If a language is written in several ways, the way of its European country. */
const HERE = { en: "en-GB", pt: "pt-PT" };
/** Groups digits as the server does, also in languages that do not group four digits. */
const GROUPED = /** @type {const} */ ({ useGrouping: "always" });
/** A reader remembers no more digits of a rate. */
const RATE_DIGITS = 3;

/** @typedef {ReturnType<typeof wordsOf>} Words */

/**
 * @param {Record<string, any>} texts @param {string} tag @param {Map<string, string>} names of countries, as the page writes them
 * `say` fills a text in, `plural` also chooses the plural of a number. `count` has a number of an indicator with its unit.
 */
export function wordsOf(texts, tag, names = new Map()) {
  const language = HERE[tag] ?? tag;
  const number = new Intl.NumberFormat(language, GROUPED);
  const plural = new Intl.PluralRules(language);
  const say = (key, values = {}) => fill(textAt(texts, key), values);
  const pluralised = (key, value, values) => {
    const forms = textAt(texts, key);
    return fill(typeof forms === "string" ? forms : (forms[plural.select(value)] ?? forms.other), values);
  };
  return {
    say,
    number: (value) => number.format(value),
    plural: pluralised,
    count: (indicator, value) => pluralised(`counts.${indicator}`, value, { value: number.format(value) }),
    rate: rates(language),
    country: countryNames(language, texts, names),
    day: dayWriter(tag),
    minute: dates(language, { hour: "2-digit", minute: "2-digit", timeZone: "UTC" }),
    second: dates(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: "UTC" }),
  };
}

/** Replaces the names in braces by their values. */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

function textAt(texts, key) {
  const text = key.split(".").reduce((inner, name) => inner?.[name], texts);
  if (text === undefined) throw new Error(`The page has no words for ${key}`);
  return text;
}

/** Writes a rate with the decimals that it has, but with at most three digits after leading zeros, as the server does. */
function rates(language) {
  const forms = new Map();
  return (value, own) => {
    const shown = Number(value.toPrecision(RATE_DIGITS));
    const decimals = value ? Math.max(0, Math.min(own, RATE_DIGITS - 1 - Math.floor(Math.log10(shown)))) : 0;
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    if (!forms.has(decimals)) forms.set(decimals, new Intl.NumberFormat(language, { ...GROUPED, ...digits }));
    return forms.get(decimals).format(value);
  };
}

function countryNames(language, texts, written) {
  let names;
  return (code) => {
    if (code === "_U") return textAt(texts, "unlocated");
    return written.get(code) ?? (names ??= new Intl.DisplayNames(language, { type: "region", fallback: "code" })).of(code);
  };
}

/** Writes a day in full, as the server does: French writes the first day of a month as an ordinal, which CLDR does not. */
export function dayWriter(tag) {
  const write = dates(HERE[tag] ?? tag, { dateStyle: "long", timeZone: "UTC" });
  return tag === "fr" ? (instant) => write(instant).replace(/^1 /, "1er ") : write;
}

function dates(language, form) {
  let format;
  // Made at the first use: making one takes time, for which the first picture would wait.
  return (instant) => (format ??= new Intl.DateTimeFormat(language, form)).format(new Date(instant));
}
