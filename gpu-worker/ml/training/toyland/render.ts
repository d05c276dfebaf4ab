import sharp from 'sharp';
import { type Depiction, drawLabels, drawPicture } from './depiction.ts';

/** What a label map says of a pixel. */
export const labels = { scene: 0, character: 1, worn: 2 } as const;

export type Rendering = {
  /** [size, size, 3] */
  rgb: Uint8Array;
  /** [size, size], one of `labels`. */
  labels: Uint8Array;
};

/** Renders a depiction and its exact label map at `sizePx` × `sizePx`. */
export async function renderDepiction(depiction: Depiction, sizePx: number): Promise<Rendering> {
  const [rgb, map] = await Promise.all([
    rasterise(drawPicture(depiction), sizePx),
    rasterise(drawLabels(depiction), sizePx),
  ]);
  const labelMap = new Uint8Array(sizePx * sizePx);
  for (let i = 0; i < labelMap.length; i++) {
    if (map[3 * i + 1]! >= 128) labelMap[i] = labels.worn;
    else if (map[3 * i]! >= 128) labelMap[i] = labels.character;
  }
  return { rgb, labels: labelMap };
}

async function rasterise(svg: string, sizePx: number): Promise<Uint8Array> {
  // At 72 dpi a unit of the root's width is a pixel, so the size is set there rather than by a resize.
  const sized = svg.replace('<svg ', `<svg width="${sizePx}" height="${sizePx}" `);
  const { data } = await sharp(Buffer.from(sized)).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
