import { ImageError } from '../image/image-error.ts';
import { normalisePixels, type PixelStatistics } from '../image/normalise-pixels.ts';
import type { Mask, Picture } from '../image/picture.ts';
import { resizeBicubic } from '../image/resize-bicubic.ts';
import { type FileSession, openOnnxFile, type SessionOptions } from '../runtime/session.ts';
import { WeightsError } from '../weights/weights-error.ts';

/** Finds what a photo is of. */
export type Segmenter = {
  /** @throws ImageError `mask_empty` where nothing stands out. */
  findObject(photo: Picture): Promise<Mask>;
  release(): Promise<void>;
};

/** Side of the network's input and output in pixels. */
const SIDE = 320;

const IMAGENET_PIXELS: PixelStatistics = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

/** Of what stands out most; a photo whose saliency varies by less than this shows no object. */
const THRESHOLD = 0.5;
const SMALLEST_CONTRAST = 0.05;

/**
 * A network in U²-Net's form (Qin et al. 2020): one picture [1, 3, 320, 320], brightened to its maximum and normalised as ImageNet's, to
 * maps of what stands out [1, 1, 320, 320], of which the first counts.
 *
 * @throws WeightsError where the file holds none.
 */
export async function openSegmenter(file: string, options: SessionOptions = {}): Promise<Segmenter> {
  const session = await openOnnxFile(file, options);
  const input = requireForm(file, session);
  const [output] = session.outputNames;
  return {
    findObject: async (photo) => {
      const pixels = saliencyPixels(resizeBicubic(photo, SIDE, SIDE));
      const outputs = await session.run({ [input]: { data: pixels, shape: [1, 3, SIDE, SIDE] } });
      const { data, shape } = outputs[output];
      if (data.length !== SIDE * SIDE)
        throw new WeightsError(file, `expected an output of [1, 1, ${SIDE}, ${SIDE}], got [${shape}]`);
      return threshold(data, photo);
    },
    release: () => session.release(),
  };
}

function requireForm(file: string, { inputs }: FileSession): string {
  const [input, ...others] = inputs;
  const expected = [1, 3, SIDE, SIDE];
  const fits =
    others.length === 0 &&
    input?.dtype === 'float32' &&
    input.shape.length === expected.length &&
    input.shape.every((dim, axis) => typeof dim === 'string' || dim === expected[axis]);
  if (fits) return input.name;
  const found = inputs.map(({ dtype, shape }) => `${dtype} [${shape.join(', ')}]`).join(' and ');
  throw new WeightsError(file, `expected one input, float32 [${expected.join(', ')}], got ${found}`);
}

/** The authors of U²-Net divide a picture by its largest level before they normalise it, which is to normalise it by scaled statistics. */
function saliencyPixels(picture: Picture): Float32Array {
  const scale = picture.rgb.reduce((max, level) => Math.max(max, level), 1) / 255;
  const scaled = (values: readonly number[]) => values.map((value) => value * scale);
  const { mean, deviation } = IMAGENET_PIXELS;
  return normalisePixels(picture, { mean: scaled(mean), deviation: scaled(deviation) });
}

/** Saliency [320, 320], stretched to 0…1 and enlarged to the photo between its pixels, above the threshold. */
function threshold(saliency: Float32Array, { width, height }: Picture): Mask {
  const [low, high] = saliency.reduce(
    ([min, max], value) => [Math.min(min, value), Math.max(max, value)],
    [Infinity, -Infinity],
  );
  if (!(high - low >= SMALLEST_CONTRAST))
    throw new ImageError('mask_empty', 'nothing in the photo stands out; mark the object with a mask');
  const limit = low + THRESHOLD * (high - low);
  const object = new Uint8Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      object[y * width + x] =
        interpolate(saliency, ((x + 0.5) * SIDE) / width - 0.5, ((y + 0.5) * SIDE) / height - 0.5) > limit ? 1 : 0;
  return { width, height, object };
}

/** Bilinear, the edge repeated. */
function interpolate(map: Float32Array, x: number, y: number): number {
  const clamp = (value: number) => Math.min(SIDE - 1, Math.max(0, value));
  const [left, top] = [Math.floor(clamp(x)), Math.floor(clamp(y))];
  const [right, bottom] = [Math.min(SIDE - 1, left + 1), Math.min(SIDE - 1, top + 1)];
  const [dx, dy] = [clamp(x) - left, clamp(y) - top];
  const across = (row: number) => map[row * SIDE + left] * (1 - dx) + map[row * SIDE + right] * dx;
  return across(top) * (1 - dy) + across(bottom) * dy;
}
