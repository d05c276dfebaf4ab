import type { Random } from '../random.ts';
import { bodies } from './body.ts';
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
 * One inhabitant of toyland. Captions may name shape, hue word, pattern, eyes and accessory; the rest (exact hue, tilt, spacing,
 * shift, where the spots sit) is never put into words: only a picture tells it.
 */
export type Character = {
  shape: Shape;
  hueDegrees: number;
  pattern: Pattern;
  /** How far the pattern is turned from lying level, −40…40. */
  patternTiltDegrees: number;
  /** From one stripe to the next, on the body's scale. */
  patternSpacing: number;
  /** Of the pattern off the body's middle, on the body's scale. */
  patternShift: number;
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

/**
 * Patterns are laid out around the body's middle and lie roughly level: their mean over all characters shows which kind it is, where that of patterns
 * anywhere and at any angle is flat.
 */
function sampleAnyCharacter(random: Random): Character {
  const shape = random.pick(shapes);
  return {
    shape,
    hueDegrees: random.uniform(0, 360),
    pattern: random.pick(patterns),
    patternTiltDegrees: random.uniform(-40, 40),
    patternSpacing: random.uniform(40, 52),
    patternShift: random.uniform(-6, 6),
    spots: sampleSpots(shape, random),
    eyes: random.pick(eyeKinds),
    accessory: random.pick(accessories),
  };
}

/** A spot near each of the body's places for one; half of the characters lack one of them. */
function sampleSpots(shape: Shape, random: Random): Spot[] {
  const places = bodies[shape].spotPlaces;
  const missing = random.chance(0.5) ? random.integer(places.length) : null;
  return places
    .filter((_, index) => index !== missing)
    .map(([x, y]) => ({
      x: x + random.uniform(-5, 5),
      y: y + random.uniform(-5, 5),
      radius: random.uniform(9, 13),
    }));
}
