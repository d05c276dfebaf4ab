import { Graph } from '../../graph/graph.ts';
import { training } from '../../graph/op-sets/training.ts';
import { abs, add, multiply, scalar } from '../../graph/ops.ts';
import { rootScope } from '../../graph/scope.ts';
import { GLOBAL_MAPPER } from '../../layers/dual-cross-attention.ts';
import { clipText } from '../../models/clip-text.ts';
import type { EliteConfig } from '../../models/elite-config.ts';
import { globalMapping } from '../../models/mapping-networks.ts';
import { unet } from '../../models/unet.ts';
import { type TrainingGraph, trainingGraph } from '../training-graph.ts';
import { type DenoisingSize, denoisingInputs, noiseLoss } from './denoising.ts';
import { meanOf } from './means.ts';

/** The weight of mean |words| in the loss (ELITE Eq. 4). */
const WORD_PENALTY = 0.01;

/**
 * ELITE's first stage: trains the global mapping network and every cross-attention's `to_k` and `to_v` so that the photo's words, written
 * into the prompt, let the frozen UNet denoise the picture. Text encoder and UNet are frozen, the photo's features come from the
 * frozen vision encoder.
 *
 * Inputs: those of `denoisingInputs`, `features` [batch, words, 1 + patches, size], `token_ids` [batch, positions] and `word_positions`
 * [batch, words], −1 for a word that a row does not use. Losses: `loss`, `denoising`, `penalty`.
 */
export function globalStage(config: EliteConfig, size: DenoisingSize): TrainingGraph {
  const { mapping, text } = config;
  const { batchSize } = size;
  const graph = new Graph('train_global');
  const at = rootScope(graph, 'unet', training);
  const { latents, timestep, noise } = denoisingInputs(graph, config.unet, size);
  const features = graph.input('features', [batchSize, mapping.words, mapping.patches + 1, mapping.featureSize]);
  const tokenIds = graph.input('token_ids', [batchSize, text.positions], 'int32');
  const wordPositions = graph.input('word_positions', [batchSize, mapping.words], 'int32');

  const words = globalMapping(at.from(GLOBAL_MAPPER), features, mapping);
  const context = clipText(at.from('text_encoder'), { tokenIds, concept: { words, wordPositions } }, text);
  const denoising = noiseLoss(unet(at, latents, timestep, { context }, config.unet), noise);
  const penalty = multiply(meanOf(abs(words)), scalar(words, WORD_PENALTY));
  return trainingGraph(
    { loss: add(denoising, penalty), denoising, penalty },
    ({ checkpoint }) => checkpoint === GLOBAL_MAPPER,
  );
}
