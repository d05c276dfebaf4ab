const STATE_WORDS = 624;
const SHIFT = 397;

/**
 * MT19937 (Matsumoto & Nishimura 1998), seeded as PyTorch seeds it: by the lower 32 bits.
 *
 * @returns the next 32 random bits, as an unsigned integer, at each call
 */
export function mersenneTwister(seed: number): () => number {
  const state = new Uint32Array(STATE_WORDS);
  state[0] = seed % 2 ** 32;
  for (let i = 1; i < STATE_WORDS; i++) {
    const previous = state[i - 1] ^ (state[i - 1] >>> 30);
    state[i] = Math.imul(1812433253, previous) + i;
  }
  let next = STATE_WORDS;
  return () => {
    if (next === STATE_WORDS) {
      twist(state);
      next = 0;
    }
    return temper(state[next++]);
  };
}

function twist(state: Uint32Array): void {
  for (let i = 0; i < STATE_WORDS; i++) {
    const joined = (state[i] & 0x80000000) | (state[(i + 1) % STATE_WORDS] & 0x7fffffff);
    state[i] = state[(i + SHIFT) % STATE_WORDS] ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
  }
}

function temper(word: number): number {
  word ^= word >>> 11;
  word ^= (word << 7) & 0x9d2c5680;
  word ^= (word << 15) & 0xefc60000;
  word ^= word >>> 18;
  return word >>> 0;
}
