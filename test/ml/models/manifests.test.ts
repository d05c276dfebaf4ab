import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Graph } from '../../../gpu-worker/ml/graph/graph.ts';
import { portable } from '../../../gpu-worker/ml/graph/op-sets/portable.ts';
import { CLIP_TEXT_L, clipTextGraph } from '../../../gpu-worker/ml/models/clip-text.ts';
import { clipVisionGraph, VIT_L_14 } from '../../../gpu-worker/ml/models/clip-vision.ts';
import {
  ELITE_V1,
  FEATURE_LAYERS,
  globalMappingGraph,
  localMappingGraph,
} from '../../../gpu-worker/ml/models/mapping-networks.ts';
import { SD_V1_4_SAFETY_CHECKER, safetyCheckerGraph } from '../../../gpu-worker/ml/models/safety-checker.ts';
import { SD_V1_4_UNET, unetGraph } from '../../../gpu-worker/ml/models/unet.ts';
import { SD_V1_4_VAE, vaeDecoderGraph, vaeEncoderGraph } from '../../../gpu-worker/ml/models/vae.ts';
import { referenceJson } from '../../parity/reference.ts';

const manifestSchema = z.object({
  count: z.int(),
  elements: z.int(),
  tensors: z.array(z.object({ name: z.string(), shape: z.array(z.int()), dtype: z.string() })),
});

const graphs: Graph[] = [
  clipVisionGraph(VIT_L_14, FEATURE_LAYERS, portable),
  clipTextGraph(CLIP_TEXT_L, ELITE_V1.words, portable),
  globalMappingGraph(ELITE_V1, portable),
  localMappingGraph(ELITE_V1, portable),
  unetGraph(
    SD_V1_4_UNET,
    { height: 64, width: 64, tokens: CLIP_TEXT_L.positions, patches: ELITE_V1.patches },
    portable,
  ),
  vaeEncoderGraph(SD_V1_4_VAE, { height: 512, width: 512 }, portable),
  vaeDecoderGraph(SD_V1_4_VAE, { height: 64, width: 64 }, portable),
  safetyCheckerGraph(SD_V1_4_SAFETY_CHECKER, portable),
];

/** The manifests list what the official files hold, read off the files' own code. Position ids are a buffer, not a weight. */
describe.each(['unet', 'vae', 'text_encoder', 'vision_encoder', 'global_mapper', 'local_mapper', 'safety_checker'])(
  'full-size %s',
  (checkpoint) => {
    const manifest = manifestSchema.parse(referenceJson(`manifests/${checkpoint}.json`));
    const declared = graphs
      .flatMap((graph) => [...graph.parameters.values()])
      .filter((parameter) => parameter.checkpoint === checkpoint);

    it('expects exactly the official names and shapes', () => {
      const official = manifest.tensors.filter(({ name }) => !name.endsWith('position_ids'));
      const byName = (tensors: readonly { name: string; shape: readonly number[] }[]) =>
        Object.fromEntries(tensors.map(({ name, shape }) => [name, shape.join('×')]));
      expect(byName(declared.map(({ key, shape }) => ({ name: key, shape })))).toEqual(byName(official));
    });

    it('holds the official number of parameters', () => {
      const unique = new Map(declared.map(({ key, shape }) => [key, shape.reduce((product, dim) => product * dim, 1)]));
      const buffers = manifest.tensors
        .filter(({ name }) => name.endsWith('position_ids'))
        .flatMap(({ shape }) => shape[1]);
      expect([...unique.values(), ...buffers].reduce((sum, n) => sum + n, 0)).toBe(manifest.elements);
    });
  },
);
