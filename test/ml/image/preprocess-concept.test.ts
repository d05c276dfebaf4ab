import { describe, expect, it } from 'vitest';
import type { Mask, Picture } from '../../../gpu-worker/ml/image/picture.ts';
import { preprocessConcept } from '../../../gpu-worker/ml/image/preprocess-concept.ts';

const sizes = { imageSize: 28, gridSize: 4 };

function grey(width: number, height: number): Picture {
  return { width, height, rgb: new Uint8Array(width * height * 3).fill(128) };
}

/** The object is the left half. */
function leftHalf(width: number, height: number): Mask {
  return {
    width,
    height,
    object: Uint8Array.from({ length: width * height }, (_, i) => (i % width < width / 2 ? 1 : 0)),
  };
}

describe('preprocessConcept', () => {
  it('without a mask counts the whole photo as the object', () => {
    const { object, maskGrid } = preprocessConcept(grey(40, 30), null, sizes);
    expect(object).toBeNull();
    expect(maskGrid).toEqual(new Float32Array(16).fill(1));
  });

  it('fits a mask of another size to the photo', () => {
    const fitting = preprocessConcept(grey(400, 300), leftHalf(400, 300), sizes);
    const smaller = preprocessConcept(grey(400, 300), leftHalf(20, 10), sizes);
    expect(smaller).toEqual(fitting);
    expect([...fitting.maskGrid]).toEqual([1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0]);
  });

  it('blackens the background and leaves the photo', () => {
    const { photo, object } = preprocessConcept(grey(56, 56), leftHalf(56, 56), sizes);
    const black = (0 - 0.48145466) / 0.26862954;
    const middle = (128 / 255 - 0.48145466) / 0.26862954;
    expect([photo[0], photo[27]]).toEqual([Math.fround(middle), Math.fround(middle)]);
    expect([object![0], object![27]]).toEqual([Math.fround(middle), Math.fround(black)]);
  });
});
