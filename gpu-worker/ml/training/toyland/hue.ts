import { clampChroma, formatHex } from 'culori';

/**
 * Hues are OKLCH degrees, so that equal angles look about equally different. Lightness and chroma follow the hue: yellow is
 * only yellow when bright, and pink is set apart from red by its lightness.
 */
const anchors = [
  { word: 'red', degrees: 25, lightness: 0.6, chroma: 0.22 },
  { word: 'orange', degrees: 58, lightness: 0.74, chroma: 0.17 },
  { word: 'yellow', degrees: 98, lightness: 0.87, chroma: 0.18 },
  { word: 'green', degrees: 143, lightness: 0.7, chroma: 0.2 },
  { word: 'teal', degrees: 190, lightness: 0.75, chroma: 0.13 },
  { word: 'blue', degrees: 255, lightness: 0.62, chroma: 0.18 },
  { word: 'purple', degrees: 304, lightness: 0.56, chroma: 0.22 },
  { word: 'pink', degrees: 350, lightness: 0.76, chroma: 0.15 },
] as const;

export type HueWord = (typeof anchors)[number]['word'];
export const hueWords: readonly HueWord[] = anchors.map((anchor) => anchor.word);

/** The smaller angle between two hues, in [0, 180]. */
export function hueDistanceDegrees(a: number, b: number): number {
  const difference = Math.abs(a - b) % 360;
  return Math.min(difference, 360 - difference);
}

/** The word a caption uses for a hue: the nearest anchor. */
export function nameHue(degrees: number): HueWord {
  return anchors.reduce((best, anchor) =>
    hueDistanceDegrees(degrees, anchor.degrees) < hueDistanceDegrees(degrees, best.degrees) ? anchor : best,
  ).word;
}

export function hueOfWord(word: HueWord): number {
  return anchors.find((anchor) => anchor.word === word)!.degrees;
}

export type Paint = { base: string; pattern: string; outline: string };

/** The body colour of a hue, the lighter one of patterns and the outline's, as #rrggbb within sRGB. */
export function paintOfHue(degrees: number): Paint {
  const { lightness, chroma } = toneOfHue(degrees);
  const hex = (l: number, c: number) => formatHex(clampChroma({ mode: 'oklch', l, c, h: degrees }, 'oklch'));
  return {
    base: hex(lightness, chroma),
    pattern: hex(Math.min(0.97, lightness + 0.27), chroma * 0.35),
    outline: hex(0.3, 0.07),
  };
}

/** Lightness and chroma between the two neighbouring anchors, linear in the angle. */
function toneOfHue(degrees: number): { lightness: number; chroma: number } {
  const hue = (((degrees - anchors[0].degrees) % 360) + 360) % 360;
  const starts = anchors.map((anchor) => anchor.degrees - anchors[0].degrees);
  const index = starts.findLastIndex((start) => start <= hue);
  const from = anchors[index]!;
  const to = anchors[(index + 1) % anchors.length]!;
  const end = starts[index + 1] ?? 360;
  const weight = (hue - starts[index]!) / (end - starts[index]!);
  return {
    lightness: from.lightness + weight * (to.lightness - from.lightness),
    chroma: from.chroma + weight * (to.chroma - from.chroma),
  };
}
