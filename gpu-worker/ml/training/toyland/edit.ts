import type { Body } from './body.ts';
import { type HueWord, hueOfWord } from './hue.ts';

/** Changes of a character that a prompt asks for, in the words of the paper's prompt list (its appendix). */
export const edits = [
  'wearing a red hat',
  'wearing a santa hat',
  'wearing a black top hat',
  'wearing a rainbow scarf',
  'wearing pink glasses',
  'wearing a yellow shirt',
  'red',
  'purple',
] as const;

export type Edit = (typeof edits)[number];
export type RecolouringEdit = Extract<Edit, HueWord>;
export type WornEdit = Exclude<Edit, RecolouringEdit>;

export function isRecolouring(edit: Edit): edit is RecolouringEdit {
  return edit === 'red' || edit === 'purple';
}

/** The hue of a recoloured character; pattern and the rest stay. */
export function hueAfterEdit(hueDegrees: number, edit: Edit | null): number {
  return edit !== null && isRecolouring(edit) ? hueOfWord(edit) : hueDegrees;
}

/** What is worn, drawn over the body in the body's units. */
export function wornMarkup(edit: WornEdit, body: Body, clipToBody: (markup: string) => string): string {
  switch (edit) {
    case 'wearing a red hat':
      return onHead(body, redHat);
    case 'wearing a santa hat':
      return onHead(body, santaHat);
    case 'wearing a black top hat':
      return onHead(body, topHat);
    case 'wearing a rainbow scarf':
      return scarf(body);
    case 'wearing pink glasses':
      return glasses(body);
    case 'wearing a yellow shirt':
      return shirt(body, clipToBody);
  }
}

/** Hats are drawn for a head of half width 24 with the brim at y = 0. */
const onHead = ({ hat }: Body, markup: string) => {
  const scale = Math.max(0.85, hat.halfWidth / 24);
  return `<g transform="translate(0 ${hat.y}) scale(${scale})">${markup}</g>`;
};

const redHat =
  '<path d="M-22 0 C-22 -34 22 -34 22 0 Z" fill="#e0242f" stroke="#6d0d14" stroke-width="3"/>' +
  '<rect x="-32" y="-5" width="64" height="9" rx="4.5" fill="#b5121d" stroke="#6d0d14" stroke-width="2.5"/>';

const santaHat =
  '<path d="M-24 0 C-20 -34 6 -44 34 -22 L30 -14 C22 -20 20 -14 24 0 Z" fill="#d81f2a" stroke="#6d0d14" stroke-width="3"/>' +
  '<rect x="-29" y="-6" width="58" height="12" rx="6" fill="#fff" stroke="#9aa3ad" stroke-width="2"/>' +
  '<circle cx="35" cy="-17" r="8.5" fill="#fff" stroke="#9aa3ad" stroke-width="2"/>';

const topHat =
  '<rect x="-19" y="-38" width="38" height="38" rx="2" fill="#23212a"/>' +
  '<rect x="-19" y="-13" width="38" height="7" fill="#8f8b99"/>' +
  '<rect x="-31" y="-5" width="62" height="8" rx="4" fill="#23212a"/>';

const rainbow = ['#e5342f', '#f58a1f', '#f7d62b', '#3fae49', '#2f74d0', '#8a3fb5'];

function scarf({ neck }: Body): string {
  const width = (neck.halfWidth * 2 + 6) / rainbow.length;
  const bands = rainbow.map(
    (colour, index) =>
      `<rect x="${-neck.halfWidth - 3 + index * width}" y="-7" width="${width + 0.4}" height="14" fill="${colour}"/>`,
  );
  const tail = rainbow.map(
    (colour, index) => `<rect x="8" y="${5 + index * 4}" width="13" height="4.4" fill="${colour}"/>`,
  );
  return `<g transform="translate(0 ${neck.y})">${tail.join('')}${bands.join('')}</g>`;
}

function glasses({ face }: Body): string {
  const lens = (x: number) =>
    `<circle cx="${x}" cy="0" r="12.5" fill="#ffb3dc" fill-opacity="0.55" stroke="#ff2f9e" stroke-width="5"/>`;
  return `<g transform="translate(0 ${face.y}) scale(${face.scale})">${lens(-14)}${lens(14)}<path d="M-28 -2 H-36 M28 -2 H36" stroke="#ff2f9e" stroke-width="5"/></g>`;
}

function shirt({ neck }: Body, clipToBody: (markup: string) => string): string {
  const top = neck.y - 8;
  return clipToBody(
    `<rect x="-60" y="${top}" width="120" height="80" fill="#fbd21f"/>` +
      `<path d="M-60 ${top} H60" stroke="#8c6d00" stroke-width="4"/>` +
      `<circle cx="0" cy="${top + 10}" r="3" fill="#8c6d00"/><circle cx="0" cy="${top + 21}" r="3" fill="#8c6d00"/>`,
  );
}
