import { createRandom } from '../../training/random.ts';
import { stagings } from '../../training/toyland/album.ts';
import { conceptPrompt, templates } from '../../training/toyland/caption.ts';
import { type Character, sampleCharacter } from '../../training/toyland/character.ts';
import { type Depiction, sampleDepiction } from '../../training/toyland/depiction.ts';
import { type Edit, edits } from '../../training/toyland/edit.ts';
import { nameHue } from '../../training/toyland/hue.ts';
import { type Scene, scenes } from '../../training/toyland/scene.ts';

/** A character that training never saw, and the one photo of it that the model gets. */
export type Contestant = { character: Character; photo: Depiction };

/** What a picture is asked for: a place, or a change of the character. */
export type Task = { scene: Scene | null; edit: Edit | null; prompt: (noun: string) => string };

/** Characters of each combination of shape, hue word and pattern at most; the held-out ones are 40 combinations. */
const perCombination = 2;

/**
 * The first `count` held-out characters, each combination of shape, hue word and pattern once before any comes twice. The combinations are a Latin
 * square, so with all 40 of them every character has at least four rivals of its colour and four of its shape.
 */
export function chooseContestants(count: number): Contestant[] {
  const taken = new Map<string, number>();
  const rounds: Contestant[][] = Array.from({ length: perCombination }, () => []);
  for (let index = 0; rounds.flat().length < 40 * perCombination; index++) {
    const random = createRandom(17, index);
    const character = sampleCharacter(random, 'held-out');
    const combination = `${nameHue(character.hueDegrees)} ${character.pattern} ${character.shape}`;
    const before = taken.get(combination) ?? 0;
    if (before === perCombination) continue;
    taken.set(combination, before + 1);
    rounds[before].push({ character, photo: sampleDepiction(character, random, stagings.portraits[0]) });
  }
  return rounds.flat().slice(0, count);
}

/** `count` tasks for contestant `index`: scenes and edits in turn, so that all of them are asked for equally often. */
export function tasksOf(index: number, count: number): Task[] {
  return Array.from({ length: count }, (_, turn) => {
    const which = Math.floor((index * count + turn) / 2);
    const asked =
      turn % 2 === 0
        ? { scene: scenes[which % scenes.length], edit: null }
        : { scene: null, edit: edits[which % edits.length] };
    return { ...asked, prompt: (noun) => conceptPrompt(asked, noun, templates[0]) };
  });
}
