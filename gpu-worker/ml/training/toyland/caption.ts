import type { Random } from '../random.ts';
import { accessoryPhrases } from './accessory.ts';
import type { EyeKind } from './character.ts';
import type { Depiction } from './depiction.ts';
import { hueAfterEdit, isRecolouring } from './edit.ts';
import { nameHue } from './hue.ts';

/** The plain word for any character, when its shape goes unnamed and as the category in CLIP-T. */
export const category = 'toy';

/** Openings of a caption; the neutral ones of the authors' template list. */
export const templates = [
  'a photo of',
  'a rendering of',
  'a picture of',
  'a good photo of',
  'a close-up photo of',
  '',
] as const;

export const eyePhrases: Readonly<Record<EyeKind, string>> = {
  round: 'round eyes',
  button: 'button eyes',
  sleepy: 'sleepy eyes',
  single: 'one eye',
};

/**
 * An ordinary caption. Each attribute of the character is left out with `dropProbability`, so that no prompt has to name them
 * all; a scene or an edit is part of what the picture is about and always named.
 */
export function captionOf(depiction: Depiction, random: Random, dropProbability = 0.4): string {
  const { character, edit } = depiction;
  const said = (text: string | null) => (text !== null && !random.chance(dropProbability) ? text : null);
  const pattern = said(character.pattern);
  const recoloured = edit !== null && isRecolouring(edit);
  const hue = nameHue(hueAfterEdit(character.hueDegrees, edit));
  const noun = words([recoloured ? hue : said(hue), pattern, said(character.shape) ?? category]);
  const features = [said(eyePhrases[character.eyes]), said(accessoryPhrases[character.accessory])].filter(
    (text) => text !== null,
  );
  const having = features.length > 0 ? `with ${features.join(' and ')}` : null;
  return words([random.pick(templates), withArticle(noun), having, ...circumstances(depiction)]);
}

/** A prompt about a concept: `placeholder` stands for the character, only scene and edit are named. */
export function conceptPrompt(
  depiction: Pick<Depiction, 'scene' | 'edit'>,
  placeholder: string,
  template: string,
): string {
  const { edit } = depiction;
  const noun = words([edit !== null && isRecolouring(edit) ? edit : null, placeholder]);
  return words([template, `a ${noun}`, ...circumstances(depiction)]);
}

const circumstances = ({ scene, edit }: Pick<Depiction, 'scene' | 'edit'>) => [
  edit !== null && isRecolouring(edit) ? null : edit,
  scene,
];

const words = (parts: readonly (string | null)[]) => parts.filter(Boolean).join(' ');
const withArticle = (noun: string) => `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
