/**
 * Non-maximum suppression: of boxes that mean the same the best one stays.
 *
 * @module
 */

/** A box with how sure the model is. */
export interface ScoredBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly score: number;
}

/** How much two boxes cover of what either covers, from 0 to 1. */
export function overlap(a: ScoredBox, b: ScoredBox): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  if (!(width > 0 && height > 0)) return 0;
  const both = width * height;
  return both / (areaOf(a) + areaOf(b) - both);
}

/** The boxes that no better one overlaps by more than `limit`, best first, at most `most`. */
export function suppress<T extends ScoredBox>(
  boxes: readonly T[],
  limit: number,
  most: number,
): T[] {
  const kept: T[] = [];
  for (const box of boxes.toSorted((a, b) => b.score - a.score)) {
    if (kept.length >= most) break;
    if (kept.every((better) => overlap(better, box) <= limit)) kept.push(box);
  }
  return kept;
}

function areaOf({ left, top, right, bottom }: ScoredBox): number {
  return (right - left) * (bottom - top);
}
