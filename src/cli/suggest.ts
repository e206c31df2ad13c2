/**
 * "Did you mean …?"
 *
 * @module
 */

/** Longest word compared: nobody mistypes a flag into a sentence. */
const MAX_LENGTH = 40;

/** Shortest word looked for inside longer names (`peer` in `chain-peer`). */
const MIN_PART = 3;

/**
 * Edits (insert, delete, replace, swap neighbours) between two words: the
 * optimal string alignment distance.
 */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(
        rows[i - 1]![j]! + 1,
        row[j - 1]! + 1,
        rows[i - 1]![j - 1]! + same,
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      }
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/**
 * Names close to `word`, best first, at most three: a third of the letters
 * may differ, or the word is a part of the name. Names much worse than the
 * best are left out.
 */
export function suggestions(word: string, names: readonly string[]): string[] {
  const wanted = word.toLowerCase();
  if (wanted === "" || wanted.length > MAX_LENGTH) return [];
  const scored: { name: string; score: number }[] = [];
  for (const name of names) {
    const score = editDistance(wanted, name.toLowerCase());
    const limit = Math.max(
      1,
      Math.floor(Math.max(wanted.length, name.length) / 3),
    );
    if (score <= limit) scored.push({ name, score });
    else if (wanted.length >= MIN_PART && name.includes(wanted)) {
      scored.push({ name, score: 1 + score });
    }
  }
  scored.sort((a, b) => a.score - b.score);
  const best = scored[0]?.score ?? 0;
  return scored.filter(({ score }) => score <= best + 1).slice(0, 3)
    .map(({ name }) => name);
}

/** `; did you mean "a" or "b"?`, or nothing. */
export function didYouMean(word: string, names: readonly string[]): string {
  const near = suggestions(word, names).map((name) => JSON.stringify(name));
  if (near.length === 0) return "";
  const last = near.pop();
  return `; did you mean ${
    near.length === 0 ? "" : `${near.join(", ")} or `
  }${last}?`;
}
