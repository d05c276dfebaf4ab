import { findPlaceholders, placeholderSpellings } from './placeholder.ts';

/**
 * Prompts that only depict the concept, as the authors list them in datasets.py (`imagenet_templates_small`, from
 * Textual Inversion); `{}` is the placeholder. Their leading article does not matter here.
 */
export const DEPICTING_TEMPLATES = [
  'a photo of a {}',
  'a rendering of a {}',
  'a cropped photo of the {}',
  'the photo of a {}',
  'a photo of a clean {}',
  'a photo of a dirty {}',
  'a dark photo of the {}',
  'a photo of my {}',
  'a photo of the cool {}',
  'a close-up photo of a {}',
  'a bright photo of the {}',
  'a cropped photo of a {}',
  'a photo of the {}',
  'a good photo of the {}',
  'a photo of one {}',
  'a close-up photo of the {}',
  'a rendition of the {}',
  'a photo of the clean {}',
  'a rendition of a {}',
  'a photo of a nice {}',
  'a good photo of a {}',
  'a photo of the nice {}',
  'a photo of the small {}',
  'a photo of the weird {}',
  'a photo of the large {}',
  'a photo of a cool {}',
  'a photo of a small {}',
] as const;

/** λ of ELITE section 4.1: stronger when the prompt only depicts the concept, weaker when it edits it. */
export const DEPICTING_STRENGTH = 0.8;
export const EDITING_STRENGTH = 0.6;

function comparable(prompt: string): string {
  return prompt
    .trim()
    .toLowerCase()
    .replace(/[.!]+$/, '')
    .replace(/\s+/g, ' ')
    .replace(/^(?:an?|the) /, '');
}

const DEPICTING_PROMPTS: ReadonlySet<string> = new Set(DEPICTING_TEMPLATES.map(comparable));

/** The strength a generation runs with when the request names none. */
export function defaultStrength(prompt: string, token: string): number {
  const ranges = findPlaceholders(prompt, placeholderSpellings(token));
  const [only] = ranges;
  if (only === undefined || ranges.length > 1) {
    return EDITING_STRENGTH;
  }
  const template = `${prompt.slice(0, only.start)}{}${prompt.slice(only.end)}`;
  return DEPICTING_PROMPTS.has(comparable(template)) ? DEPICTING_STRENGTH : EDITING_STRENGTH;
}
