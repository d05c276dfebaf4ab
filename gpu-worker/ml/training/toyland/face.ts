import type { EyeKind } from './character.ts';

const ink = '#26222b';

/** Eyes and a smile around (0, 0), about 44 units wide. */
export function faceMarkup(eyes: EyeKind): string {
  return `${eyesMarkup[eyes]}<path d="M-6 14 Q0 21 6 14" fill="none" stroke="${ink}" stroke-width="3.4" stroke-linecap="round"/>`;
}

const mirrored = (markup: string) => `${markup}<g transform="scale(-1 1)">${markup}</g>`;

const eyesMarkup: Readonly<Record<EyeKind, string>> = {
  round:
    mirrored(`<circle cx="13" cy="0" r="10" fill="#fff" stroke="${ink}" stroke-width="2"/>`) +
    `<circle cx="-11.5" cy="1" r="5" fill="${ink}"/><circle cx="11.5" cy="1" r="5" fill="${ink}"/>`,
  button: mirrored(`<circle cx="14" cy="1" r="5.6" fill="${ink}"/><circle cx="12.4" cy="-1" r="1.8" fill="#fff"/>`),
  sleepy: mirrored(`<path d="M6 0 Q13.5 9 21 0" fill="none" stroke="${ink}" stroke-width="4" stroke-linecap="round"/>`),
  single: `<circle cx="0" cy="-4" r="14" fill="#fff" stroke="${ink}" stroke-width="2"/><circle cx="0" cy="-3" r="7" fill="${ink}"/><circle cx="-2.5" cy="-6" r="2.2" fill="#fff"/>`,
};
