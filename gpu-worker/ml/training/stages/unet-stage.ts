import { Graph } from '../../graph/graph.ts';
import { training } from '../../graph/op-sets/training.ts';
import { multiply } from '../../graph/ops.ts';
import { rootScope } from '../../graph/scope.ts';
import { type ClipTextConfig, clipText } from '../../models/clip-text.ts';
import { type UNetConfig, unet } from '../../models/unet.ts';
import { type TrainingGraph, trainingGraph } from '../training-graph.ts';
import { type DenoisingSize, denoisingInputs } from './denoising.ts';
import { meanOf, squaredError } from './means.ts';

/**
 * Trains a text-to-image UNet from scratch, and its text encoder along with it (Rombach et al. 2022). Cross-attention's `to_k` and `to_v` are
 * those that ELITE will start from, so they are trained under the global mapper's names.
 *
 * Inputs: those of `denoisingInputs`, `token_ids` [batch, positions] and `weight` [batch, 1, h, w], the share of each place of each sample in the loss.
 */
export function unetStage(config: { unet: UNetConfig; text: ClipTextConfig }, size: DenoisingSize): TrainingGraph {
  const graph = new Graph('train_unet');
  const at = rootScope(graph, 'unet', training);
  const { latents, timestep, noise } = denoisingInputs(graph, config.unet, size);
  const tokenIds = graph.input('token_ids', [size.batchSize, config.text.positions], 'int32');
  const weight = graph.input('weight', [size.batchSize, 1, size.latentSize, size.latentSize]);
  const context = clipText(at.from('text_encoder'), { tokenIds }, config.text);
  const squared = squaredError(unet(at, latents, timestep, { context }, config.unet), noise);
  return trainingGraph({ loss: meanOf(multiply(squared, weight)), denoising: meanOf(squared) }, () => true);
}
