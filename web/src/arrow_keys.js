/** The position to which a key leads in a row of items. */

/** @returns {number | null} null if the key leads nowhere */
export function stepWithKey(key, at, count) {
  const steps = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, Home: 0, End: count - 1 };
  return Object.hasOwn(steps, key) ? Math.max(0, Math.min(count - 1, steps[key])) : null;
}
