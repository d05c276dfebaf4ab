import type { Stage } from '../stage.ts';
import type { TrainingState } from '../training-state.ts';
import type { Album } from './album.ts';

export type ToylandContext = {
  album: Album;
  /** Where the model grows, component by component, in Stable Diffusion's layout. */
  modelFolder: string;
  seed: number;
  threads?: number;
};

/** What a stage was measured to reach, by name. */
export type Metrics = Readonly<Record<string, number>>;

/** How one part of the model is trained, and what it must reach before more hours are spent on what builds on it. */
export type Recipe = {
  name: string;
  /** The least each metric must be. */
  gates: Metrics;
  stage(context: ToylandContext): Stage;
  /** Writes the component into the model folder and measures it on held-out characters. */
  finish(context: ToylandContext, stage: Stage, state: TrainingState): Promise<Metrics>;
};
