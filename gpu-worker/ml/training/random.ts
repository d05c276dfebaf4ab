import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export type Random = {
  /** In [low, high). */
  uniform(low?: number, high?: number): number;
  /** An integer in [0, count). */
  integer(count: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** Mean 0, variance 1. */
  normal(): number;
};

/**
 * A generator for one place in a tree of streams, such as (seed, stream, step). Whatever is drawn there depends on the path
 * alone, so a resumed run draws what the unbroken one would have, with no generator state to save.
 */
export function createRandom(...path: readonly number[]): Random {
  const generator = xoroshiro128plus(hashPath(path));
  const uniform = (low = 0, high = 1) => low + (high - low) * uniformFloat64(generator);
  const integer = (count: number) => Math.floor(uniform(0, count));
  let spare: number | null = null;
  return {
    uniform,
    integer,
    chance: (probability) => uniform() < probability,
    pick: (items) => items[integer(items.length)]!,
    normal() {
      if (spare !== null) {
        const value = spare;
        spare = null;
        return value;
      }
      // Box–Muller; 1 - u keeps the logarithm finite.
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
  };
}

/** MurmurHash3's 32-bit mixing and finaliser over integers, so that neighbouring paths share nothing. */
function hashPath(path: readonly number[]): number {
  let hash = path.length;
  for (const part of path) {
    let k = Math.imul(part | 0, 0xcc9e2d51);
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    hash ^= k;
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
