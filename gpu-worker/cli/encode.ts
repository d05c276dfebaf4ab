import { parse } from 'node:path';
import { Command } from 'commander';
import { writeConceptFile } from '../../shared/concept-file.ts';
import { ImageError } from '../ml/image/image-error.ts';
import { encodeConcept } from '../ml/pipelines/encode-concept.ts';
import { follow } from '../ml/pipelines/follow.ts';
import { FileError, readInput, writeOutput } from './files.ts';
import { formatDuration } from './format.ts';
import { type ModelOptions, withModel, withModelOptions } from './model-options.ts';
import { createReport, type Terminal } from './terminal.ts';

type Options = ModelOptions & { readonly output?: string; readonly mask?: string };

const HELP = `
One forward pass, no training. The photo is JPEG, PNG or WebP; the mask a picture of any size that is
white on the thing and black elsewhere. Without a mask the whole photo counts, background included. The
concept file holds the words and patches that "elite generate" takes, and fits this model only.

Example:
  elite encode dog.jpg --mask dog-mask.png -o dog.safetensors --model sd`;

export function encodeCommand(terminal: Terminal): Command {
  return withModelOptions(new Command('encode'))
    .description('turn a photo of a thing into a concept file')
    .argument('<photo>', 'JPEG, PNG or WebP')
    .option('--mask <picture>', 'white where the thing is')
    .option('-o, --output <file>', 'the concept file; the photo’s name with .safetensors when left out')
    .addHelpText('after', HELP)
    .action(async (photo: string, options: Options, command: Command) => {
      const report = createReport(terminal, command.optsWithGlobals().json === true);
      const output = options.output ?? `${parse(photo).name}.safetensors`;
      const pictures = {
        photo: await readInput(photo),
        mask: options.mask === undefined ? undefined : await readInput(options.mask),
      };
      await withModel(options, terminal, async (model, loadMs) => {
        const startedAt = performance.now();
        const encoding = follow(encodeConcept(model, pictures, { signal: terminal.signal }));
        const embedding = await encoding.catch((error) => {
          throw error instanceof ImageError ? nameFile(error, photo, options.mask) : error;
        });
        const encodeMs = performance.now() - startedAt;
        const { fingerprint } = model.description;
        await writeOutput(output, writeConceptFile({ ...embedding, model: fingerprint }));
        const { wordCount, patches, dim } = embedding;
        report.answer(
          `${output}: ${wordCount} words and ${patches} patches of ${dim} numbers, encoded in ${formatDuration(encodeMs)}`,
          {
            file: output,
            model: fingerprint,
            words: wordCount,
            patches,
            dim,
            mask_source: options.mask === undefined ? 'none' : 'upload',
            timings: { load_ms: Math.round(loadMs), encode_ms: Math.round(encodeMs) },
          },
        );
      });
    });
}

function nameFile(error: ImageError, photo: string, mask = ''): FileError {
  return new FileError(`${error.code.startsWith('mask') ? mask : photo}: ${error.message}`, { cause: error });
}
