import { parse } from 'node:path';
import { Command } from 'commander';
import { decodeImage } from '../ml/image/decode-image.ts';
import { encodeImage } from '../ml/image/encode-image.ts';
import { maskPicture } from '../ml/image/mask-picture.ts';
import { cropObject } from '../ml/segmentation/crop-object.ts';
import { openSegmenter } from '../ml/segmentation/segmenter.ts';
import { findSegmentation } from '../ml/weights/open-model-folder.ts';
import { FileError, readInput, writeOutput } from './files.ts';
import { formatDuration, formatSize } from './format.ts';
import { type ModelOptions, modelFolder, withModelOptions } from './model-options.ts';
import { createReport, type Terminal } from './terminal.ts';

type Options = ModelOptions & { readonly output?: string; readonly crop?: string };

const HELP = `
Needs segmentation.onnx in the model folder: U²-Net, or any network in its form (input 320², first output
counts). --crop writes the photo cut to a square with the thing in the middle, which is what ELITE likes
best; its mask then comes cut alike, and both are ready for "elite encode".

Example:
  elite mask dog.jpg --crop dog-square.png -o dog-square-mask.png --model sd
  elite encode dog-square.png --mask dog-square-mask.png --model sd`;

export function maskCommand(terminal: Terminal): Command {
  const command = new Command('mask')
    .description('find the thing in a photo')
    .argument('<photo>', 'JPEG, PNG, WebP or HEIC')
    .option('-o, --output <file>', 'the mask; the photo’s name with -mask.png when left out')
    .option('--crop <file>', 'also write the photo, and the mask, cut to the thing');
  return withModelOptions(command)
    .addHelpText('after', HELP)
    .action(async (file: string, options: Options) => {
      const report = createReport(terminal, command.optsWithGlobals().json === true);
      const folder = modelFolder(options, terminal);
      const network = findSegmentation(folder);
      if (network === null) throw new FileError(`${folder}: expected segmentation.onnx, a network in U²-Net’s form`);
      const photo = await decodeImage(await readInput(file));
      const segmenter = await openSegmenter(network, { threads: options.threads });
      try {
        const startedAt = performance.now();
        const found = await segmenter.findObject(photo);
        const maskMs = performance.now() - startedAt;
        const cut = options.crop === undefined ? { photo, mask: found } : cropObject(photo, found);
        const output = options.output ?? `${parse(file).name}-mask.png`;
        await writeOutput(output, await encodeImage(maskPicture(cut.mask), 'png'));
        if (options.crop !== undefined) await writeOutput(options.crop, await encodeImage(cut.photo, 'png'));
        const share = cut.mask.object.reduce((sum, pixel) => sum + pixel, 0) / cut.mask.object.length;
        report.answer(
          `${output}: ${formatSize(cut.mask)}, the thing is ${Math.round(100 * share)} % of it, found in ${formatDuration(maskMs)}`,
          {
            file: output,
            crop: options.crop ?? null,
            width: cut.mask.width,
            height: cut.mask.height,
            object_share: share,
            timings: { mask_ms: Math.round(maskMs) },
          },
        );
      } finally {
        await segmenter.release();
      }
    });
}
