import { formatHex } from 'culori';
import type { Random } from '../random.ts';

/** Places a prompt can name, in the words of the paper's prompt list (its appendix). */
export const scenes = [
  'in the jungle',
  'in the snow',
  'on the beach',
  'on a cobblestone street',
  'on top of pink fabric',
  'on top of a wooden floor',
  'with a city in the background',
  'with a mountain in the background',
] as const;

export type Scene = (typeof scenes)[number];

/** A backdrop in a 100 × 100 frame; `random` moves its parts, so no two are the same. Null is a plain studio wall. */
export function sceneMarkup(scene: Scene | null, random: Random): string {
  if (scene === null) return studio(random);
  return painters[scene](random);
}

const rect = (x: number, y: number, width: number, height: number, fill: string, more = '') =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}" ${more}/>`;
const circle = (x: number, y: number, r: number, fill: string, more = '') =>
  `<circle cx="${x}" cy="${y}" r="${r}" fill="${fill}" ${more}/>`;
const repeat = (count: number, draw: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => draw(i)).join('');
const oklch = (l: number, c: number, h: number) => formatHex({ mode: 'oklch', l, c, h });

function studio(random: Random): string {
  const hue = random.uniform(0, 360);
  const chroma = random.uniform(0, 0.05);
  const lightness = random.uniform(0.72, 0.95);
  const horizon = random.uniform(68, 84);
  return (
    rect(0, 0, 100, 100, oklch(lightness, chroma, hue)) +
    rect(0, horizon, 100, 40, oklch(lightness - 0.09, chroma, hue))
  );
}

