import { describe, expect, it } from 'vitest';
import { latentsToRgb } from '../../../gpu-worker/ml/image/latents-to-rgb.ts';

describe('latentsToRgb', () => {
  it('clamps what lies outside −1…1', () => {
    const grey = [-3, -1.01, -1, 1, 1.01, 3];
    const rgb = latentsToRgb(Float32Array.from([...grey, ...grey, ...grey]), { width: 6, height: 1 });
    expect([...rgb].filter((_, i) => i % 3 === 0)).toEqual([0, 0, 0, 255, 255, 255]);
  });

  it('rounds half to even, as numpy does', () => {
    const halves = [0.5, 1.5, 126.5, 127.5, 128.5]; // levels that float32 reaches exactly from these values
    const values = Float32Array.from(halves, (level) => (level / 255 - 0.5) * 2);
    const exact = [...values].map((value) => Math.fround(Math.fround(value / 2 + 0.5) * 255));
    const rgb = latentsToRgb(Float32Array.of(...values, ...values, ...values), { width: 5, height: 1 });
    const even = exact.map((level) => (level % 1 === 0.5 ? 2 * Math.round(level / 2) : Math.round(level)));
    expect(exact).toContain(127.5);
    expect([...rgb].filter((_, i) => i % 3 === 0)).toEqual(even);
  });

  it('goes from channels apart to channels together', () => {
    expect([...latentsToRgb(Float32Array.of(-1, 1, 1, -1, -1, -1), { width: 2, height: 1 })]).toEqual([
      0, 255, 0, 255, 0, 0,
    ]);
  });

  it('refuses what is no number rather than drawing it black', () => {
    expect(() => latentsToRgb(Float32Array.of(0, Number.NaN, 0), { width: 1, height: 1 })).toThrow(
      /expected finite pixels, got NaN/,
    );
  });
});
