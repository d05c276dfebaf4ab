import type { ModelDescription } from '../../../shared/model-description.ts';
import type { NoiseSchedule } from '../diffusion/noise-schedule.ts';
import type { PictureSize } from '../image/picture.ts';
import type { EliteConfig } from '../models/elite-config.ts';
import type { SafetyChecker } from '../safety/safety-checker.ts';
import type { Segmenter } from '../segmentation/segmenter.ts';
import type { ClipTokenizer } from '../text/clip-tokenizer.ts';
import type { Target } from '../weights/model-json.ts';
import type { Networks } from './networks.ts';

/** A model folder that is loaded: what it can do, and what the pipelines need to do it. */
export type EliteModel = {
  readonly description: ModelDescription;
  readonly target: Target;
  readonly config: EliteConfig;
  readonly schedule: NoiseSchedule;
  readonly tokenizer: ClipTokenizer;
  readonly networks: Networks;
  /** Null where the folder has none, or nobody wants it. */
  readonly safetyChecker: SafetyChecker | null;
  /** Likewise. */
  readonly segmenter: Segmenter | null;
  /** How many numbers the latents of one picture have. */
  latentCount(size: PictureSize): number;
  release(): Promise<void>;
};
