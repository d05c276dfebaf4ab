import type { StagePlan, ToylandPlan } from './plan.ts';
import type { Metrics } from './recipe.ts';

type Training = {
  plan: ToylandPlan;
  seed: number;
  /** The finished model that it went on from. */
  from?: string;
  /** What each stage was measured to reach. */
  results: ReadonlyMap<string, Metrics>;
  /** What each stage's steps took. */
  hours: ReadonlyMap<string, number>;
  /** Name of the folder beside the card's that `eval` writes to. */
  evaluation: string;
  /** In what the training was not one run by the plan, as Markdown; empty when it was. */
  notes: string;
};

/** What anyone should know of the shipped model, as Markdown. */
export function modelCard({ plan, seed, from, results, hours, evaluation, notes }: Training): string {
  const { vae, clip, reader, unet, words, global, local } = plan;
  const settings: Readonly<Record<string, string>> = {
    vae: `${vae.steps} steps on crops of ${vae.cropPx} pixels in batches of ${vae.batchSize}, ${vae.wholeSteps} on whole pictures in batches of ${vae.wholeBatchSize}, ${vae.restartSteps} more from a fifth of the rate`,
    clip: `${clip.steps} steps in batches of ${clip.batchSize}, ${clip.alikeSteps} in batches of ${clip.alikeBatchSize}, most of them alike`,
    reader: `${reader.steps} steps in batches of ${reader.batchSize}`,
    unet: `${unet.steps} steps at half size, ${unet.fullSteps} at full size, ${unet.detailSteps} more on details, in batches of ${stepBatch(unet)}`,
    words: `${words.steps} steps in batches of ${words.batchSize}`,
    global: `${global.steps} steps in batches of ${stepBatch(global)}`,
    local: `${local.steps} steps in batches of ${stepBatch(local)}`,
  };
  const rows = [...results].map(([stage, metrics]) => {
    const reached = Object.entries(metrics).map(([name, value]) => `${name} ${Number(value).toPrecision(4)}`);
    return `| ${stage} | ${settings[stage]} | ${(hours.get(stage) ?? 0).toFixed(1)} | ${reached.join(', ')} |`;
  });
  return `# toyland

A small text-to-image model with ELITE's mapping networks, trained from nothing by this project: it draws the characters of a world that is
drawn by a program, at ${plan.sizePx} × ${plan.sizePx} pixels. It shows on any machine what the service does with Stable Diffusion; it knows nothing of photographs.

- **Data**: ${plan.characters} characters in six views and two portraits each, rendered from SVG; shape, hue, pattern, eyes and accessory, eight scenes,
  eight edits. One combination of shape, hue and pattern in eight is held out of all training, and every figure below is on those.
- **Limits**: anything that is not toyland; words that its captions do not use; more than one character in a picture.
- **Licence**: that of the repository. No third party's pictures or weights are in it.

| stage | settings | hours | measured |
|---|---|---|---|
${rows.join('\n')}
${notes && `\n${notes.trim()}\n`}
Made with seed ${seed} by

    npm run train -- toyland --seed ${seed}${from === undefined ? '' : ` --from ${from}`} --ship gpu-worker/models/toyland

and measured by \`npm run eval -- toyland -o gpu-worker/models/${evaluation}\`: [all figures](../${evaluation}/README.md). The best pictures by
its judges, each beside the photo it was made from:

![best](../${evaluation}/best.png)

and the worst:

![worst](../${evaluation}/worst.png)
`;
}

const stepBatch = ({ batchSize, accumulate = 1 }: StagePlan): number => batchSize * accumulate;
