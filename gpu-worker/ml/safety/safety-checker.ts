import type { OpSet } from '../graph/op-sets/op-set.ts';
import { cropPicture } from '../image/crop-picture.ts';
import { CLIP_PIXELS, normalisePixels } from '../image/normalise-pixels.ts';
import type { Picture } from '../image/picture.ts';
import { resizeBicubic } from '../image/resize-bicubic.ts';
import { safetyCheckerGraph } from '../models/safety-checker.ts';
import { type OpenOptions, openWarmSession } from '../runtime/open-warm-session.ts';
import { checkWeights } from '../weights/bind-weights.ts';
import type { SafetyCheckerWeights } from '../weights/open-model-folder.ts';
import { judgeScores, type SafetyVerdict } from './judge-scores.ts';

/** Says of finished pictures whether they may be shown. */
export type SafetyChecker = {
  judge(picture: Picture): Promise<SafetyVerdict>;
  release(): Promise<void>;
};

/** @throws WeightsMismatchError listing every weight that is missing, extra or mis-shaped. */
export async function openSafetyChecker(
  { config, weights }: SafetyCheckerWeights,
  ops: OpSet,
  options: OpenOptions = {},
): Promise<SafetyChecker> {
  const graph = safetyCheckerGraph(config, ops);
  const checkpoints = new Map([['safety_checker', weights]]);
  checkWeights([graph], checkpoints);
  const session = await openWarmSession(graph, checkpoints, [1], options);
  const { imageSize } = config.vision;
  return {
    judge: async (picture) => {
      const data = normalisePixels(fitSquare(picture, imageSize), CLIP_PIXELS);
      const scores = await session.run({ pixels: { data, shape: [1, 3, imageSize, imageSize] } });
      return judgeScores(scores.special_care_scores.data, scores.concept_scores.data);
    },
    release: () => session.release(),
  };
}

/** The middle of a picture whose shorter side becomes `size`: transformers' CLIPFeatureExtractor. */
export function fitSquare(picture: Picture, size: number): Picture {
  const shorter = Math.min(picture.width, picture.height);
  const [width, height] = [picture.width, picture.height].map((side) => Math.floor((size * side) / shorter));
  const left = Math.floor((width - size) / 2);
  const top = Math.floor((height - size) / 2);
  return cropPicture(resizeBicubic(picture, width, height), { left, top, width: size, height: size });
}
