import type { OpenStage, Stage } from '../stage.ts';
import type { TrainingState } from '../training-state.ts';
import type { Album } from './album.ts';
import type { ToylandPlan } from './plan.ts';

export type ToylandContext = {
  plan: ToylandPlan;
  /** The pictures to draw. */
  album: Album;
  /** The photos of concepts: the album's characters, in the same order. */
  portraits: Album;
  /** Holds what stages leave for later ones, beside their checkpoints. */
  folder: string;
  /** Where the model grows, component by component, in Stable Diffusion's layout. */
  modelFolder: string;
  seed: number;
  threads?: number;
  /** A finished model that stages go on from, its judges beside it. */
  from?: string;
};

/** What a stage was measured to reach, by name. */
export type Metrics = Readonly<Record<string, number>>;

/** How one part of the model is trained. */
export type Recipe = {
  name: string;
  stage(context: ToylandContext): Promise<OpenStage>;
  /** Writes the component, as it is, into the context's model folder. */
  write(context: ToylandContext, stage: Stage, state: TrainingState): Promise<void>;
  /** Measures the component in the model folder on held-out characters. */
  measure(context: ToylandContext): Promise<Metrics>;
  /** Shows what the component in the model folder can do, as PNG. */
  preview?(context: ToylandContext): Promise<Uint8Array>;
};
