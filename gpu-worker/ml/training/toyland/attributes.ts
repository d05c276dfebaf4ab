import type { AttributeReaderConfig } from '../../evaluation/attribute-reader.ts';
import { type Pattern, patterns, type Shape, shapes } from './character.ts';
import type { Depiction } from './depiction.ts';
import { edits, hueAfterEdit, isRecolouring, type WornEdit } from './edit.ts';
import { sizePx } from './networks.ts';
import { type Scene, scenes } from './scene.ts';

/** What can be read off a picture of toyland. */
export type Attributes = {
  shape: Shape;
  pattern: Pattern;
  hueDegrees: number;
  /** Null for a plain wall. */
  scene: Scene | null;
  worn: WornEdit | null;
};

const wornEdits = edits.filter((edit): edit is WornEdit => !isRecolouring(edit));
const sceneChoices = [null, ...scenes] as const;
const wornChoices = [null, ...wornEdits] as const;

export const toylandReader: AttributeReaderConfig = {
  imageSize: sizePx,
  blockChannels: [24, 32, 48, 64],
  groups: 8,
  heads: {
    shape: shapes.length,
    pattern: patterns.length,
    hue: 2,
    scene: sceneChoices.length,
    worn: wornChoices.length,
  },
};

/** Heads that say a vector: the hue is a direction. */
export const vectorHeads = ['hue'];

/** The attributes that a depiction shows. */
export function attributesOf({ character, scene, edit }: Depiction): Attributes {
  return {
    shape: character.shape,
    pattern: character.pattern,
    hueDegrees: hueAfterEdit(character.hueDegrees, edit),
    scene,
    worn: edit !== null && !isRecolouring(edit) ? edit : null,
  };
}

/** What each head should say about a picture with these attributes. */
export function headTargets({
  shape,
  pattern,
  hueDegrees,
  scene,
  worn,
}: Attributes): Readonly<Record<string, readonly number[]>> {
  const oneHot = <T>(choices: readonly T[], choice: T) => choices.map((other) => (other === choice ? 1 : 0));
  const radians = (hueDegrees * Math.PI) / 180;
  return {
    shape: oneHot(shapes, shape),
    pattern: oneHot(patterns, pattern),
    hue: [Math.cos(radians), Math.sin(radians)],
    scene: oneHot(sceneChoices, scene),
    worn: oneHot(wornChoices, worn),
  };
}

/** What the heads say, as attributes: for each choice the likeliest. */
export function readHeads(heads: Readonly<Record<string, Float32Array>>): Attributes {
  const likeliest = <T>(choices: readonly T[], logits: Float32Array) => choices[logits.indexOf(Math.max(...logits))];
  const [x, y] = heads.hue;
  return {
    shape: likeliest(shapes, heads.shape),
    pattern: likeliest(patterns, heads.pattern),
    hueDegrees: (Math.atan2(y, x) * 180) / Math.PI,
    scene: likeliest(sceneChoices, heads.scene),
    worn: likeliest(wornChoices, heads.worn),
  };
}
