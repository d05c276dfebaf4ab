import { parse } from 'node:path';
import { Command } from 'commander';
import type { MaskSource } from '../../shared/concept.ts';
import { writeConceptFile } from '../../shared/concept-file.ts';
import { decodeImage } from '../ml/image/decode-image.ts';
import { decodeMask } from '../ml/image/decode-mask.ts';
import { ImageError } from '../ml/image/image-error.ts';
import type { Mask } from '../ml/image/picture.ts';
import { encodeConcept } from '../ml/pipelines/encode-concept.ts';
import { follow } from '../ml/pipelines/follow.ts';
import { FileError, readInput, writeOutput } from './files.ts';
import { formatDuration } from './format.ts';
import { type ModelOptions, withModel, withModelOptions } from './model-options.ts';
import { createReport, type Terminal } from './terminal.ts';

type Options = ModelOptions & { readonly output?: string; readonly mask?: string };

const HELP = `
One forward pass, no training. The mask is a picture of any size, white on the thing and black
elsewhere; --mask auto has the model find the thing and crops the photo to it. Without a mask the whole
photo counts, background included. The concept file holds the words and patches that "elite generate"
takes, and fits this model only.

Example:
  elite encode dog.jpg --mask dog-mask.png -o dog.safetensors --model sd`;

export function encodeCommand(terminal: Terminal): Command {
  return withModelOptions(new Command('encode'))
    .description('turn a photo of a thing into a concept file')
    .argument('<photo>', 'JPEG, PNG, WebP or HEIC')
    .option('--mask <picture>', 'white where the thing is; auto: the model finds it')
    .option('-o, --output <file>', 'the concept file; the photo’s name with .safetensors when left out')
    .addHelpText('after', HELP)
    .action(async (photo: string, options: Options, command: Command) => {
      const report = createReport(terminal, command.optsWithGlobals().json === true);
      const output = options.output ?? `${parse(photo).name}.safetensors`;
      const pictures = {
        photo: await decodeFile(photo, decodeImage),
        mask: await readMask(options.mask),
      };
      const needed = { ...options, safetyChecker: false, segmenter: options.mask === 'auto' };
      await withModel(needed, terminal, async (model, loadMs) => {
        const startedAt = performance.now();
        const encoding = follow(encodeConcept(model, pictures, { signal: terminal.signal }));
        const embedding = await encoding.catch((error) => {
          throw error instanceof ImageError ? nameFile(error, photo) : error;
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
            mask_source: maskSource(options.mask),
            timings: { load_ms: Math.round(loadMs), encode_ms: Math.round(encodeMs) },
          },
        );
      });
    });
}

async function readMask(mask: string | undefined): Promise<Mask | 'auto' | null> {
  if (mask === undefined) return null;
  return mask === 'auto' ? mask : await decodeFile(mask, decodeMask);
}

function maskSource(mask: string | undefined): MaskSource {
  return mask === undefined ? 'none' : mask === 'auto' ? 'auto' : 'upload';
}

/** @throws FileError naming a file that is missing or no usable picture */
async function decodeFile<T>(file: string, decode: (bytes: Uint8Array) => Promise<T>): Promise<T> {
  const bytes = await readInput(file);
  return decode(bytes).catch((error) => {
    throw error instanceof ImageError ? nameFile(error, file) : error;
  });
}

function nameFile(error: ImageError, file: string): FileError {
  return new FileError(`${file}: ${error.message}`, { cause: error });
}
