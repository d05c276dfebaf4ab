import type { Character } from './character.ts';

/** Far enough beyond the body to cover it at any angle. */
const reach = 80;

/** What a pattern paints over the body in its second colour, before clipping to the body. Empty for a plain one. */
export function patternMarkup({ pattern, patternTiltDegrees, patternSpacing, patternShift, spots }: Character): string {
  const turned = (degrees: number, markup: string) =>
    `<g transform="rotate(${degrees}) translate(${patternShift} ${patternShift})">${markup}</g>`;
  switch (pattern) {
    case 'plain':
      return '';
    case 'striped': {
      // One above and one below the middle, where the face is, and so on.
      const width = patternSpacing * 0.45;
      return turned(
        patternTiltDegrees,
        [-1.5, -0.5, 0.5, 1.5]
          .map((turn) => turn * patternSpacing - width / 2)
          .map((y) => `<rect x="${-reach}" y="${y}" width="${2 * reach}" height="${width}"/>`)
          .join(''),
      );
    }
    case 'spotted':
      return spots.map(({ x, y, radius }) => `<circle cx="${x}" cy="${y}" r="${radius}"/>`).join('');
    case 'checkered': {
      const side = patternSpacing * 0.62;
      const cells = [-3, -2, -1, 0, 1, 2];
      return turned(
        patternTiltDegrees / 2,
        cells
          .flatMap((column) =>
            cells
              .filter((row) => (row + column) % 2 === 0)
              .map((row) => `<rect x="${column * side}" y="${row * side}" width="${side}" height="${side}"/>`),
          )
          .join(''),
      );
    }
    case 'dipped':
      return turned(patternTiltDegrees, `<rect x="${-reach}" y="0" width="${2 * reach}" height="${2 * reach}"/>`);
  }
}
