/** How far a key moves a handle of the range: by the periods that the chart shows, so that each press changes it. */

export const DAY = 86_400_000;
const BACK = new Set(["ArrowLeft", "ArrowDown"]);
const ON = new Set(["ArrowRight", "ArrowUp"]);
/** A page moves a tenth of the slider, as in browsers. */
const PAGE = 10;

/**
 * @param {string} key @param {{first: string, days: number, longest: number, step: string | undefined}} handle its
 * place in days from the first one
 * @returns {number | null} its next place, or null if the browser does the same or the key is not for it
 */
export function nextDay(key, { first, days, longest, step }) {
  const months = { M: 1, A: 12 }[step ?? ""];
  const length = months ? (months * 365.25) / 12 : step === "W" ? 7 : 1;
  const pages = Math.max(1, Math.round(longest / length / PAGE));
  const sign = ON.has(key) || key === "PageUp" ? 1 : BACK.has(key) || key === "PageDown" ? -1 : 0;
  if (!sign) return null;
  const count = sign * (key.startsWith("Page") ? pages : 1);
  const next = months ? daysBetween(first, plusMonths(isoDay(first, days), count * months)) : days + count * length;
  return Math.min(longest, Math.max(0, next));
}

/** @returns the same day of another month, or its last day if it is shorter */
function plusMonths(day, count) {
  const [year, month, date] = day.split("-").map(Number);
  const last = new Date(Date.UTC(year, month + count, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 + count, Math.min(date, last))).toISOString().slice(0, 10);
}

export function daysBetween(first, day) {
  return Math.round((Date.parse(day) - Date.parse(first)) / DAY);
}

export function isoDay(first, days) {
  return new Date(Date.parse(first) + days * DAY).toISOString().slice(0, 10);
}
