import type { EliteModel } from '../../gpu-worker/ml/elite/elite-model.ts';
import { networkGraphs } from '../../gpu-worker/ml/elite/network-graphs.ts';
import type { PredictNoise } from '../../gpu-worker/ml/elite/unet-rows.ts';
import { primitive } from '../../gpu-worker/ml/graph/op-sets/primitive.ts';
import { decodeImage } from '../../gpu-worker/ml/image/decode-image.ts';
import { decodeMask } from '../../gpu-worker/ml/image/decode-mask.ts';
import { psnr } from '../../gpu-worker/ml/image/psnr.ts';
import { encodeConcept } from '../../gpu-worker/ml/pipelines/encode-concept.ts';
import { follow } from '../../gpu-worker/ml/pipelines/follow.ts';
import { type GenerateRequest, generate } from '../../gpu-worker/ml/pipelines/generate.ts';
import { defaultStrength } from '../../shared/default-strength.ts';
import { countFlops } from './count-flops.ts';

/** What a request may choose to have its picture sooner. */
export type Shortcut = Pick<GenerateRequest, 'sampler' | 'steps' | 'guidanceInterval' | 'reuse'>;

/** The paper's run. */
const REFERENCE: Shortcut = { sampler: 'lms', steps: 100 };
const DPM_20: Shortcut = { sampler: 'dpmpp_2m_karras', steps: 20 };
const DPM_25: Shortcut = { sampler: 'dpmpp_2m_karras', steps: 25 };
const EARLY = { guidanceInterval: [0, 0.6] } as const;

const SHORTCUTS: readonly Shortcut[] = [
  { ...REFERENCE, ...EARLY },
  ...[2, 3, 5].map((reuse) => ({ ...REFERENCE, reuse })),
  DPM_25,
  { ...DPM_25, ...EARLY },
  ...[2, 3, 5].map((reuse) => ({ ...DPM_25, reuse })),
  { ...DPM_25, ...EARLY, reuse: 2 },
  { ...DPM_25, ...EARLY, reuse: 3 },
  DPM_20,
  { ...DPM_20, ...EARLY },
  { ...DPM_20, reuse: 2 },
  { ...DPM_20, ...EARLY, reuse: 2 },
];

/** A concept in a prompt, and how often chance begins anew. */
export type Subject = {
  readonly photo: Uint8Array;
  readonly mask: Uint8Array | null;
  readonly prompt: string;
  /** 0 … seeds − 1. */
  readonly seeds: number;
};

export type MeasuredShortcut = {
  readonly shortcut: Shortcut;
  /** The UNet's arithmetic for one picture, as a share of the reference's. */
  readonly cost: number;
  /** Distance of each seed's picture from the reference's. */
  readonly psnrDb: readonly number[];
};

/** What each of a run's shortcuts costs, and how far from the whole run's pictures it leads. Markdown. */
export async function benchOptions(model: EliteModel, subject: Subject): Promise<string> {
  const { measured, otherSeedDb } = await measureShortcuts(model, subject, REFERENCE, SHORTCUTS);
  const rows = measured.map(({ shortcut, cost, psnrDb }) => [
    nameOf(shortcut),
    `${(100 * cost).toFixed(1)} %`,
    `${mean(psnrDb).toFixed(1)} dB`,
    `${Math.min(...psnrDb).toFixed(1)} dB`,
  ]);
  const { name, fingerprint, defaults } = model.description;
  return [
    `Model ${name} (${fingerprint}), ${defaults.width}×${defaults.height}, “${subject.prompt}”, ${subject.seeds} seeds, guidance ${defaults.guidance_scale}.`,
    '',
    ...markdownTable(
      ['options', 'cost', 'mean PSNR', 'worst'],
      [[nameOf(REFERENCE), '100.0 %', 'the reference', ''], ...rows],
    ),
    '',
    `For scale: pictures of two seeds are ${otherSeedDb.toFixed(1)} dB apart.`,
  ].join('\n');
}

/** Draws every seed's picture by `reference` and by each shortcut. */
export async function measureShortcuts(
  model: EliteModel,
  subject: Subject,
  reference: Shortcut,
  shortcuts: readonly Shortcut[],
): Promise<{ measured: MeasuredShortcut[]; otherSeedDb: number }> {
  const draw = await drawerOf(model, subject);
  const expected = await draw(reference);
  const measured: MeasuredShortcut[] = [];
  for (const shortcut of shortcuts) {
    const { pictures, work } = await draw(shortcut);
    const psnrDb = pictures.map((picture, seed) => psnr(picture, expected.pictures[seed]));
    measured.push({ shortcut, cost: work / expected.work, psnrDb });
  }
  const neighbours = expected.pictures.map((picture, seed) => psnr(picture, expected.pictures.at(seed - 1)!));
  return { measured, otherSeedDb: mean(neighbours) };
}

/** Draws each seed's picture and counts the work in UNet rows, a shallow one by its share of a whole one's arithmetic. */
async function drawerOf(model: EliteModel, { photo, mask, prompt, seeds }: Subject) {
  const { width, height, guidance_scale: guidanceScale } = model.description.defaults;
  const { unet, shallowUNet } = networkGraphs(model.config, primitive);
  const size = { width, height };
  const shallowRow = countFlops(shallowUNet(size), 1) / countFlops(unet(size), 1);
  const photos = { photo: await decodeImage(photo), mask: mask && (await decodeMask(mask)) };
  const embedding = await follow(encodeConcept(model, photos));
  const strength = defaultStrength(prompt, 'S*');
  const concepts = [{ embedding, token: 'S*', strength, words: 'primary' as const }];
  return async (shortcut: Shortcut): Promise<{ pictures: Uint8Array[]; work: number }> => {
    let work = 0;
    const predictNoise: PredictNoise = (picture, rows) => {
      for (const { deep } of rows) work += deep ? shallowRow : 1;
      return model.networks.predictNoise(picture, rows);
    };
    const pictures: Uint8Array[] = [];
    for (let seed = 0; seed < seeds; seed++) {
      const request = { prompt, concepts, negativePrompt: '', guidanceScale, numImages: 1, seed, ...size, ...shortcut };
      const [{ rgb }] = await follow(generate(model, request, { predictNoise }));
      pictures.push(rgb);
    }
    return { pictures, work };
  };
}

function nameOf({ sampler, steps, guidanceInterval, reuse }: Shortcut): string {
  const guided = guidanceInterval ? `, guided ${guidanceInterval.join('–')}` : '';
  return `${sampler}, ${steps} steps${guided}${reuse ? `, reuse ${reuse}` : ''}`;
}

function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