const painters: Readonly<Record<Scene, (random: Random) => string>> = {
  'in the jungle': (random) => {
    const leaf = () => {
      const x = random.uniform(-5, 105);
      const y = random.uniform(-5, 62);
      return `<ellipse cx="${x}" cy="${y}" rx="${random.uniform(9, 15)}" ry="${random.uniform(3, 5)}" fill="${oklch(random.uniform(0.42, 0.62), 0.14, random.uniform(135, 150))}" transform="rotate(${random.uniform(-70, 70)} ${x} ${y})"/>`;
    };
    const trunk = () => rect(random.uniform(0, 92), 0, random.uniform(4, 8), 72, '#5a3d22');
    return rect(0, 0, 100, 100, '#1f5a2a') + repeat(3, trunk) + repeat(22, leaf) + rect(0, 76, 100, 24, '#3c5a1c');
  },
  'in the snow': (random) => {
    const horizon = random.uniform(58, 70);
    const pine = () => {
      const x = random.uniform(2, 98);
      const y = horizon + random.uniform(0, 5);
      const size = random.uniform(7, 12);
      return `<path d="M${x} ${y - size * 2.4} L${x + size} ${y} H${x - size} Z" fill="#5f8c86"/>`;
    };
    const flake = () => circle(random.uniform(0, 100), random.uniform(0, 100), random.uniform(0.9, 1.7), '#ffffff');
    return (
      rect(0, 0, 100, 100, '#a9cbe8') +
      repeat(3, pine) +
      `<path d="M0 ${horizon} Q25 ${horizon - 9} 50 ${horizon} T100 ${horizon} V100 H0 Z" fill="#f4f9ff"/>` +
      repeat(34, flake)
    );
  },
  'on the beach': (random) => {
    const shore = random.uniform(54, 66);
    const sun = circle(random.uniform(10, 90), random.uniform(8, 20), 8, '#fff3b0');
    const wave = (i: number) =>
      `<path d="M0 ${shore - 4 - i * 6} q12.5 -4 25 0 t25 0 t25 0 t25 0" fill="none" stroke="#bfe9f5" stroke-width="1.6"/>`;
    return (
      rect(0, 0, 100, 100, '#8fd3f4') +
      sun +
      rect(0, shore - 22, 100, 30, '#1f8fc4') +
      repeat(3, wave) +
      `<path d="M0 ${shore} q25 -6 50 0 t50 0 V100 H0 Z" fill="#f0d9a0"/>` +
      repeat(9, () => circle(random.uniform(0, 100), random.uniform(shore + 5, 98), 0.9, '#cfb173'))
    );
  },
  'on a cobblestone street': (random) => {
    const stone = (row: number, column: number) => {
      const x = column * 15 + (row % 2) * 7.5 - 9 + random.uniform(-1, 1);
      return rect(x, 44 + row * 9.5, 13, 7.8, oklch(random.uniform(0.55, 0.7), 0.012, 60), 'rx="3.4"');
    };
    const house = (i: number) => {
      const left = i * 26 - random.uniform(2, 8);
      const wall = oklch(random.uniform(0.66, 0.8), 0.05, random.uniform(40, 80));
      return rect(left, random.uniform(4, 16), 24, 44, wall) + rect(left + 8, 24, 8, 11, '#5d6b7a');
    };
    return (
      rect(0, 0, 100, 100, '#c9d6df') +
      repeat(5, house) +
      rect(0, 42, 100, 58, '#494542') +
      repeat(6, (row) => repeat(8, (column) => stone(row, column)))
    );
  },
  'on top of pink fabric': (random) => {
    const tilt = random.uniform(-30, 30);
    const fold = (i: number) =>
      `<path d="M${i * 17 - 40} -30 q${random.uniform(-10, 10)} 80 ${random.uniform(-4, 4)} 170" fill="none" stroke="${i % 2 ? '#ffc3db' : '#e777a8'}" stroke-width="${random.uniform(3.5, 6)}"/>`;
    return `${rect(0, 0, 100, 100, '#f79cc2')}<g transform="rotate(${tilt} 50 50)">${repeat(11, fold)}</g>`;
  },
  'on top of a wooden floor': (random) => {
    const shift = random.uniform(0, 12);
    const plank = (i: number) =>
      rect(
        -12 + i * 12.5 + shift,
        0,
        12.5,
        100,
        oklch(random.uniform(0.5, 0.6), 0.085, 58),
        'stroke="#5b3517" stroke-width="1.3"',
      );
    const joint = (i: number) =>
      `<path d="M${-12 + i * 12.5 + shift} ${random.uniform(5, 95)} h12.5" stroke="#5b3517" stroke-width="1.3"/>`;
    return repeat(10, plank) + repeat(10, joint);
  },
  'with a city in the background': (random) => {
    const lit = random.uniform() < 0.5 ? '#ffe08a' : '#fff4c9';
    const tower = (i: number) => {
      const x = i * 12 + random.uniform(-3, 3);
      const top = random.uniform(6, 42);
      const windows = repeat(
        4,
        (row) => rect(x + 2, top + 4 + row * 9, 2.6, 4, lit) + rect(x + 7, top + 4 + row * 9, 2.6, 4, lit),
      );
      return rect(x, top, 11.5, 80 - top, oklch(random.uniform(0.36, 0.5), 0.05, 275)) + windows;
    };
    return rect(0, 0, 100, 100, '#e9b6a4') + repeat(9, tower) + rect(0, 76, 100, 24, '#77747d');
  },
  'with a mountain in the background': (random) => {
    const peak = (x: number, height: number, half: number) => {
      const top = 74 - height;
      const snow = 0.3;
      return (
        `<path d="M${x - half} 74 L${x} ${top} L${x + half} 74 Z" fill="#6d7f99"/>` +
        `<path d="M${x - half * snow} ${top + height * snow} L${x} ${top} L${x + half * snow} ${top + height * snow} L${x} ${top + height * 0.22} Z" fill="#fff"/>`
      );
    };
    return (
      rect(0, 0, 100, 100, '#bfe0f5') +
      peak(random.uniform(8, 30), random.uniform(48, 66), random.uniform(34, 44)) +
      peak(random.uniform(66, 94), random.uniform(44, 66), random.uniform(34, 44)) +
      rect(0, 73, 100, 27, '#7fb94e')
    );
  },
};
