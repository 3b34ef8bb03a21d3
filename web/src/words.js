/** The words of the page, in its language. README.md lists their keys. */

/** If a language is written in several ways, the way of its European country. */
const HERE = { en: "en-GB", pt: "pt-PT" };
/** Groups digits as the server does, also in languages that do not group four digits. */
const GROUPED = { useGrouping: "always" };

/**
 * @param {Record<string, any>} texts @param {string} tag @param {Map<string, string>} names of countries, as the page writes them
 * `say` fills a text in, `count` also chooses the plural.
 */
export function wordsOf(texts, tag, names = new Map()) {
  const language = HERE[tag] ?? tag;
  const number = new Intl.NumberFormat(language, GROUPED);
  const plural = new Intl.PluralRules(language);
  const say = (key, values = {}) => fill(textAt(texts, key), values);
  return {
    say,
    number: (value) => number.format(value),
    count: (key, value) => {
      const forms = textAt(texts, key);
      if (typeof forms === "string") return fill(forms, { value: number.format(value) });
      return fill(forms[plural.select(value)] ?? forms.other, { value: number.format(value) });
    },
    rate: fixed(language, 2, 2),
    short: fixed(language, 0, 2),
    country: countryNames(language, texts, names),
    day: dates(language, { dateStyle: "long", timeZone: "UTC" }),
    time: dates(language, { hour: "2-digit", minute: "2-digit" }),
    minute: dates(language, { hour: "2-digit", minute: "2-digit", timeZone: "UTC" }),
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

function fixed(language, minimumFractionDigits, maximumFractionDigits) {
  const form = new Intl.NumberFormat(language, { ...GROUPED, minimumFractionDigits, maximumFractionDigits });
  return (value) => form.format(value);
}

function countryNames(language, texts, written) {
  let names;
  return (code) => {
    if (code === "_U") return textAt(texts, "unlocated");
    return written.get(code) ?? (names ??= new Intl.DisplayNames(language, { type: "region", fallback: "code" })).of(code);
  };
}

function dates(language, form) {
  let format;
  // Made at the first use: making one takes time, for which the first picture would wait.
  return (instant) => (format ??= new Intl.DateTimeFormat(language, form)).format(new Date(instant));
}
