/** Sends one small conditional request at a time, never two within the pause, and none while the page is hidden. */

export const PAUSE = 2_000;
const LONGEST = 30_000;

/** @param {number} failures in a row @returns {number} milliseconds until the next attempt */
export function backoff(failures) {
  return failures ? Math.min(LONGEST, PAUSE * 2 ** (failures - 1)) : PAUSE;
}

/** Whether a repeated request would get the same refusal. A busy server is no such refusal. */
function isRefusal(status) {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** @typedef {(served: number, fresh: boolean) => void} Heard is told when the server answered, and whether no cache kept it */

/** A request that is sent again and again; an answer that did not change is not sent again. */
export class Question {
  /** @type {string | null} */
  etag = null;
  due = 0;
  /** Whether the page has preloaded the first answer. */
  isPreloaded = false;

  /** @param {string} address @param {(content: any) => void} read @param {number} every @param {"json" | "text"} kind */
  constructor(address, read, every = PAUSE, kind = "json") {
    this.address = address;
    this.read = read;
    this.every = every;
    this.kind = kind;
  }

  /**
   * @param {AbortSignal} [signal]
   * @param {Heard} [heard]
   */
  async ask(signal, heard) {
    /** @type {Record<string, string>} */
    const headers = this.etag ? { "If-None-Match": this.etag } : {};
    const cache = this.#cacheMode();
    this.isPreloaded = false;
    const answer = await fetch(this.address, { headers, signal, cache });
    heard?.(Date.parse(answer.headers.get("Date") ?? ""), cache === "no-store" && !answer.headers.has("Age"));
    if (answer.status !== 304) await this.#take(answer);
    else this.#wait();
  }

  /** @returns {RequestCache} a cache may be stale, so only a preloaded answer comes from it. With an ETag, we are the cache. */
  #cacheMode() {
    if (this.etag) return "no-store";
    return this.isPreloaded ? "default" : "no-cache";
  }

  async #take(answer) {
    if (!answer.ok) throw Object.assign(new Error(`${answer.status}`), { refused: isRefusal(answer.status) });
    const content = await answer[this.kind]();
    this.etag = answer.headers.get("ETag");
    // What is read may change the questions, and this one must not be asked again at once.
    this.#wait();
    try {
      this.read(content);
    } catch (error) {
      // With this ETag, the server would answer 304, and the content would never be read.
      this.etag = null;
      reportError(error);
      throw error;
    }
  }

  #wait() {
    this.due = performance.now() + this.every;
  }
}

/**
 * Asks the questions in turn, the longest overdue first. It calls `tell(failures, refused)` after each outcome. Times are
 * those of `performance`, which never goes back: the reader's clock may.
 */
export class Poll {
  /** @type {Question[]} */
  #questions = [];
  #failures = 0;
  #asked = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer = undefined;
  /** @type {AbortController | null} */
  #asking = null;

  /** @param {(failures: number, refused: boolean) => void} tell @param {Heard} heard */
  constructor(tell, heard) {
    this.tell = tell;
    this.heard = heard;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#stop() : this.#start()));
    window.addEventListener("online", () => this.#start());
  }

  /** Replaces the questions. New ones are asked at once. @param {Question[]} questions */
  set(questions) {
    this.#questions = questions;
    this.#start();
  }

  #start() {
    this.#stop();
    if (document.hidden || !this.#questions.length) return;
    this.#timer = setTimeout(() => this.#turn(), waiting(this.#questions, this.#asked, performance.now()));
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
    this.#asked = performance.now();
    const failure = await next.ask(asking.signal, this.heard).then(() => null, (error) => error);
    clearTimeout(limit);
    // The answer itself may have changed the questions, and so begun the next turn.
    const isReplaced = this.#asking !== asking;
    if (failure && isReplaced) return;
    this.#failures = failure ? this.#failures + 1 : 0;
    this.tell(this.#failures, failure?.refused ?? false);
    if (isReplaced) return;
    const wait = failure ? backoff(this.#failures) : waiting(this.#questions, this.#asked, performance.now());
    this.#timer = setTimeout(() => this.#turn(), wait);
  }
}

/**
 * @param {{due: number}[]} questions @param {number} asked when the last one was @param {number} now
 * @returns {number} milliseconds until the next question; the first questions of a page do not wait
 */
export function waiting(questions, asked, now) {
  const due = Math.min(...questions.map((question) => question.due));
  return due === 0 ? 0 : Math.max(0, due - now, asked + PAUSE - now);
}
