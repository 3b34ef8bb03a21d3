/** Finds names by what a reader has typed. */

/** Letters that are no other letter with a mark on it. */
const PLAIN = { ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", ß: "ss", æ: "ae", œ: "oe", ı: "i" };

/** @param {string[]} names @param {string} typed @returns {number[]} the places of the names with a word that begins so, the likeliest first */
export function findNames(names, typed) {
  const wanted = folded(typed.trim());
  if (!wanted) return [];
  const folds = names.map(folded);
  const begins = (at) => folds[at].startsWith(wanted);
  const hits = folds.flatMap((name, at) => (` ${name}`.includes(` ${wanted}`) ? [at] : []));
  // The whole name before a later word, and then the shorter name: "nor" means Norway, and not North Macedonia.
  return hits.sort((a, b) => Number(begins(b)) - Number(begins(a)) || names[a].length - names[b].length || a - b);
}

/** A text without marks and capital letters, and with a space for each other sign. */
function folded(text) {
  const letters = text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replace(/[øłđðþßæœı]/g, (letter) => PLAIN[letter]);
  return letters.replace(/[^\p{L}\p{N}]+/gu, " ");
}
