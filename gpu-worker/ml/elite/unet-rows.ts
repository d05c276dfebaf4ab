import type { PictureSize } from '../image/picture.ts';
import type { EliteConfig } from '../models/elite-config.ts';
import { deepShape } from '../models/unet.ts';
import type { InputTensor } from '../runtime/session.ts';
import { stack } from './stack-samples.ts';

/** One sample of a denoising call. Rows of different jobs may share a call: a row's result does not depend on its neighbours. */
export type UNetRow = {
  /** [channels, h, w], divided by √(σ² + 1) */
  readonly latents: Float32Array;
  readonly timestep: number;
  /** The encoded prompt [tokens, dim]. */
  readonly context: Float32Array;
  /** The concept's patches [patches, dim]. */
  readonly local: Float32Array;
  /** The placeholder's token. */
  readonly placeholderIndex: number;
  /** λ; 0 for an unconditional row. */
  readonly strength: number;
  /** What the inner layers gave at an earlier step, to be used again: the call is a shallow one then. */
  readonly deep?: Float32Array;
  /** Whether what they give now is wanted for later steps. */
  readonly keepsDeep?: boolean;
};

export type UNetResult = {
  /** [channels, h, w] */
  readonly noise: Float32Array;
  /** What the inner layers gave, where a row keeps it and the call was no shallow one. */
  readonly deep: Float32Array | null;
};

/** Predicts the noise in each row for pictures of `size`. A call is shallow or it is not: either all of its rows bring `deep` or none does. */
export type PredictNoise = (size: PictureSize, rows: readonly UNetRow[]) => Promise<UNetResult[]>;

export function isShallow(rows: readonly UNetRow[]): boolean {
  const [{ deep }] = rows;
  if (rows.some((row) => (row.deep === undefined) !== (deep === undefined)))
    throw new Error('expected the deep features of every row of a call or of none, got those of some');
  return deep !== undefined;
}

/** The inputs of the UNet's graph, or of the shallow one where rows bring deep features, for latents of a height and width. */
export function unetInputs(
  rows: readonly UNetRow[],
  { text, mapping, unet }: EliteConfig,
  { height, width }: { readonly height: number; readonly width: number },
): Record<string, InputTensor> {
  const stacked = (field: 'latents' | 'context' | 'local' | 'deep', shape: readonly number[]) =>
    stack(
      rows.map((row) => row[field]!),
      shape,
    );
  return {
    latents: stacked('latents', [unet.latentChannels, height, width]),
    timestep: { data: Float32Array.from(rows, ({ timestep }) => timestep), shape: [rows.length] },
    context: stacked('context', [text.positions, unet.contextSize]),
    local: stacked('local', [mapping.patches, unet.contextSize]),
    placeholder_index: {
      data: Int32Array.from(rows, ({ placeholderIndex }) => placeholderIndex),
      shape: [rows.length],
    },
    strength: { data: Float32Array.from(rows, ({ strength }) => strength), shape: [rows.length] },
    ...(isShallow(rows) && { deep: stacked('deep', deepShape(unet, { height, width })) }),
  };
}
