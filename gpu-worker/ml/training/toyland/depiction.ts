import { createRandom, type Random } from '../random.ts';
import { accessoryMarkup } from './accessory.ts';
import { type Body, bodies } from './body.ts';
import type { Character } from './character.ts';
import { type Edit, edits, hueAfterEdit, isRecolouring, wornMarkup } from './edit.ts';
import { faceMarkup } from './face.ts';
import { type Paint, paintOfHue } from './hue.ts';
import { patternMarkup } from './pattern.ts';
import { type Scene, sceneMarkup, scenes } from './scene.ts';

/** How the character stands in a 100 × 100 frame: its centre, its size as a share of the frame, and its tilt. */
export type Pose = { x: number; y: number; scale: number; tiltDegrees: number };

/** Everything a picture shows: the same depiction gives the same pixels. */
export type Depiction = { character: Character; pose: Pose; scene: Scene | null; sceneSeed: number; edit: Edit | null };

function samplePose(random: Random): Pose {
  const scale = random.uniform(0.54, 0.7);
  const half = 52 * scale;
  return {
    x: random.uniform(half, 100 - half),
    // Feet on the ground, hats in the frame.
    y: random.uniform(Math.min(half + 12, 94 - half), 97 - half),
    scale,
    tiltDegrees: random.uniform(-10, 10),
  };
}

/** As large as the frame allows, like a photo that is cropped to its object. */
function sampleCloseUp(random: Random): Pose {
  const scale = random.uniform(0.82, 0.92);
  const half = 52 * scale;
  return {
    x: random.uniform(half, 100 - half),
    y: random.uniform(half, 100 - half),
    scale,
    tiltDegrees: random.uniform(-10, 10),
  };
}

export type Staging = { scene: boolean; edit: boolean; closeUp?: boolean };

export function sampleDepiction(character: Character, random: Random, staging: Staging): Depiction {
  return {
    character,
    pose: staging.closeUp ? sampleCloseUp(random) : samplePose(random),
    scene: staging.scene ? random.pick(scenes) : null,
    sceneSeed: random.integer(2 ** 31),
    edit: staging.edit ? random.pick(edits) : null,
  };
}

/** The picture as SVG. */
export function drawPicture({ character, pose, scene, sceneSeed, edit }: Depiction): string {
  const body = bodies[character.shape];
  const paint = paintOfHue(hueAfterEdit(character.hueDegrees, edit));
  const figure =
    bodyMarkup(character, body, paint) +
    `<g transform="translate(0 ${body.face.y}) scale(${body.face.scale})">${faceMarkup(character.eyes)}</g>` +
    accessoryMarkup(character.accessory, body) +
    wornOver(edit, body);
  const shadow = `<ellipse cx="${pose.x}" cy="${pose.y + 49 * pose.scale}" rx="${38 * pose.scale}" ry="${7 * pose.scale}" fill="#000" fill-opacity="0.22"/>`;
  return frame(body, sceneMarkup(scene, createRandom(sceneSeed)) + shadow + posed(figure, pose));
}

/** A mask's two colours: red where the character itself is seen, green where something worn for a prompt covers it. */
const characterRed = '#ff0000';
const wornGreen = '#00ff00';

/** The same picture as a map of what is seen where, without antialiasing; black is the scene. */
export function drawLabels({ character, pose, edit }: Depiction): string {
  const body = bodies[character.shape];
  const flat = (markup: string, colour: string) =>
    markup.replaceAll(/(fill|stroke)="#[0-9a-f]+"/g, `$1="${colour}"`).replaceAll(/fill-opacity="[\d.]+"/g, '');
  const figure =
    flat(
      silhouette(body, 'fill="#000" stroke="#000" stroke-width="5"') + accessoryMarkup(character.accessory, body),
      characterRed,
    ) + flat(wornOver(edit, body), wornGreen);
  return frame(
    body,
    `<g shape-rendering="crispEdges"><rect width="100" height="100" fill="#000"/>${posed(figure, pose)}</g>`,
  );
}

function bodyMarkup(character: Character, body: Body, paint: Paint): string {
  return (
    silhouette(body, `fill="${paint.outline}" stroke="${paint.outline}" stroke-width="5"`) +
    silhouette(body, `fill="${paint.base}"`) +
    clipped(`<g fill="${paint.pattern}">${patternMarkup(character)}</g>`)
  );
}

const silhouette = (body: Body, style: string) => `<g stroke-linejoin="round" ${style}>${body.outline.join('')}</g>`;
const clipped = (markup: string) => `<g clip-path="url(#body)">${markup}</g>`;
const wornOver = (edit: Edit | null, body: Body) =>
  edit === null || isRecolouring(edit) ? '' : wornMarkup(edit, body, clipped);
const posed = (markup: string, { x, y, scale, tiltDegrees }: Pose) =>
  `<g transform="translate(${x} ${y}) rotate(${tiltDegrees}) scale(${scale})">${markup}</g>`;
const frame = (body: Body, markup: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><defs><clipPath id="body">${body.outline.join('')}</clipPath></defs>${markup}</svg>`;
