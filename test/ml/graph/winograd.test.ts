import { describe, expect, it } from 'vitest';
import { maxRelativeError } from '../../../gpu-worker/ml/evaluation/array-error.ts';
import { Graph } from '../../../gpu-worker/ml/graph/graph.ts';
import { portable } from '../../../gpu-worker/ml/graph/op-sets/portable.ts';
import { primitive } from '../../../gpu-worker/ml/graph/op-sets/primitive.ts';
import { fitsWinograd, winogradConvolution } from '../../../gpu-worker/ml/graph/op-sets/winograd.ts';
import { openSession } from '../../../gpu-worker/ml/runtime/session.ts';
import { createRandom } from '../../../gpu-worker/ml/training/random.ts';

const PADDING = { top: 1, left: 1, bottom: 1, right: 1 };

/** The transforms have entries up to 8, which cost a digit of float32's seven; far from Promise 1's 1e-4. */
const TOLERANCE = 3e-5;

function normals(length: number, path: number, mean = 0): Float32Array {
  const random = createRandom(path);
  return Float32Array.from({ length }, () => mean + random.normal());
}

type Case = { batch: number; inChannels: number; outChannels: number; height: number; width: number; mean?: number };

/** The same convolution both ways. */
async function convolve({ batch, inChannels, outChannels, height, width, mean }: Case) {
  const graph = new Graph('convolutions');
  const x = graph.input('x', ['batch', inChannels, height, width]);
  const weight = graph.constant(normals(outChannels * inChannels * 9, 1), [outChannels, inChannels, 3, 3]);
  const bias = graph.constant(normals(outChannels, 2));
  graph.output('direct', primitive.convolution(x, weight, bias, { padding: PADDING }));
  graph.output('winograd', winogradConvolution(x, weight, bias));
  const session = await openSession(graph, new Map(), { threads: 1 });
  const shape = [batch, inChannels, height, width];
  const outputs = await session.run({ x: { data: normals(batch * inChannels * height * width, 3, mean), shape } });
  await session.release();
  return outputs;
}

describe("Winograd's convolution", () => {
  it.each<Case>([
    { batch: 1, inChannels: 1, outChannels: 1, height: 4, width: 4 },
    { batch: 3, inChannels: 5, outChannels: 7, height: 12, width: 20 },
    { batch: 2, inChannels: 64, outChannels: 96, height: 32, width: 32 },
    // 88 MB of transformed tiles: two strips, the second one smaller.
    { batch: 1, inChannels: 1, outChannels: 150, height: 256, width: 256 },
    // A mean far above the deviation, which the transforms' differences must cancel.
    { batch: 1, inChannels: 32, outChannels: 32, height: 16, width: 16, mean: 100 },
  ])('equals the direct one for $batch × $inChannels × $height × $width → $outChannels', async (size) => {
    const { direct, winograd } = await convolve(size);
    expect(winograd.shape).toEqual(direct.shape);
    expect(maxRelativeError(winograd.data, direct.data)).toBeLessThan(TOLERANCE);
  });

  it('takes images of whole tiles only', () => {
    const graph = new Graph('images');
    expect(fitsWinograd(graph.input('whole', ['batch', 3, 8, 12]))).toBe(true);
    expect(fitsWinograd(graph.input('cut', ['batch', 3, 8, 10]))).toBe(false);
  });
});

describe('the portable convolution', () => {
  const operators = (
    size: number,
    channels: number,
    options: { stride?: number; kernel?: number; once?: boolean } = {},
  ) => {
    const { stride, kernel = 3, once = false } = options;
    const { convolution } = once ? portable.once : portable;
    const graph = new Graph('net');
    const weight = graph.parameter('net', 'weight', [channels, channels, kernel, kernel])!;
    convolution(graph.input('x', ['batch', channels, size, size]), weight, null, { stride, padding: PADDING });
    return graph.nodes.map(({ op }) => op);
  };

  it("is Winograd's where images and channels are large", () => {
    expect(operators(64, 64)).toContain('ConvTranspose');
    expect(operators(128, 64, { once: true })).toContain('ConvTranspose');
  });

  it.each([
    ['small images', operators(32, 64)],
    ['images that are small for a network that runs once a picture', operators(64, 64, { once: true })],
    ['few channels', operators(64, 32)],
    ['images that are no whole tiles', operators(70, 64)],
    ['strides', operators(64, 64, { stride: 2 })],
    ['other kernels', operators(64, 64, { kernel: 5 })],
  ])('is direct for %s', (_, ops) => {
    expect(ops).toEqual(['Conv']);
  });
});
