import type { Graph } from '../graph/graph.ts';
import type { OpSet } from '../graph/op-sets/op-set.ts';
import type { PictureSize } from '../image/picture.ts';
import { clipTextGraph } from '../models/clip-text.ts';
import { clipVisionGraph } from '../models/clip-vision.ts';
import type { EliteConfig } from '../models/elite-config.ts';
import { globalMappingGraph, localMappingGraph } from '../models/mapping-networks.ts';
import { shallowUNetGraph, unetGraph } from '../models/unet.ts';
import { vaeDecoderGraph, vaeEncoderGraph, vaeFactor } from '../models/vae.ts';

/** Every network as a graph; those that depend on the size of the picture are functions of it. */
export function networkGraphs({ vision, featureLayers, text, mapping, unet, vae }: EliteConfig, ops: OpSet) {
  const factor = vaeFactor(vae);
  const latentSize = ({ height, width }: PictureSize) => ({ height: height / factor, width: width / factor });
  const once = { ...ops, ...ops.once };
  const unetSize = (size: PictureSize) => ({ ...latentSize(size), tokens: text.positions, patches: mapping.patches });
  return {
    vision: clipVisionGraph(vision, featureLayers, ops),
    text: clipTextGraph(text, mapping.words, ops),
    global: globalMappingGraph(mapping, ops),
    local: localMappingGraph(mapping, ops),
    unet: (size: PictureSize) => unetGraph(unet, unetSize(size), ops),
    shallowUNet: (size: PictureSize) => shallowUNetGraph(unet, unetSize(size), ops),
    vaeDecoder: (size: PictureSize) => vaeDecoderGraph(vae, latentSize(size), once),
    vaeEncoder: (size: PictureSize) => vaeEncoderGraph(vae, size, once),
  };
}

/** Graphs that together have all the weights of a model, for pictures of one size. */
export function allGraphs(graphs: ReturnType<typeof networkGraphs>, size: PictureSize): Graph[] {
  const { vision, text, global, local, unet, vaeDecoder, vaeEncoder } = graphs;
  return [vision, text, global, local, unet(size), vaeDecoder(size), vaeEncoder(size)];
}
