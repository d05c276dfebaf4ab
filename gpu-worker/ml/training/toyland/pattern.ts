import type { Character } from './character.ts';

/** Far enough beyond the body to cover it at any angle. */
const reach = 80;

/** What a pattern paints over the body in its second colour, before clipping to the body. Empty for a plain one. */
export function patternMarkup(character: Character): string {
  const { patternAngleDegrees, patternSpacing, patternPhase } = character;
  const turned = (markup: string) => `<g transform="rotate(${patternAngleDegrees})">${markup}</g>`;
  const offsets = (period: number) => {
    const count = Math.ceil(reach / period);
    return Array.from({ length: 2 * count + 1 }, (_, index) => (index - count + patternPhase) * period);
  };
  switch (character.pattern) {
    case 'plain':
      return '';
    case 'striped':
      return turned(
        offsets(patternSpacing)
          .map((x) => `<rect x="${x}" y="${-reach}" width="${patternSpacing * 0.45}" height="${2 * reach}"/>`)
          .join(''),
      );
    case 'spotted':
      return character.spots.map(({ x, y, radius }) => `<circle cx="${x}" cy="${y}" r="${radius}"/>`).join('');
    case 'checkered': {
      const side = patternSpacing * 0.62;
      return turned(
        offsets(side)
          .flatMap((x, column) =>
            offsets(side)
              .filter((_, row) => (row + column) % 2 === 0)
              .map((y) => `<rect x="${x}" y="${y}" width="${side}" height="${side}"/>`),
          )
          .join(''),
      );
    }
    case 'dipped':
      return turned(
        `<rect x="${(patternPhase - 0.5) * 40}" y="${-reach}" width="${2 * reach}" height="${2 * reach}"/>`,
      );
  }
}
