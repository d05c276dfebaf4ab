import { Graph } from '../../graph/graph.ts';
import { training } from '../../graph/op-sets/training.ts';
import { rootScope } from '../../graph/scope.ts';
import { clipText } from '../../models/clip-text.ts';
import type { EliteConfig } from '../../models/elite-config.ts';
import { unet } from '../../models/unet.ts';
import { type TrainingGraph, trainingGraph } from '../training-graph.ts';
import { type DenoisingSize, denoisingInputs, noiseLoss } from './denoising.ts';

/** The only thing that is trained: a word's embedding, under this checkpoint and key. */
const INVERSION = 'inversion';

/**
 * Textual inversion (Gal et al. 2022), which ELITE is measured against: no network is trained, but the word itself, by descent, for one concept at a
 * time. Inputs: those of `denoisingInputs`, `token_ids` [batch, positions] and `word_positions` [batch, 1].
 */
export function inversionStage(config: Pick<EliteConfig, 'unet' | 'text'>, size: DenoisingSize): TrainingGraph {
  const { text } = config;
  const graph = new Graph('textual_inversion');
  const at = rootScope(graph, 'unet', training);
  const { latents, timestep, noise } = denoisingInputs(graph, config.unet, size);
  const tokenIds = graph.input('token_ids', [size.batchSize, text.positions], 'int32');
  const wordPositions = graph.input('word_positions', [size.batchSize, 1], 'int32');
  const words = at.from(INVERSION).parameter('word', [1, 1, text.hiddenSize]);
  const context = clipText(at.from('text_encoder'), { tokenIds, concept: { words, wordPositions } }, text);
  const loss = noiseLoss(unet(at, latents, timestep, { context }, config.unet), noise);
  return trainingGraph({ loss }, ({ checkpoint }) => checkpoint === INVERSION);
}
