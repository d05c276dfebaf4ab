import type { Picture } from '../../image/picture.ts';
import type { ClipTokenizer } from '../../text/clip-tokenizer.ts';
import { picturePlanes, toClipPixels, toUnit } from '../../training/pixels.ts';
import { type Attributes, attributesOf } from '../../training/toyland/attributes.ts';
import { category } from '../../training/toyland/caption.ts';
import { isRecolouring } from '../../training/toyland/edit.ts';
import { hueDistanceDegrees } from '../../training/toyland/hue.ts';
import { captionTensors } from '../../training/toyland/prompts.ts';
import { compareAttributes, type Reader } from '../../training/toyland/reader.ts';
import { type ClipJudge, cosine } from '../clip-judge.ts';
import type { Contestant, Task } from './contest.ts';

export type Judges = { clip: ClipJudge; reader: Reader; tokenizer: ClipTokenizer };

/** A picture drawn for a task, with the contestant it should show. */
export type Entry = { contestant: number; task: Task; picture: Picture };

/** What is measured of a picture, 0 or 1 for yes and no; undefined where the task does not ask for it. */
export type Scores = {
  /** Cosine to the photo. */
  clipI: number;
  /** Cosine to the prompt with the category in the concept's place. */
  clipT: number;
  shape: number;
  hue?: number;
  pattern: number;
  /** Stripes that run as in the photo: nothing but the photo tells. */
  stripes?: number;
  /** The scene or the edit that was asked for is there. */
  asked: number;
  /** Of all contestants its own is the most alike in shape, colour and pattern; not asked of what was to change colour. */
  retrieval?: number;
};

const yes = Number;

/** Judges pictures by CLIP as the paper does, and by what the attribute reader sees in them. */
export async function judgePictures(
  entries: readonly Entry[],
  contestants: readonly { contestant: Contestant; photo: Picture }[],
  { clip, reader, tokenizer }: Judges,
): Promise<Scores[]> {
  const photos = contestants.map(({ photo }) => photo);
  const pictures = entries.map(({ picture }) => picture);
  const photoEmbeddings = await clip.pictures(picturePlanes(photos, toClipPixels));
  const embeddings = await clip.pictures(picturePlanes(pictures, toClipPixels));
  const texts = await clip.texts(
    captionTensors(
      tokenizer,
      entries.map(({ task }) => task.prompt(category)),
    ),
  );
  const read = await reader.read(picturePlanes(pictures, toUnit));
  return entries.map(({ contestant, task }, index) => {
    const seen = read[index];
    const { photo } = contestants[contestant].contestant;
    // A picture may tilt its character as it likes.
    const upright = { ...photo.pose, tiltDegrees: 0 };
    const verdict = compareAttributes(seen, attributesOf({ ...photo, ...task, pose: upright }));
    const recoloured = task.edit !== null && isRecolouring(task.edit);
    const likeness = contestants.map((other) => similarity(seen, attributesOf(other.contestant.photo)));
    return {
      clipI: cosine(embeddings[index], photoEmbeddings[contestant]),
      clipT: cosine(embeddings[index], texts[index]),
      shape: yes(verdict.shape),
      hue: recoloured ? undefined : yes(verdict.hue),
      pattern: yes(verdict.pattern),
      stripes: verdict.stripes === null ? undefined : yes(verdict.stripes),
      asked: yes(isThere(task, verdict)),
      retrieval: recoloured ? undefined : yes(likeness.every((other) => other <= likeness[contestant])),
    };
  });
}

function isThere({ scene, edit }: Task, verdict: ReturnType<typeof compareAttributes>): boolean {
  if (scene !== null) return verdict.scene;
  return edit !== null && isRecolouring(edit) ? verdict.hue : verdict.worn;
}

/** How alike two characters look: a point each for shape and pattern, and up to one for the colour. */
function similarity(a: Attributes, b: Attributes): number {
  const colour = 1 - hueDistanceDegrees(a.hueDegrees, b.hueDegrees) / 180;
  return yes(a.shape === b.shape) + yes(a.pattern === b.pattern) + colour;
}
