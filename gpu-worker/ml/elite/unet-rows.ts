import type { PictureSize } from '../image/picture.ts';
import type { EliteConfig } from '../models/elite-config.ts';
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
};

/** Predicts the noise in each row, [channels, h, w], for pictures of `size`. */
export type PredictNoise = (size: PictureSize, rows: readonly UNetRow[]) => Promise<Float32Array[]>;

/** The inputs of the UNet's graph, for latents of a height and width. */
export function unetInputs(
  rows: readonly UNetRow[],
  { text, mapping, unet }: EliteConfig,
  { height, width }: { readonly height: number; readonly width: number },
): Record<string, InputTensor> {
  const stacked = (field: 'latents' | 'context' | 'local', shape: readonly number[]) =>
    stack(
      rows.map((row) => row[field]),
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
  };
}
