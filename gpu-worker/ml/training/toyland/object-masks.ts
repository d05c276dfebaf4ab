import type { Random } from '../random.ts';
import { labels } from './render.ts';

/**
 * Masks [n, size, size] of 0 and 1 from label maps: where the character itself is seen. With `random` each is grown or shrunk by up to a pixel,
 * as a mask drawn by hand or by a network would be.
 */
export function withoutScene(maps: Uint8Array, count: number, random?: Random): Uint8Array {
  const masks = maps.map((label) => (label === labels.character ? 1 : 0));
  if (!random) return masks;
  const pixels = maps.length / count;
  const size = Math.sqrt(pixels);
  for (let n = 0; n < count; n++) {
    const change = random.integer(3) - 1;
    if (change === 0) continue;
    const mask = masks.slice(n * pixels, (n + 1) * pixels);
    for (let i = 0; i < pixels; i++) {
      if (neighbours(i, size).some((j) => mask[j] === (change > 0 ? 1 : 0))) masks[n * pixels + i] = change > 0 ? 1 : 0;
    }
  }
  return masks;
}

/** Masks [n, size, size] of 0 and 1 from label maps: the character with what it wears. */
export function figures(maps: Uint8Array): Uint8Array {
  return maps.map((label) => (label === labels.scene ? 0 : 1));
}

function neighbours(index: number, size: number): number[] {
  const x = index % size;
  return [
    ...(x > 0 ? [index - 1] : []),
    ...(x < size - 1 ? [index + 1] : []),
    ...(index >= size ? [index - size] : []),
    ...(index < size * (size - 1) ? [index + size] : []),
  ];
}

/** Masks [n, size, size] → [n, grid, grid], nearest neighbour as for the authors' patches: source floor(i·size/grid). */
export function maskGrid(masks: Uint8Array, count: number, grid: number): Float32Array {
  const size = Math.sqrt(masks.length / count);
  const source = (i: number) => Math.floor((i * size) / grid);
  return Float32Array.from({ length: count * grid ** 2 }, (_, i) => {
    const [n, y, x] = [Math.floor(i / grid ** 2), Math.floor(i / grid) % grid, i % grid];
    return masks[(n * size + source(y)) * size + source(x)];
  });
}
