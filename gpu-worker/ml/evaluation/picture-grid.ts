import sharp from 'sharp';
import type { Picture } from '../image/picture.ts';

const gapPx = 4;

/** Pictures of one size in rows and columns, enlarged by a whole factor without smoothing, as PNG. A null leaves its place white. */
export async function pictureGrid(
  rows: readonly (readonly (Picture | null)[])[],
  { zoom }: { zoom: number },
): Promise<Buffer> {
  const { width, height } = rows.flat().find((picture) => picture !== null)!;
  const [cellWidth, cellHeight] = [width * zoom + gapPx, height * zoom + gapPx];
  const cells = await Promise.all(
    rows.flatMap((row, y) =>
      row.map(
        async (picture, x) =>
          picture && { input: await enlarge(picture, zoom), left: x * cellWidth, top: y * cellHeight },
      ),
    ),
  );
  const columns = Math.max(...rows.map((row) => row.length));
  return sharp({
    create: {
      width: columns * cellWidth - gapPx,
      height: rows.length * cellHeight - gapPx,
      channels: 3,
      background: '#fff',
    },
  })
    .composite(cells.filter((cell) => cell !== null))
    .png()
    .toBuffer();
}

function enlarge({ width, height, rgb }: Picture, zoom: number): Promise<Buffer> {
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .resize(width * zoom, height * zoom, { kernel: 'nearest' })
    .png()
    .toBuffer();
}
