import assert from "node:assert/strict";
import { test } from "node:test";

import { HOUR, MINUTE, pulseSize, randomNumbers, Replay } from "../src/replay.js";

const DAY = 24 * HOUR;
const MIDNIGHT = Date.parse("2026-12-01T00:00Z");
const NOON = MIDNIGHT + 12 * HOUR;

function answer(periods, values) {
  const coverage = Object.entries(periods).map(([period, status]) => ({ period, status }));
  const observations = values.map(([period, country, value]) => ({ period, country, value }));
  return { meta: { end: coverage.at(-1)?.period, rounding_base: 5 }, coverage, observations };
}

/** Germany by the minute, Norway by the hour, Malta by the day, Andorra by the month. */
function replay({ minute = "A", hour = "A", day = "A" } = {}) {
  const found = new Replay("DOWNLOADS");
  const minutes = [["2026-12-01T12:00", "DE", 30], ["2026-12-01T12:00", "EUROPE", 35], ["2026-12-01T12:00", "_U", 5]];
  found.takeMinutes(answer({ "2026-12-01T12:00": minute }, minutes), new Map([["NO", "H"], ["MT", "D"], ["AD", "M"]]));
  const hours = [["2026-12-01T10:00", "DE", 400], ["2026-12-01T10:00", "NO", 60]];
  found.takeNewest("H", answer({ "2026-12-01T10:00": hour }, hours));
  const days = [["2026-11-29", "DE", 9000], ["2026-11-29", "NO", 900], ["2026-11-29", "MT", 50], ["2026-11-29", "AD", 5]];
  found.takeNewest("D", answer({ "2026-11-29": day }, days));
  return found;
}

function countries(pulses) {
  const counts = {};
  for (const { code } of pulses) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

test("each country is replayed once, at its finest published step", () => {
  const { MT: ofTheDay, ...hour } = countries(replay().between(NOON, NOON + HOUR));
  assert.deepEqual(hour, { DE: 6, NO: 12 });
  assert.ok((ofTheDay ?? 0) <= 10);
  assert.deepEqual(countries(replay().between(MIDNIGHT, MIDNIGHT + DAY)), { DE: 6, NO: 24 * 12, MT: 10 });
});

test("a step of which nothing is known gives way to the next one, and one that has not come yet does not", () => {
  assert.equal(replay({ minute: "O" }).stepOf("DE"), "H");
  assert.equal(replay({ minute: "O", hour: "O" }).stepOf("DE"), "D");
  assert.deepEqual(replay({ minute: "O", hour: "O", day: "O" }).between(MIDNIGHT, MIDNIGHT + DAY), []);
  const young = new Replay("DOWNLOADS");
  young.takeMinutes(answer({ "2026-12-01T12:00": "O" }, []), new Map());
  assert.equal(young.stepOf("DE"), null);
});

test("a minute is there once it is public, and nobody waits for minutes that are never published", () => {
  assert.equal(replay().hasMinute(NOON), true);
  assert.equal(replay().hasMinute(NOON + MINUTE), false);
  const found = new Replay("HELP_VISITS");
  found.takeMinutes({ ...answer({}, []), meta: { end: "2026-12-01T12:00", rounding_base: 5 } }, new Map([["NO", "H"]]));
  found.takeNewest("H", answer({ "2026-12-01T10:00": "A" }, [["2026-12-01T10:00", "NO", 60]]));
  assert.equal(found.hasMinute(NOON), true);
  assert.equal(found.hasMinute(NOON + MINUTE), false);
  assert.deepEqual(countries(found.between(NOON, NOON + HOUR)), { NO: 12 });
});

test("a number that was corrected has other pulses, and so has a size that changed", () => {
  const found = replay();
  found.between(MIDNIGHT, MIDNIGHT + DAY);
  found.takeNewest("H", answer({ "2026-12-01T10:00": "A" }, [["2026-12-01T10:00", "NO", 90]]));
  assert.equal(countries(found.between(NOON, NOON + HOUR)).NO, 18);
  found.takeNewest("D", answer({ "2026-11-29": "A" }, [["2026-11-29", "MT", 5 * 2 * 86_400]]));
  assert.ok(found.size > 5);
  assert.ok(countries(found.between(NOON, NOON + HOUR)).NO < 18);
});

test("everybody sees the same pulses, whatever parts of the time they watch", () => {
  const whole = replay().between(NOON, NOON + MINUTE);
  const parts = Array.from({ length: 60 }, (_, i) => replay().between(NOON + i * 1000, NOON + (i + 1) * 1000)).flat();
  assert.deepEqual(parts, whole);
});

test("the moments of a period are spread over it, and differ between periods", () => {
  const moments = Array.from({ length: 2000 }, (_, i) => randomNumbers("DOWNLOADS H 2026-12-01T10:00 NO")(i));
  for (let tenth = 0; tenth < 10; tenth += 1) {
    const count = moments.filter((moment) => Math.floor(10 * moment) === tenth).length;
    assert.ok(count > 140 && count < 260, `${count} in tenth ${tenth}`);
  }
  assert.notEqual(randomNumbers("DOWNLOADS H 2026-12-01T11:00 NO")(0), moments[0]);
});

test("a pulse stands for the base of the rounding, or for more where they would be too many", () => {
  assert.equal(pulseSize(5, 1), 5);
  assert.equal(pulseSize(5, 15), 10);
  assert.equal(pulseSize(5, 39), 20);
  assert.equal(pulseSize(5, 2000), 1000);
  assert.equal(pulseSize(3, 8), 5);
});

test("with large pulses, the sum stays right on average", () => {
  const found = new Replay("DOWNLOADS");
  const codes = Array.from({ length: 26 * 26 }, (_, i) => String.fromCharCode(65 + (i % 26), 65 + Math.floor(i / 26)));
  found.takeMinutes(answer({ "2026-12-01T12:00": "A" }, codes.map((code) => ["2026-12-01T12:00", code, 15])), new Map());
  const shown = found.size * found.between(NOON, NOON + MINUTE).length;
  assert.ok(found.size > 15, `${found.size}`);
  assert.ok(Math.abs(shown / (15 * codes.length) - 1) < 0.2, `${shown}`);
});
