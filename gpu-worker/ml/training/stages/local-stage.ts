import { Graph } from '../../graph/graph.ts';
import { training } from '../../graph/op-sets/training.ts';
import { abs, add, multiply, reshape, scalar } from '../../graph/ops.ts';
import { rootScope } from '../../graph/scope.ts';
import { LOCAL_MAPPER, LOCAL_VALUE } from '../../layers/dual-cross-attention.ts';
import type { EliteConfig } from '../../models/elite-config.ts';
import { localMapping } from '../../models/mapping-networks.ts';
import { placeholderColumn, unet } from '../../models/unet.ts';
import { type TrainingGraph, trainingGraph } from '../training-graph.ts';
import { type DenoisingSize, denoisingInputs, maskedNoiseLoss } from './denoising.ts';
import { meanOf } from './means.ts';

/** The weight of mean |V| of the local branch in the loss (ELITE Eq. 7). */
const VALUE_PENALTY = 1e-4;

/**
 * ELITE's second stage: trains the local mapping network and its own `to_k` and `to_v` to add the details that the primary word w₀ has lost,
 * judged inside the object's mask only. Everything of the first stage is frozen, so prompts come in encoded.
 *
 * Inputs: those of `denoisingInputs`, `context` [batch, positions, dim] with w₀ in it, `placeholder_index` [batch], `features` of the masked
 * photo [batch, words, 1 + patches, size], `patch_mask` [batch, patches, 1], `strength` [batch] (λ; the authors train with 1) and
 * `latent_mask` [batch, 1, h, w]. Losses: `loss`, `denoising`, `penalty`.
 */
export function localStage(config: EliteConfig, size: DenoisingSize): TrainingGraph {
  const { mapping, text } = config;
  const { batchSize, latentSize } = size;
  const graph = new Graph('train_local');
  const at = rootScope(graph, 'unet', training);
  const { latents, timestep, noise } = denoisingInputs(graph, config.unet, size);
  const context = graph.input('context', [batchSize, text.positions, config.unet.contextSize]);
  const placeholderIndex = graph.input('placeholder_index', [batchSize], 'int32');
  const features = graph.input('features', [batchSize, mapping.words, mapping.patches + 1, mapping.featureSize]);
  const patchMask = graph.input('patch_mask', [batchSize, mapping.patches, 1]);
  const strength = graph.input('strength', [batchSize]);
  const latentMask = graph.input('latent_mask', [batchSize, 1, latentSize, latentSize]);

  const local = {
    patches: localMapping(at.from(LOCAL_MAPPER), features, patchMask, mapping),
    placeholder: placeholderColumn(placeholderIndex, text.positions),
    strength: reshape(strength, [batchSize, 1, 1, 1]),
  };
  const predicted = unet(at, latents, timestep, { context, local }, config.unet);
  const denoising = maskedNoiseLoss(predicted, noise, latentMask);
  const magnitudes = [...graph.taps]
    .filter(([path]) => path.endsWith(`.${LOCAL_VALUE}`))
    .map(([, value]) => meanOf(abs(value)));
  const penalty = multiply(magnitudes.reduce(add), scalar(predicted, VALUE_PENALTY / magnitudes.length));
  return trainingGraph(
    { loss: add(denoising, penalty), denoising, penalty },
    ({ checkpoint }) => checkpoint === LOCAL_MAPPER,
  );
}
