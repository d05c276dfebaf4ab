import type { OpenStage, Stage } from '../stage.ts';
import type { TrainingState } from '../training-state.ts';
import type { Album } from './album.ts';
import type { ToylandPlan } from './plan.ts';

export type ToylandContext = {
  plan: ToylandPlan;
  album: Album;
  /** Holds what stages leave for later ones, beside their checkpoints. */
  folder: string;
  /** Where the model grows, component by component, in Stable Diffusion's layout. */
  modelFolder: string;
  seed: number;
  threads?: number;
};

/** What a stage was measured to reach, by name. */
export type Metrics = Readonly<Record<string, number>>;

/** How one part of the model is trained. */
export type Recipe = {
  name: string;
  stage(context: ToylandContext): Promise<OpenStage>;
  /** Writes the component into the model folder and measures it on held-out characters. */
  finish(context: ToylandContext, stage: Stage, state: TrainingState): Promise<Metrics>;
};
