import type { Body } from './body.ts';
import type { Accessory } from './character.ts';

/** How a caption names an accessory: always the whole phrase, so that its colour cannot be taken for the body's. */
export const accessoryPhrases: Readonly<Record<Accessory, string | null>> = {
  none: null,
  'bow tie': 'a blue bow tie',
  sprout: 'a green sprout',
  cheeks: 'pink cheeks',
};

/** A character's own accessory in the body's units, beneath anything worn for a prompt. */
export function accessoryMarkup(accessory: Accessory, { face, hat, neck }: Body): string {
  switch (accessory) {
    case 'none':
      return '';
    case 'bow tie':
      return `<g transform="translate(0 ${neck.y - 2})" fill="#2f6fe4" stroke="#12306e" stroke-width="2.5"><path d="M0 0 L-17 -10 V10 Z"/><path d="M0 0 L17 -10 V10 Z"/><circle cx="0" cy="0" r="4.5"/></g>`;
    case 'sprout':
      return `<g transform="translate(0 ${hat.y})" fill="#54c435" stroke="#1d5c12" stroke-width="2.2"><path d="M0 2 V-14" fill="none" stroke-width="4"/><path d="M0 -13 C-6 -27 -20 -24 -22 -20 C-16 -10 -6 -9 0 -13 Z"/><path d="M0 -13 C6 -27 20 -24 22 -20 C16 -10 6 -9 0 -13 Z"/></g>`;
    case 'cheeks':
      return `<g transform="translate(0 ${face.y + 13}) scale(${face.scale})" fill="#ff6fa8" stroke="#d23a78" stroke-width="1"><ellipse cx="-21" cy="0" rx="7.5" ry="5.5"/><ellipse cx="21" cy="0" rx="7.5" ry="5.5"/></g>`;
  }
}
