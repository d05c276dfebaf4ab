import { elementCount, staticDim } from '../dims.ts';
import type { Value } from '../graph.ts';
import { add, concat, conv, gemm, matmul, reshape, slice, transpose } from '../ops.ts';

/**
 * Winograd's minimal filtering F(4×4, 3×3) (Lavin & Gray 2015, §4.3): a 3×3 convolution of 4×4 output pixels takes 36 multiplications for each
 * pair of channels instead of 144. On tiles d of 6×6 pixels, overlapping by two, and kernels g:
 *
 *   Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A
 */
const TILE = 4;
const PATCH = TILE + 2;
const PRODUCTS = PATCH ** 2;

const B_TRANSPOSED = [
  [4, 0, -5, 0, 1, 0],
  [0, -4, -4, 1, 1, 0],
  [0, 4, -4, -1, 1, 0],
  [0, -2, -1, 2, 1, 0],
  [0, 2, -1, -2, 1, 0],
  [0, 4, 0, -5, 0, 1],
];
const G = [
  [1 / 4, 0, 0],
  [-1 / 6, -1 / 6, -1 / 6],
  [-1 / 6, 1 / 6, -1 / 6],
  [1 / 24, 1 / 12, 1 / 6],
  [1 / 24, -1 / 12, 1 / 6],
  [0, 0, 1],
];
const A_TRANSPOSED = [
  [1, 1, 1, 1, 1, 0],
  [0, 1, -1, 2, -2, 0],
  [0, 1, 1, 4, 4, 0],
  [0, 1, -1, 8, -8, 1],
];

/** What one transformed strip of an image may take: transforms go through memory, and a whole picture's would be gigabytes. */
const MAX_STRIP_BYTES = 64 * 1024 ** 2;

/** Whether an image can be cut into whole tiles. */
export function fitsWinograd(x: Value): boolean {
  return x.shape.slice(2).every((size) => staticDim(size, 'the size of an image') % TILE === 0);
}

/**
 * A 3×3 convolution of stride 1 and padding 1 by Winograd's algorithm: x [batch, in, h, w] and weight [out, in, 3, 3] → [batch, out, h, w]; h and
 * w are multiples of 4. The kernels' transform depends on weights alone: the runtime folds it away when it loads the graph.
 */
export function winogradConvolution(x: Value, weight: Value, bias: Value | null): Value {
  const [outChannels, inChannels] = weight.shape as readonly number[];
  const transformed = gemm(
    matrixConstant(x, kronecker(G, G), [PRODUCTS, 9]),
    reshape(weight, [outChannels * inChannels, 9]),
    null,
    { transB: true },
  ); // [36, out·in]
  const kernels = reshape(transformed, [PRODUCTS, outChannels, inChannels]);
  const strips = cutStrips(x, Math.max(inChannels, outChannels)).map((strip) => convolveStrip(strip, kernels));
  const y = strips.length === 1 ? strips[0] : concat(strips, 2);
  return bias ? add(y, reshape(bias, [1, outChannels, 1, 1])) : y;
}

/** Rows of an image with their neighbours above and below, of which the image's first and last row have none. */
type Strip = {
  readonly rows: Value;
  readonly height: number;
  readonly paddingTop: number;
  readonly paddingBottom: number;
};

function cutStrips(x: Value, channels: number): Strip[] {
  const [height, width] = x.shape.slice(2).map((size) => staticDim(size, 'the size of an image'));
  const tileRows = height / TILE;
  const tileRowBytes = (width / TILE) * channels * PRODUCTS * Float32Array.BYTES_PER_ELEMENT;
  const tileRowsPerStrip = Math.max(1, Math.floor(MAX_STRIP_BYTES / tileRowBytes));
  return Array.from({ length: Math.ceil(tileRows / tileRowsPerStrip) }, (_, strip) => {
    const first = strip * tileRowsPerStrip * TILE;
    const end = Math.min(height, first + tileRowsPerStrip * TILE);
    const [top, bottom] = [Math.max(0, first - 1), Math.min(height, end + 1)];
    return {
      rows: top === 0 && bottom === height ? x : slice(x, 2, top, bottom),
      height: end - first,
      paddingTop: first === 0 ? 1 : 0,
      paddingBottom: end === height ? 1 : 0,
    };
  });
}

/**
 * Transforms of a tile are linear maps of its pixels, so cutting out tiles and transforming them is one convolution of each channel with 36
 * constant kernels of 6×6 at stride 4, and transforming back and laying tiles side by side is such a convolution's transpose. What is left between
 * them is 36 matrix products over the channels.
 */
function convolveStrip({ rows, height, paddingTop, paddingBottom }: Strip, kernels: Value): Value {
  const [, outChannels, inChannels] = kernels.shape;
  const [batch, , inHeight, width] = rows.shape;
  const tiled = [height / TILE, staticDim(width, 'the width') / TILE] as const;
  const tiles = tiled[0] * tiled[1];

  const channels = reshape(rows, [elementCount([batch, inChannels]), 1, inHeight, width]);
  const toPatches = matrixConstant(rows, kronecker(B_TRANSPOSED, B_TRANSPOSED), [PRODUCTS, 1, PATCH, PATCH]);
  const padding = { top: paddingTop, left: 1, bottom: paddingBottom, right: 1 };
  const patches = conv(channels, toPatches, null, { stride: TILE, padding }); // [batch·in, 36, …tiled]

  const byProduct = transpose(reshape(patches, [batch, inChannels, PRODUCTS, tiles]), [2, 1, 0, 3]); // [36, in, batch, tiles]
  const products = matmul(kernels, reshape(byProduct, [PRODUCTS, inChannels, elementCount([batch, tiles])])); // [36, out, batch·tiles]
  const byChannel = transpose(reshape(products, [PRODUCTS, outChannels, batch, tiles]), [2, 1, 0, 3]); // [batch, out, 36, tiles]

  const toPixels = matrixConstant(rows, transposed(kronecker(A_TRANSPOSED, A_TRANSPOSED)), [PRODUCTS, 1, TILE, TILE]);
  const images = elementCount([batch, outChannels]);
  const [pixels] = rows.graph.node(
    'ConvTranspose',
    [reshape(byChannel, [images, PRODUCTS, ...tiled]), toPixels],
    [[images, 1, height, width]],
    { attributes: { kernel_shape: [TILE, TILE], strides: [TILE, TILE] } },
  );
  return reshape(pixels, [batch, outChannels, height, width]);
}

function matrixConstant(like: Value, matrix: number[][], shape: readonly number[]): Value {
  return like.graph.constant(Float32Array.from(matrix.flat()), shape);
}

/** The matrix that maps a row-major X to left·X·rightᵀ: its rows are products of a row of each. */
function kronecker(left: number[][], right: number[][]): number[][] {
  return left.flatMap((a) => right.map((b) => a.flatMap((p) => b.map((q) => p * q))));
}

function transposed(matrix: number[][]): number[][] {
  return matrix[0].map((_, column) => matrix.map((row) => row[column]));
}
