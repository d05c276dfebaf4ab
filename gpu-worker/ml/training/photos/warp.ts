import type { Mask, Picture } from '../../image/picture.ts';

/** Where an output pixel comes from: its middle as a place in the input, in pixels. */
export type PixelSource = (x: number, y: number) => readonly [number, number];

/** Turns about the middle by an angle, clockwise, then moves. */
export function rotation(
  size: { width: number; height: number },
  degrees: number,
  shift = { x: 0, y: 0 },
): PixelSource {
  const radians = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)];
  const [middleX, middleY] = [(size.width - 1) / 2, (size.height - 1) / 2];
  return (x, y) => {
    const [dx, dy] = [x - shift.x - middleX, y - shift.y - middleY];
    return [middleX + cos * dx + sin * dy, middleY - sin * dx + cos * dy];
  };
}

/** A picture of the same size with each pixel read from its source, bilinear; beyond the edge it is mirrored or black. */
export function warpPicture({ width, height, rgb }: Picture, source: PixelSource, edge: 'mirror' | 'black'): Picture {
  const warped = new Uint8Array(rgb.length);
  const read = (x: number, y: number, channel: number) => {
    const inside = x >= 0 && x < width && y >= 0 && y < height;
    if (!inside && edge === 'black') return 0;
    return rgb[(mirrored(y, height) * width + mirrored(x, width)) * 3 + channel];
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [sourceX, sourceY] = source(x, y);
      const [left, top] = [Math.floor(sourceX), Math.floor(sourceY)];
      const [right, bottom] = [sourceX - left, sourceY - top];
      for (let channel = 0; channel < 3; channel++) {
        const above = read(left, top, channel) * (1 - right) + read(left + 1, top, channel) * right;
        const below = read(left, top + 1, channel) * (1 - right) + read(left + 1, top + 1, channel) * right;
        warped[(y * width + x) * 3 + channel] = Math.round(above * (1 - bottom) + below * bottom);
      }
    }
  }
  return { width, height, rgb: warped };
}

/** A mask warped alike: the nearest pixel, nothing beyond the edge. */
export function warpMask({ width, height, object }: Mask, source: PixelSource): Mask {
  const warped = new Uint8Array(object.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [sourceX, sourceY] = source(x, y).map(Math.round);
      const inside = sourceX >= 0 && sourceX < width && sourceY >= 0 && sourceY < height;
      if (inside) warped[y * width + x] = object[sourceY * width + sourceX];
    }
  }
  return { width, height, object: warped };
}

/** An index reflected at the ends without repeating them, as often as it takes. */
function mirrored(index: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const within = ((index % period) + period) % period;
  return Math.min(within, period - within);
}
