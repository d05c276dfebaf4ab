/**
 * A decoded picture as pixels: the decoder's channels [3, height, width] in −1…1, limited, scaled to 0…255 and rounded half to even as
 * NumPy does → [height, width, 3].
 */
export function latentsToRgb(decoded: Float32Array, { width, height }: { width: number; height: number }): Uint8Array {
  const pixels = width * height;
  const rgb = new Uint8Array(pixels * 3);
  for (let channel = 0; channel < 3; channel++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      const level = Math.fround(Math.min(1, Math.max(0, decoded[channel * pixels + pixel] / 2 + 0.5)) * 255);
      rgb[pixel * 3 + channel] = roundHalfToEven(level);
    }
  }
  return rgb;
}

function roundHalfToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}
