import { createHash } from 'node:crypto';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { allGraphs, networkGraphs } from '../../elite/network-graphs.ts';
import type { Graph } from '../../graph/graph.ts';
import { portable } from '../../graph/op-sets/portable.ts';
import { vaeFactor } from '../../models/vae.ts';
import { writeSafetensors } from '../../weights/safetensors.ts';
import type { TensorToWrite } from '../../weights/tensor-to-write.ts';
import {
  clipTextComponent,
  clipVisionComponent,
  unetComponent,
  vaeComponent,
  writeComponent,
  writeSettings,
} from '../component-files.ts';
import { initialWeights } from '../initial-weights.ts';
import { sizePx, toylandNetworks } from './networks.ts';
import { writeTokenizer } from './prompts.ts';

const SEED = 1;

/**
 * Builds toyland's networks with the weights that training starts from, in the official layout: a model that does everything a trained one
 * does, quickly, and draws noise. It gets a folder of its own in `parent`, named by its architecture; one that is there already is kept,
 * and a new one appears whole or not at all. Returns the folder.
 */
export function buildUntrainedModel(parent: string): string {
  const config = toylandNetworks();
  const architecture = createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 8);
  const folder = join(parent, `toyland-untrained-${architecture}`);
  if (existsSync(folder)) return folder;
  const partial = `${folder}.partial-${process.pid}`;
  const weights = initialTensors(allGraphs(networkGraphs(config, portable), { height: sizePx, width: sizePx }));
  const latentSize = sizePx / vaeFactor(config.vae);
  writeComponent(partial, unetComponent(config.unet, latentSize), weights.get('unet')!);
  writeComponent(partial, vaeComponent(config.vae, sizePx), weights.get('vae')!);
  writeComponent(partial, clipTextComponent(config.text), weights.get('text_encoder')!);
  writeComponent(partial, clipVisionComponent(config.vision), weights.get('vision_encoder')!);
  for (const mapper of ['global_mapper', 'local_mapper']) {
    writeSafetensors(join(partial, `${mapper}.safetensors`), weights.get(mapper)!, { format: 'pt' });
  }
  writeSettings(partial, config);
  writeTokenizer(partial);
  if (existsSync(folder))
    rmSync(partial, { recursive: true }); // another process was quicker
  else renameSync(partial, folder);
  return folder;
}

/** Every weight that the graphs know of, by checkpoint and key. */
function initialTensors(graphs: readonly Graph[]): Map<string, Map<string, TensorToWrite>> {
  const parameters = new Map(graphs.flatMap((graph) => [...graph.parameters]));
  let length = 0;
  const entries = [...parameters.values()].map(({ checkpoint, key, shape }) => {
    const entry = { checkpoint, key, shape, offset: length, length: shape.reduce((product, dim) => product * dim, 1) };
    length += entry.length;
    return entry;
  });
  const values = initialWeights({ entries, length }, SEED);
  const byCheckpoint = Map.groupBy(entries, ({ checkpoint }) => checkpoint);
  return new Map(
    [...byCheckpoint].map(([checkpoint, ofCheckpoint]) => {
      const tensors = ofCheckpoint.map((entry): [string, TensorToWrite] => {
        const data = values.slice(entry.offset, entry.offset + entry.length);
        return [entry.key, { shape: entry.shape, data }];
      });
      return [checkpoint, new Map(tensors)];
    }),
  );
}
