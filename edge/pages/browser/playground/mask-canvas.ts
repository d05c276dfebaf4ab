/** The photo with a mask over it, in the photo's own proportions. White in the mask is the object. */

const MAX_SIDE_PX = 1024; // a mask is fitted to a grid of 16 × 16 in the end
const TINT = 'rgb(212 67 44 / 55%)';

export type Point = { readonly x: number; readonly y: number };

export type Stroke = { readonly from: Point; readonly to: Point; readonly radius: number; readonly erases: boolean };

export function createMaskCanvas(canvas: HTMLCanvasElement) {
  const view = canvas.getContext('2d')!;
  const mask = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })!;
  const tint = new OffscreenCanvas(1, 1).getContext('2d')!;
  let photo: ImageBitmap | null = null;
  let cursor: { readonly at: Point; readonly radius: number } | null = null;

  function draw(): void {
    const { width, height } = canvas;
    if (!photo) {
      return;
    }
    view.drawImage(photo, 0, 0, width, height);
    tint.clearRect(0, 0, width, height);
    tint.globalCompositeOperation = 'source-over';
    tint.drawImage(mask.canvas, 0, 0);
    tint.globalCompositeOperation = 'source-in';
    tint.fillStyle = TINT;
    tint.fillRect(0, 0, width, height);
    view.drawImage(tint.canvas, 0, 0);
    if (cursor) {
      view.beginPath();
      view.arc(cursor.at.x, cursor.at.y, cursor.radius, 0, 2 * Math.PI);
      view.lineWidth = Math.max(2, width / 250);
      view.strokeStyle = 'white';
      view.stroke();
    }
  }

  return {
    show(bitmap: ImageBitmap): void {
      const scale = Math.min(1, MAX_SIDE_PX / Math.max(bitmap.width, bitmap.height));
      const [width, height] = [Math.round(bitmap.width * scale), Math.round(bitmap.height * scale)];
      for (const { canvas: each } of [view, mask, tint]) {
        each.width = width;
        each.height = height;
      }
      photo = bitmap;
      draw();
    },

    paint({ from, to, radius, erases }: Stroke): void {
      mask.globalCompositeOperation = erases ? 'destination-out' : 'source-over';
      mask.fillStyle = mask.strokeStyle = 'white';
      mask.lineWidth = 2 * radius;
      mask.lineCap = 'round';
      mask.beginPath();
      mask.arc(to.x, to.y, radius, 0, 2 * Math.PI); // a line of no length would leave nothing
      mask.fill();
      mask.beginPath();
      mask.moveTo(from.x, from.y);
      mask.lineTo(to.x, to.y);
      mask.stroke();
      draw();
    },

    /** Takes over the bright parts of a picture as the mask. */
    load(bitmap: ImageBitmap): void {
      const { width, height } = canvas;
      mask.globalCompositeOperation = 'copy';
      mask.drawImage(bitmap, 0, 0, width, height);
      const pixels = mask.getImageData(0, 0, width, height);
      for (let i = 0; i < pixels.data.length; i += 4) {
        const [red = 0, green = 0, blue = 0] = pixels.data.subarray(i, i + 3);
        pixels.data.set([255, 255, 255, red + green + blue > 3 * 127 ? 255 : 0], i);
      }
      mask.putImageData(pixels, 0, 0);
      draw();
    },

    clear(): void {
      mask.clearRect(0, 0, canvas.width, canvas.height);
      draw();
    },

    moveCursor(at: Point | null, radius: number): void {
      cursor = at && { at, radius };
      draw();
    },

    /** The mask as a PNG, white on black; null when nothing is painted. */
    async toFile(): Promise<File | null> {
      const { width, height } = canvas;
      const painted = mask.getImageData(0, 0, width, height).data.some((value, i) => i % 4 === 3 && value > 0);
      if (!painted) {
        return null;
      }
      const flat = new OffscreenCanvas(width, height).getContext('2d')!;
      flat.fillRect(0, 0, width, height);
      flat.drawImage(mask.canvas, 0, 0);
      return new File([await flat.canvas.convertToBlob({ type: 'image/png' })], 'mask.png', { type: 'image/png' });
    },
  };
}

export type MaskCanvas = ReturnType<typeof createMaskCanvas>;
