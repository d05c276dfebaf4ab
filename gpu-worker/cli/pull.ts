import { Command } from 'commander';
import { describeFiles } from '../ml/pipelines/describe-files.ts';
import { follow } from '../ml/pipelines/follow.ts';
import { parseHubRepository } from '../ml/weights/hub/hub-repository.ts';
import { CLIP_VIT_L_14, STABLE_DIFFUSION_V1_4 } from '../ml/weights/hub/plan-pull.ts';
import { type PullProgress, pullModel } from '../ml/weights/hub/pull-model.ts';
import { formatBytes } from './format.ts';
import { type Bar, createReport, type Report, type Terminal } from './terminal.ts';

type Options = {
  readonly globalMapper: string;
  readonly localMapper: string;
  readonly stableDiffusion: string;
  readonly clip: string;
  readonly safetyChecker: boolean;
};

const HELP = `
Fetches 7.6 GB: Stable Diffusion v1-4 and CLIP ViT-L/14 from the Hugging Face hub, and ELITE's two
mapper files from where you say; the authors publish them at https://github.com/csyxwei/ELITE. An
address may end in #sha256=… to say what it must contain. Run it again after an interruption: what is
there is checked and kept, the rest continued. HF_TOKEN holds your token where a repository asks for
one, HF_ENDPOINT the address of a mirror. Mind the licence of the weights (CreativeML Open RAIL-M).

Example:
  elite pull sd --global-mapper ~/Downloads/global_mapper.pt --local-mapper https://example.com/local_mapper.pt`;

export function pullCommand(terminal: Terminal): Command {
  return new Command('pull')
    .description('fetch a model into a folder')
    .argument('<folder>', 'where the model shall be')
    .requiredOption('--global-mapper <file>', 'ELITE’s global mapper: a path or a URL')
    .requiredOption('--local-mapper <file>', 'ELITE’s local mapper: a path or a URL')
    .option('--stable-diffusion <repository>', 'as owner/name or owner/name@revision', STABLE_DIFFUSION_V1_4)
    .option('--clip <repository>', 'holds the vision encoder', CLIP_VIT_L_14)
    .option('--no-safety-checker', 'leave Stable Diffusion’s safety checker out')
    .addHelpText('after', HELP)
    .action(async (folder: string, options: Options, command: Command) => {
      const report = createReport(terminal, command.optsWithGlobals().json === true);
      const sources = {
        ...options,
        stableDiffusion: parseHubRepository(options.stableDiffusion),
        clip: parseHubRepository(options.clip),
      };
      const { HF_ENDPOINT, HF_TOKEN } = terminal.env;
      const access = { hubUrl: HF_ENDPOINT?.replace(/\/+$/, ''), token: HF_TOKEN };
      const progress = showProgress(report);
      const pull = pullModel(folder, sources, access, { signal: terminal.signal });
      const { files, fetchedFiles, fetchedBytes } = await follow(pull, progress.show).finally(progress.stop);
      const { fingerprint } = await follow(describeFiles(folder, {}, { signal: terminal.signal }));
      report.answer(
        `${folder}: ${files} files, ${fetchedFiles} of them fetched now (${formatBytes(fetchedBytes)}), all checked`,
        { folder, files, fetched_files: fetchedFiles, fetched_bytes: fetchedBytes, model: fingerprint },
      );
    });
}

function showProgress(report: Report): { show(event: PullProgress): void; stop(): void } {
  let bar: Bar | undefined;
  return {
    show: (event) => {
      if (event.type === 'plan' && event.missingFiles > 0) {
        report.note(`${event.missingFiles} of ${event.files} files to fetch, ${formatBytes(event.missingBytes)}`);
        bar = report.startBar('Fetching', event.missingBytes, formatBytes);
      }
      if (event.type === 'bytes') bar?.update(event.receivedBytes, event.path);
    },
    stop: () => bar?.stop(),
  };
}
