/** The server's clock. The reader's clock may be wrong and may be set while the page is open, so only its progress is used. */

/**
 * In milliseconds. `Date` has whole seconds, and an answer takes its time, so a smaller difference does not mean that the
 * clock was set back.
 */
const INACCURACY = 2_000;

export class ServerClock {
  /** @type {number | null} */
  #ahead = null;

  /**
   * @param {number} served the `Date` of an answer
   * @param {boolean} fresh whether no cache has kept it. Only such an answer says that the server's clock was set back
   */
  hear(served, fresh, now = performance.now()) {
    if (Number.isNaN(served)) return;
    const ahead = served - now;
    const wasSetBack = fresh && this.#ahead !== null && this.#ahead - ahead > INACCURACY;
    if (this.#ahead === null || ahead > this.#ahead || wasSetBack) this.#ahead = ahead;
  }

  /** @returns {number | null} milliseconds since 1970, or null before the first answer */
  time(now = performance.now()) {
    return this.#ahead === null ? null : this.#ahead + now;
  }
}
