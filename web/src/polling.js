/** Sends one small conditional request at a time, never two within the pause, and none while the page is hidden. */

export const PAUSE = 2_000;
const LONGEST = 30_000;

/** @returns {number} how long to wait after this number of failures in a row */
export function patience(failures) {
  return failures ? Math.min(LONGEST, PAUSE * 2 ** (failures - 1)) : PAUSE;
}

/** Whether a repeated request would get the same refusal. A busy server is no such refusal. */
export function isRefusal(status) {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** A request that is sent again and again; an answer that did not change is not sent again. */
export class Question {
  constructor(address, read, every = PAUSE, kind = "json") {
    Object.assign(this, { address, read, every, kind, etag: null, due: 0 });
  }

  async ask(signal) {
    const headers = this.etag ? { "If-None-Match": this.etag } : {};
    // The first answer may be in the browser's cache, preloaded by the page. Later requests use our own validator.
    const cache = this.etag ? "no-store" : "default";
    const answer = await fetch(this.address, { headers, signal, cache });
    if (answer.status === 304) return;
    if (!answer.ok) throw Object.assign(new Error(`${answer.status}`), { refused: isRefusal(answer.status) });
    const content = await answer[this.kind]();
    this.etag = answer.headers.get("ETag");
    this.read(content);
  }
}

/** Asks the questions in turn, the longest overdue first. It calls `tell(failures, refused)` after each outcome. */
export class Poll {
  #questions = [];
  #failures = 0;
  #asked = 0;
  #timer = undefined;
  #asking = null;

  constructor(tell) {
    this.tell = tell;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#stop() : this.#start()));
    window.addEventListener("online", () => this.#start());
  }

  /** Replaces the questions. New ones are asked at once. */
  set(questions) {
    this.#questions = questions;
    this.#start();
  }

  #start() {
    this.#stop();
    if (document.hidden || !this.#questions.length) return;
    this.#timer = setTimeout(() => this.#turn(), waiting(this.#questions, this.#asked, Date.now()));
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#asking = null;
  }

  async #turn() {
    const asking = (this.#asking = new AbortController());
    const limit = setTimeout(() => asking.abort(), LONGEST);
    const [next] = [...this.#questions].sort((a, b) => a.due - b.due);
    this.#asked = Date.now();
    const failure = await next.ask(asking.signal).then(() => null, (error) => error);
    clearTimeout(limit);
    if (this.#asking !== asking) return;
    this.#failures = failure ? this.#failures + 1 : 0;
    if (!failure && next.due !== Infinity) next.due = Date.now() + next.every;
    this.tell(this.#failures, failure?.refused ?? false);
    const wait = failure ? patience(this.#failures) : waiting(this.#questions, this.#asked, Date.now());
    this.#timer = setTimeout(() => this.#turn(), wait);
  }
}

/** @returns {number} milliseconds until the next question; the first questions of a page do not wait */
export function waiting(questions, asked, now) {
  const due = Math.min(...questions.map((question) => question.due));
  return due === 0 ? 0 : Math.max(0, due - now, asked + PAUSE - now);
}
