import type { EliteConfig } from '../../models/elite-config.ts';
import { maxTokens, toylandVocabulary } from './vocabulary.ts';

/** Side of a picture in pixels. */
export const sizePx = 64;

/**
 * Stable Diffusion, CLIP and ELITE at a scale that two CPU cores train in hours. Cross-attention at 16 × 16 is what carries patterns. The VAE's
 * latents are standardised, channel by channel, so its scaling factor is 1.
 */
export function toylandNetworks(): EliteConfig {
  const encoder = { hiddenSize: 128, intermediateSize: 512, heads: 4, layerNormEpsilon: 1e-5 };
  const featureLayers = [6, 1, 2, 3, 4];
  return {
    vision: { ...encoder, layers: 6, imageSize: sizePx, patchSize: 8 },
    featureLayers,
    text: { ...encoder, layers: 4, vocabularySize: Object.keys(toylandVocabulary().ids).length, positions: maxTokens },
    mapping: { patches: 64, featureSize: 128, hiddenSize: 256, wordSize: 128, words: featureLayers.length },
    unet: {
      latentChannels: 4,
      blockChannels: [48, 96, 144],
      blockAttention: [true, true, false],
      layersPerBlock: 1,
      contextSize: 128,
      heads: 4,
      groups: 8,
      epsilon: 1e-5,
    },
    vae: {
      imageChannels: 3,
      latentChannels: 4,
      blockChannels: [24, 48, 64],
      layersPerBlock: 1,
      groups: 8,
      scalingFactor: 1,
    },
  };
}
