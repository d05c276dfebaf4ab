import type { Shape } from './character.ts';

/**
 * A body in its own units: it fills −50…50 both ways, y down. The outline is a list of SVG shapes whose union is the silhouette;
 * the rest says where a face and clothes go.
 */
export type Body = {
  outline: readonly string[];
  face: { y: number; scale: number };
  /** Where a hat rests: the middle of its brim and half the head's width there. */
  hat: { y: number; halfWidth: number };
  /** Where a scarf or a tie goes: its middle and half the body's width there. */
  neck: { y: number; halfWidth: number };
  /** Where the middles of spots may be, around the face. */
  spotPlaces: readonly (readonly [x: number, y: number])[];
};

export const bodies: Readonly<Record<Shape, Body>> = {
  bunny: {
    outline: [
      '<ellipse cx="0" cy="18" rx="36" ry="32"/>',
      '<ellipse cx="-17" cy="-26" rx="10.5" ry="25" transform="rotate(-9 -17 -26)"/>',
      '<ellipse cx="17" cy="-26" rx="10.5" ry="25" transform="rotate(9 17 -26)"/>',
    ],
    face: { y: 8, scale: 1 },
    hat: { y: -10, halfWidth: 21 },
    neck: { y: 34, halfWidth: 31 },
    spotPlaces: [
      [-18, -28],
      [18, -28],
      [-23, 29],
      [23, 29],
      [0, 42],
    ],
  },
  cat: {
    outline: [
      '<ellipse cx="0" cy="14" rx="45" ry="35"/>',
      '<path d="M-43 10 L-40 -45 L-6 -18 Z"/>',
      '<path d="M43 10 L40 -45 L6 -18 Z"/>',
    ],
    face: { y: 6, scale: 1.05 },
    hat: { y: -17, halfWidth: 22 },
    neck: { y: 34, halfWidth: 37 },
    spotPlaces: [
      [-31, -20],
      [31, -20],
      [-31, 25],
      [31, 25],
      [0, 40],
    ],
  },
  ghost: {
    outline: ['<path d="M-36 48 V-10 A36 38 0 0 1 36 -10 V48 L24 37 L12 48 L0 37 L-12 48 L-24 37 Z"/>'],
    face: { y: -10, scale: 1 },
    hat: { y: -34, halfWidth: 26 },
    neck: { y: 16, halfWidth: 36 },
    spotPlaces: [
      [-17, -35],
      [19, -34],
      [-24, 16],
      [24, 18],
      [0, 36],
    ],
  },
  star: {
    outline: [
      '<path stroke-linejoin="round" d="M0 -48 L14.5 -16 L49 -13 L23 11 L31 46 L0 28 L-31 46 L-23 11 L-49 -13 L-14.5 -16 Z"/>',
    ],
    face: { y: -2, scale: 0.8 },
    hat: { y: -24, halfWidth: 16 },
    neck: { y: 19, halfWidth: 25 },
    spotPlaces: [
      [0, -31],
      [-34, -8],
      [34, -8],
      [-20, 28],
      [20, 28],
    ],
  },
  robot: {
    outline: [
      '<rect x="-36" y="-30" width="72" height="78" rx="9"/>',
      '<rect x="-3" y="-44" width="6" height="16"/>',
      '<circle cx="0" cy="-44" r="6"/>',
      '<rect x="-49" y="-6" width="16" height="22" rx="5"/>',
      '<rect x="33" y="-6" width="16" height="22" rx="5"/>',
    ],
    face: { y: -6, scale: 1.05 },
    hat: { y: -28, halfWidth: 29 },
    neck: { y: 24, halfWidth: 36 },
    spotPlaces: [
      [-24, -21],
      [24, -21],
      [-24, 20],
      [24, 20],
      [0, 38],
    ],
  },
  octopus: {
    outline: [
      '<ellipse cx="0" cy="-12" rx="37" ry="36"/>',
      '<ellipse cx="-37" cy="28" rx="12" ry="10"/>',
      '<ellipse cx="-15" cy="34" rx="11.5" ry="15"/>',
      '<ellipse cx="15" cy="34" rx="11.5" ry="15"/>',
      '<ellipse cx="37" cy="28" rx="12" ry="10"/>',
      '<rect x="-33" y="6" width="66" height="22"/>',
    ],
    face: { y: -12, scale: 1 },
    hat: { y: -34, halfWidth: 27 },
    neck: { y: 14, halfWidth: 34 },
    spotPlaces: [
      [0, -38],
      [-30, 9],
      [30, 9],
      [-15, 35],
      [15, 35],
    ],
  },
  mushroom: {
    outline: [
      '<path d="M-49 4 C-49 -66 49 -66 49 4 C49 15 -49 15 -49 4 Z"/>',
      '<path d="M-22 4 H22 L25 40 Q25 48 16 48 H-16 Q-25 48 -25 40 Z"/>',
    ],
    face: { y: -10, scale: 1 },
    hat: { y: -38, halfWidth: 25 },
    neck: { y: 20, halfWidth: 23 },
    spotPlaces: [
      [-20, -36],
      [20, -36],
      [-38, -6],
      [38, -6],
      [0, 30],
    ],
  },
  flower: {
    outline: [0, 60, 120, 180, 240, 300]
      .map((degrees) => `<circle cx="0" cy="-30" r="19" transform="rotate(${degrees})"/>`)
      .concat('<circle cx="0" cy="0" r="28"/>'),
    face: { y: -1, scale: 0.95 },
    hat: { y: -33, halfWidth: 22 },
    neck: { y: 26, halfWidth: 29 },
    spotPlaces: [
      [0, -34],
      [-29, -17],
      [29, -17],
      [-28, 18],
      [28, 18],
    ],
  },
};
