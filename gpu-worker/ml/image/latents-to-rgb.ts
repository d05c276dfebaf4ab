/**
 * A decoded picture as pixels: the decoder's channels [3, height, width] in −1…1, limited, scaled to 0…255 and rounded half to even as
 * NumPy does → [height, width, 3].
 *
 * @throws Error for a value that is not finite: the networks have failed, and the picture would only look black.
 */
export function latentsToRgb(decoded: Float32Array, { width, height }: { width: number; height: number }): Uint8Array {
  const pixels = width * height;
  const rgb = new Uint8ClampedArray(pixels * 3); // limits and rounds half to even on its own
  for (let channel = 0; channel < 3; channel++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      const value = decoded[channel * pixels + pixel];
      if (!Number.isFinite(value)) throw new Error(`expected finite pixels, got ${value} at pixel ${pixel}`);
      rgb[pixel * 3 + channel] = Math.fround(Math.fround(value / 2 + 0.5) * 255);
    }
  }
  return new Uint8Array(rgb.buffer);
}
