import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { backoff, PAUSE, Question, waiting } from "../src/polling.js";

const { fetch } = globalThis;
afterEach(() => {
  globalThis.fetch = fetch;
});

test("the wait doubles with each failure, up to half a minute", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 50].map(backoff), [2, 2, 4, 8, 16, 30, 30].map((s) => s * 1000));
});

test("the first answers are wanted at once, and later ones never within the pause", () => {
  const now = 1_000_000;
  assert.equal(waiting([{ due: 0 }, { due: now + 5000 }], now, now), 0);
  assert.equal(waiting([{ due: now - 5 }], now - 100, now), PAUSE - 100);
  assert.equal(waiting([{ due: now + 60_000 }], now - 9000, now), 60_000);
});

test("what did not change is asked for with its tag, and not read again", async () => {
  const asked = [];
  const answers = [
    new Response('{"n": 1}', { headers: { ETag: 'W/"7"' } }),
    new Response(null, { status: 304 }),
  ];
  globalThis.fetch = (address, given) => {
    asked.push(given?.headers);
    return Promise.resolve(answers[asked.length - 1]);
  };
  const read = [];
  const question = new Question("/live/", (content) => read.push(content));
  await question.ask();
  await question.ask();
  assert.deepEqual(asked, [{}, { "If-None-Match": 'W/"7"' }]);
  assert.deepEqual(read, [{ n: 1 }]);
});

test("only the answer that the page has preloaded comes from the browser's cache", async () => {
  const modes = [];
  globalThis.fetch = (address, given) => {
    modes.push(given?.cache);
    return modes.length === 3 ? Promise.reject(new Error("offline")) : Promise.resolve(new Response("{}", { headers: { ETag: "1" } }));
  };
  const preloaded = Object.assign(new Question("/P7D/", () => {}), { isPreloaded: true });
  await preloaded.ask();
  await preloaded.ask();
  // A failed first attempt may not be repeated from the cache, which may be older by then.
  const failed = Object.assign(new Question("/P7D/", () => {}), { isPreloaded: true });
  await assert.rejects(failed.ask(), /offline/);
  await failed.ask();
  const clicked = new Question("/P30D/", () => {});
  await clicked.ask();
  await clicked.ask();
  // Another address needs another tag.
  await Object.assign(clicked, { address: "/P1D/", etag: null }).ask();
  assert.deepEqual(modes, ["default", "no-store", "default", "no-cache", "no-cache", "no-store", "no-cache"]);
});

test("only an answer that no cache has kept says what time it is", async () => {
  const at = "Tue, 01 Dec 2026 10:00:00 GMT";
  /** @type {Record<string, string>[]} */
  const answers = [{ Date: at, ETag: "1" }, { Date: at, ETag: "1" }, { Date: at, ETag: "1", Age: "120" }];
  globalThis.fetch = () => Promise.resolve(new Response("{}", { headers: answers.shift() }));
  const heard = [];
  const question = new Question("/live/", () => {});
  for (let asked = 0; asked < 3; asked++) await question.ask(undefined, (served, fresh) => heard.push([served, fresh]));
  const served = Date.parse(at);
  // The browser may have kept the first one.
  assert.deepEqual(heard, [[served, false], [served, true], [served, false]]);
});

test("an error is a failure", async () => {
  globalThis.fetch = () => Promise.resolve(new Response("", { status: 503 }));
  await assert.rejects(new Question("/live/", () => {}).ask(), /503/);
});
