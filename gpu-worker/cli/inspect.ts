import { realpathSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import { Command } from 'commander';
import type { ModelDescription } from '../../shared/model-description.ts';
import { checkNamesAndShapes, folderCheckpoints } from '../ml/elite/check-folder.ts';
import type { Target } from '../ml/weights/model-json.ts';
import { openWeightFile } from '../ml/weights/open-weights.ts';
import type { WeightIndex } from '../ml/weights/tensor-location.ts';
import { formatBytes, formatCount, formatSize, formatTable } from './format.ts';
import { createReport, type Report, type Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

const HELP = `
Reads headers only: nothing is loaded and nothing in a file is executed. Of a model folder: what it
can do, and whether every weight has the name and shape that its configuration asks for. Of a weight
file (.safetensors, .pt, .bin, or an index of shards): its tensors.

Examples:
  elite inspect sd
  elite inspect sd/global_mapper.pt`;

export function inspectCommand(terminal: Terminal): Command {
  return new Command('inspect')
    .description('say what a model folder or a weight file holds')
    .argument('[path]', 'a model folder or a weight file; MODEL_DIR when left out')
    .addHelpText('after', HELP)
    .action((path: string | undefined, _: unknown, command: Command) => {
      const target = path ?? terminal.env.MODEL_DIR;
      if (target === undefined) throw new UsageError('expected a path, or MODEL_DIR in the environment');
      const report = createReport(terminal, command.optsWithGlobals().json === true);
      if (statSync(target, { throwIfNoEntry: false })?.isDirectory()) inspectModel(target, report);
      else inspectWeights(target, report);
    });
}

function inspectModel(folder: string, report: Report): void {
  const { description, target, checkpoints } = folderCheckpoints(folder);
  checkNamesAndShapes(folder);
  const components = [...checkpoints].map(([name, index]) => ({ name, ...summarise(index, realpathSync(folder)) }));
  const rows = components.map(({ name, parameters, dtypes, sizeBytes, files }) => [
    name,
    formatCount(parameters),
    dtypes.join(', '),
    formatBytes(sizeBytes),
    files.join(', '),
  ]);
  const table = formatTable([['Network', 'Parameters', 'Stored as', 'Size', 'File'], ...rows], [1, 3]);
  report.answer(
    `${formatDescription(description, target)}\n\n${table}\n\nEvery weight has the name and shape its network asks for.`,
    {
      model: description,
      target,
      networks: components.map(({ sizeBytes, ...component }) => ({ ...component, size_bytes: sizeBytes })),
    },
  );
}

function formatDescription(description: ModelDescription, target: Target) {
  const { name, fingerprint, sizes, samplers, steps, words, embedding, segmentation, licence } = description;
  return formatTable([
    ['Model', name],
    ['Fingerprint', fingerprint],
    ['Pictures', `${sizes.map(formatSize).join(', ')}; ${steps.min} to ${steps.max} steps`],
    ['Samplers', samplers.join(', ')],
    ['Concepts', `${words} words and ${embedding.patches} patches of ${embedding.dim} numbers`],
    ['Masks', segmentation ? 'found on request' : 'to be given: no segmentation.onnx'],
    ['Licence', licence.name],
    ...(target === 'portable' ? [] : [['Built for', target]]),
  ]);
}

function summarise(index: WeightIndex, folder: string) {
  const tensors = [...index.values()];
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    parameters: sum(tensors.map(({ shape }) => shape.reduce((product, dim) => product * dim, 1))),
    dtypes: [...new Set(tensors.map(({ dtype }) => dtype))],
    sizeBytes: sum(tensors.map(({ length }) => length)),
    files: [...new Set(tensors.map(({ file }) => relative(folder, file)))],
  };
}

function inspectWeights(file: string, report: Report): void {
  const tensors = [...openWeightFile(file).values()];
  const rows = tensors.map(({ name, dtype, shape, length }) => [
    name,
    dtype,
    `[${shape.join(', ')}]`,
    formatBytes(length),
  ]);
  report.answer(formatTable([['Tensor', 'Stored as', 'Shape', 'Size'], ...rows], [3]), {
    tensors: tensors.map(({ name, dtype, shape, length }) => ({ name, dtype, shape, size_bytes: length })),
  });
}
