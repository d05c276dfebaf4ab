import { join, parse } from 'node:path';
import { Command } from 'commander';
import { checkConceptFileModel, readConceptFile } from '../../shared/concept-file.ts';
import type { GenerationInput } from '../../shared/generation.ts';
import { describeFolder } from '../ml/elite/load-model.ts';
import { encodeImage } from '../ml/image/encode-image.ts';
import { provenanceText } from '../ml/image/provenance-text.ts';
import { follow } from '../ml/pipelines/follow.ts';
import { type GeneratedImage, type GenerateProgress, generate } from '../ml/pipelines/generate.ts';
import { generationRequest } from '../ml/pipelines/generation-request.ts';
import { readInput, writeOutput } from './files.ts';
import { formatDuration, formatSize } from './format.ts';
import { type GenerationOptions, resolveOptions, withGenerationOptions } from './generation-options.ts';
import { type ModelOptions, modelFolder, withModel, withModelOptions } from './model-options.ts';
import { createReport, type Terminal } from './terminal.ts';

type Options = ModelOptions & GenerationOptions & { readonly output?: string };

const HELP = `
What is left out is the paper's: LMS, 100 steps, guidance 5, the primary word, strength 0.8 for prompts
that only depict the thing ("a photo of a S*") and 0.6 for all others. The same seed gives the same
picture; image i of several has seed + i.

Examples:
  elite generate "a S* wearing a red hat in the snow" --concept dog.safetensors --model sd
  elite generate "a S* as a bronze statue" --concept dog.safetensors --images 4 --steps 25 --sampler dpmpp_2m_karras`;

const SAFETY_NOTES = {
  passed: ', passed by the safety checker',
  flagged: ', FLAGGED by the safety checker: black',
  unchecked: '',
};

export function generateCommand(terminal: Terminal): Command {
  const command = new Command('generate')
    .description('draw pictures of a prompt with a concept in it')
    .argument('<prompt>', 'what to draw, the concept written as S*')
    .option('-o, --output <file>', 'the picture; of several, each with its seed in the name')
    .option('--no-safety-checker', 'leave pictures unjudged where the model has a safety checker');
  return withModelOptions(withGenerationOptions(command))
    .addHelpText('after', HELP)
    .action(async (prompt: string, options: Options) => {
      const report = createReport(terminal, command.optsWithGlobals().json === true);
      const embedding = readConceptFile(await readInput(options.concept));
      const { description } = describeFolder(modelFolder(options, terminal));
      checkConceptFileModel(embedding, description);
      const input = resolveOptions(prompt, options, description);
      const request = generationRequest(input, [embedding]);

      let truncated = false;
      const bar = report.startBar('Denoising', input.steps);
      const show = (event: GenerateProgress) => {
        if (event.type === 'prompt') truncated = event.truncated;
        if (event.type === 'step') bar.update(event.step);
      };
      await withModel({ ...options, segmenter: false }, terminal, async (model, loadMs) => {
        const startedAt = performance.now();
        const pictures = await follow(generate(model, request, { signal: terminal.signal }), show).finally(bar.stop);
        const generateMs = performance.now() - startedAt;
        const images = await Promise.all(
          pictures.map((picture) => writePicture(picture, input, { ...options, model: description.fingerprint })),
        );
        if (truncated) report.note('The prompt was longer than the model reads; its end was left out.');
        const lines = images.map(
          (image) => `${image.file}: ${formatSize(image)}, seed ${image.seed}${SAFETY_NOTES[image.safety]}`,
        );
        report.answer(
          `${lines.join('\n')}\n${input.steps} steps of ${input.sampler} in ${formatDuration(generateMs)}`,
          {
            images,
            input: { ...input, prompt_truncated: truncated },
            model: description.fingerprint,
            timings: { load_ms: Math.round(loadMs), generate_ms: Math.round(generateMs) },
          },
        );
      });
    });
}

async function writePicture(
  picture: GeneratedImage,
  { prompt, format }: GenerationInput,
  options: Options & { readonly model: string },
) {
  const { seed, width, height, safety } = picture;
  const file = outputFile(options, seed);
  await writeOutput(file, await encodeImage(picture, format, provenanceText({ prompt, seed, model: options.model })));
  return { file, seed, width, height, safety };
}

function outputFile({ output, images, concept, format }: Options, seed: number): string {
  if (output === undefined) return `${parse(concept).name}-${seed}.${format}`;
  const { dir, name, ext } = parse(output);
  return images === 1 ? output : join(dir, `${name}-${seed}${ext}`);
}
