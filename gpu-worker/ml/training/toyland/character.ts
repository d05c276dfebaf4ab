import type { Random } from '../random.ts';
import { hueWords, nameHue } from './hue.ts';

export const shapes = ['bunny', 'cat', 'ghost', 'star', 'robot', 'octopus', 'mushroom', 'flower'] as const;
export const patterns = ['plain', 'striped', 'spotted', 'checkered', 'dipped'] as const;
const eyeKinds = ['round', 'button', 'sleepy', 'single'] as const;
const accessories = ['none', 'bow tie', 'sprout', 'cheeks'] as const;

export type Shape = (typeof shapes)[number];
export type Pattern = (typeof patterns)[number];
export type EyeKind = (typeof eyeKinds)[number];
export type Accessory = (typeof accessories)[number];

/** Spots, on the body's own scale: the body fills −50…50 both ways. */
export type Spot = { x: number; y: number; radius: number };

/**
 * One inhabitant of toyland. Captions may name shape, hue word, pattern, eyes and accessory; the rest (exact hue, shade, angle,
 * spacing, phase, where the spots sit) is never put into words: only a picture tells it.
 */
export type Character = {
  shape: Shape;
  hueDegrees: number;
  pattern: Pattern;
  shade: 'light' | 'dark';
  patternAngleDegrees: number;
  patternSpacing: number;
  /** Shift of the pattern in units of its spacing, in [0, 1). */
  patternPhase: number;
  spots: readonly Spot[];
  eyes: EyeKind;
  accessory: Accessory;
};

export type Split = 'train' | 'held-out';

/** Draws characters until one falls into the split: every combination of shape, hue word and pattern belongs to one side. */
export function sampleCharacter(random: Random, split: Split): Character {
  for (;;) {
    const character = sampleAnyCharacter(random);
    if (splitOf(character) === split) return character;
  }
}

/**
 * One combination in eight is held out, by a Latin square: every shape, hue word and pattern occurs on both sides, and every pair
 * of them in training, so that only the combination is new.
 */
export function splitOf({ shape, hueDegrees, pattern }: Character): Split {
  const hueIndex = hueWords.indexOf(nameHue(hueDegrees));
  const cell = shapes.indexOf(shape) + 3 * hueIndex + 2 * patterns.indexOf(pattern);
  return cell % 8 === 0 ? 'held-out' : 'train';
}

function sampleAnyCharacter(random: Random): Character {
  return {
    shape: random.pick(shapes),
    hueDegrees: random.uniform(0, 360),
    pattern: random.pick(patterns),
    shade: random.pick(['light', 'dark']),
    patternAngleDegrees: random.uniform(0, 180),
    patternSpacing: random.uniform(38, 54),
    patternPhase: random.uniform(),
    spots: sampleSpots(random),
    eyes: random.pick(eyeKinds),
    accessory: random.pick(accessories),
  };
}

function sampleSpots(random: Random): Spot[] {
  const count = 4 + random.integer(3);
  const spots: Spot[] = [];
  // A body too full for another spot simply keeps fewer.
  for (let attempt = 0; attempt < 60 && spots.length < count; attempt++) {
    const spot = { x: random.uniform(-44, 44), y: random.uniform(-46, 46), radius: random.uniform(9, 14) };
    const clear = spots.every(
      (other) => Math.hypot(spot.x - other.x, spot.y - other.y) > spot.radius + other.radius + 7,
    );
    if (clear) spots.push(spot);
  }
  return spots;
}
