import type { AttributeReaderConfig } from '../../evaluation/attribute-reader.ts';
import type { FloatTensor } from '../../runtime/session.ts';
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
  /** Where stripes run in the picture, modulo 180; null where nothing is striped. No caption says it. */
  stripesDegrees: number | null;
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
    stripes: 2,
  },
};

/** Heads that say a vector: the hue is a direction, and so are stripes at twice their angle; without any it is zero. */
export const vectorHeads = ['hue', 'stripes'];

/** The attributes that a depiction shows. */
export function attributesOf({ character, pose, scene, edit }: Depiction): Attributes {
  return {
    shape: character.shape,
    pattern: character.pattern,
    hueDegrees: hueAfterEdit(character.hueDegrees, edit),
    scene,
    worn: edit !== null && !isRecolouring(edit) ? edit : null,
    stripesDegrees:
      character.pattern === 'striped' ? (character.patternTiltDegrees + pose.tiltDegrees + 180) % 180 : null,
  };
}

/** What each head should say about a picture with these attributes. */
function headTargets({
  shape,
  pattern,
  hueDegrees,
  scene,
  worn,
  stripesDegrees,
}: Attributes): Readonly<Record<string, readonly number[]>> {
  const oneHot = <T>(choices: readonly T[], choice: T) => choices.map((other) => (other === choice ? 1 : 0));
  const direction = (degrees: number) => [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  return {
    shape: oneHot(shapes, shape),
    pattern: oneHot(patterns, pattern),
    hue: direction(hueDegrees),
    scene: oneHot(sceneChoices, scene),
    worn: oneHot(wornChoices, worn),
    stripes: stripesDegrees === null ? [0, 0] : direction(2 * stripesDegrees),
  };
}

/** The same for a batch: [batch, n] for each head. */
export function headTensors(depictions: readonly Depiction[]): Record<string, FloatTensor> {
  const targets = depictions.map((depiction) => headTargets(attributesOf(depiction)));
  return Object.fromEntries(
    Object.entries(toylandReader.heads).map(([name, size]) => [
      name,
      { data: Float32Array.from(targets.flatMap((target) => target[name])), shape: [depictions.length, size] },
    ]),
  );
}

/** What the heads say, as attributes: for each choice the likeliest. */
export function readHeads(heads: Readonly<Record<string, Float32Array>>): Attributes {
  const likeliest = <T>(choices: readonly T[], logits: Float32Array) => choices[logits.indexOf(Math.max(...logits))];
  const degrees = ([x, y]: Float32Array) => ((Math.atan2(y, x) * 180) / Math.PI + 360) % 360;
  const pattern = likeliest(patterns, heads.pattern);
  return {
    shape: likeliest(shapes, heads.shape),
    pattern,
    hueDegrees: degrees(heads.hue),
    scene: likeliest(sceneChoices, heads.scene),
    worn: likeliest(wornChoices, heads.worn),
    stripesDegrees: pattern === 'striped' ? degrees(heads.stripes) / 2 : null,
  };
}
