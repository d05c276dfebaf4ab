import { mersenneTwister } from './mersenne-twister.ts';

/** PyTorch's CPU generator: a seed gives the numbers it gives there, up to the last bit or two of the logarithm and the cosine. */
export type TorchGenerator = {
  /** `torch.randn(count, generator=…)`: standard normal float32 numbers. */
  randn(count: number): Float32Array;
};

/** Where torch begins to fill in blocks (aten/src/ATen/native/cpu/DistributionTemplates.h, normal_fill). */
const BLOCK = 16;
const HALF_BLOCK = BLOCK / 2;

/**
 * `torch.Generator().manual_seed(seed)`.
 *
 * @param seed a non-negative integer
 */
export function torchGenerator(seed: number): TorchGenerator {
  const next32 = mersenneTwister(seed);
  const uniform24 = () => (next32() & 0xff_ffff) / 2 ** 24; // a float32 has 24 bits
  const uniform53 = () => {
    const high = next32();
    return ((high & 0x1f_ffff) * 2 ** 32 + next32()) / 2 ** 53; // a float64 has 53
  };
  /** The second number of a pair; torch keeps it for the next short call, whatever comes between. */
  let spare: number | undefined;

  /** Box–Muller in float64, one number at a time. */
  function normal(): number {
    if (spare !== undefined) {
      const kept = spare;
      spare = undefined;
      return kept;
    }
    const angle = 2 * Math.PI * uniform53();
    const radius = Math.sqrt(-2 * Math.log1p(-uniform53()));
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  return {
    randn(count) {
      if (count < BLOCK) return Float32Array.from({ length: count }, normal);
      const values = Float32Array.from({ length: count }, uniform24);
      for (let start = 0; start + BLOCK <= count; start += BLOCK) boxMuller(values.subarray(start, start + BLOCK));
      if (count % BLOCK > 0) {
        const tail = values.subarray(count - BLOCK); // overlaps the last whole block, and is drawn anew
        tail.set(Float32Array.from({ length: BLOCK }, uniform24));
        boxMuller(tail);
      }
      return values;
    },
  };
}

/** Turns a block of uniform numbers into normal ones in place, in float32; a pair lies half a block apart. */
function boxMuller(block: Float32Array): void {
  for (let i = 0; i < HALF_BLOCK; i++) {
    const radius = Math.fround(Math.sqrt(Math.fround(-2 * Math.fround(Math.log(Math.fround(1 - block[i]))))));
    const angle = Math.fround(Math.fround(2 * Math.PI) * block[i + HALF_BLOCK]);
    block[i] = radius * Math.fround(Math.cos(angle));
    block[i + HALF_BLOCK] = radius * Math.fround(Math.sin(angle));
  }
}
