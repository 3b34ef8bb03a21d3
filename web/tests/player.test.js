import assert from "node:assert/strict";
import { test } from "node:test";

import { ServerClock } from "../src/clock.js";
import { turn } from "../src/player.js";

const MINUTE = 60_000;

test("a page begins with the present, and goes on where it ended", () => {
  const first = turn(12_300, null, false);
  assert.deepEqual(first, { at: 10_000, from: 12_300, to: 20_000, wait: 7_700 });
  assert.deepEqual(turn(20_001, first.to, false), { at: 20_000, from: 20_000, to: 30_000, wait: 9_999 });
});

test("time that was missed does not come in a burst", () => {
  const { from, to } = turn(609_999, 20_000, false);
  assert.deepEqual([from, to], [608_999, 610_000]);
});

test("nothing is played twice if a turn comes early, and a clock set back does not stop the replay", () => {
  const { from, to } = turn(19_999, 20_000, false);
  assert.ok(from >= to);
  assert.equal(turn(20_000, 4_000_000, false).from, 20_000);
});

test("without pulses, a minute is played once it is over", () => {
  const first = turn(90_000, null, true);
  assert.ok(first.from >= first.to);
  assert.equal(first.wait, 30_000);
  assert.deepEqual(turn(2 * MINUTE + 5, 90_000, true), { at: 2 * MINUTE, from: 90_000, to: 2 * MINUTE, wait: MINUTE - 5 });
});

test("the clock is the server's, and old answers do not set it back", () => {
  const clock = new ServerClock();
  assert.equal(clock.time(0), null);
  clock.hear(NaN, true, 0);
  assert.equal(clock.time(0), null);
  clock.hear(1_000_000, false, 500);
  assert.equal(clock.time(1_500), 1_001_000);
  clock.hear(990_000, false, 1_500);
  clock.hear(5_000, false, 1_500);
  assert.equal(clock.time(1_500), 1_001_000);
  clock.hear(1_005_000, false, 1_500);
  assert.equal(clock.time(1_500), 1_005_000);
});

test("a fresh answer sets the clock back, but not by the seconds that an answer may take", () => {
  const clock = new ServerClock();
  clock.hear(1_000_000, true, 0);
  clock.hear(1_008_200, true, 10_000);
  assert.equal(clock.time(10_000), 1_010_000);
  clock.hear(1_020_000 - 8 * MINUTE, true, 20_000);
  assert.equal(clock.time(20_000), 1_020_000 - 8 * MINUTE);
});
