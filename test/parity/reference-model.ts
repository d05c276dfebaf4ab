import { type Networks, openNetworks } from '../../gpu-worker/ml/elite/networks.ts';
import { portable } from '../../gpu-worker/ml/graph/op-sets/portable.ts';
import { vaeFactor } from '../../gpu-worker/ml/models/vae.ts';
import { openModelFolder } from '../../gpu-worker/ml/weights/open-model-folder.ts';
import { modelDir, reference } from './reference.ts';

/** The hidden states the mappers of this set read: the last, then those its index lists. */
export const featureLayers = [reference.config.vision.num_hidden_layers, ...reference.config.layers];

/** The reference's model as its folder describes it. */
export const referenceModel = openModelFolder(modelDir, { featureLayers });

const side = reference.latent * vaeFactor(referenceModel.config.vae);

/** The size of the pictures the golden tensors are of, in pixels. */
export const pictureSize = { height: side, width: side };

export function openReferenceNetworks(): Promise<Networks> {
  return openNetworks(referenceModel.config, referenceModel.checkpoints, pictureSize, portable, { threads: 1 });
}
