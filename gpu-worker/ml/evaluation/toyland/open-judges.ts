import type { ClipTokenizer } from '../../text/clip-tokenizer.ts';
import { clipConfig, clipFile } from '../../training/toyland/clip-recipe.ts';
import type { ToylandPlan } from '../../training/toyland/plan.ts';
import { openReader, readerFile } from '../../training/toyland/reader.ts';
import { readSafetensorsIndex } from '../../weights/safetensors.ts';
import { openClipJudge } from '../clip-judge.ts';
import type { Judges } from './judge-pictures.ts';

/** Opens the judges that a training left in `folder`: the whole CLIP model as it was before the UNet, and the attribute reader. */
export async function openJudges(
  folder: string,
  plan: ToylandPlan,
  { tokenizer, threads }: { tokenizer: ClipTokenizer; threads?: number },
): Promise<Judges & { close(): Promise<void> }> {
  const clip = await openClipJudge(clipConfig(plan), readSafetensorsIndex(clipFile(folder)), threads);
  const reader = await openReader(readerFile(folder), { imageSize: plan.sizePx, threads });
  return {
    clip,
    reader,
    tokenizer,
    close: async () => {
      await clip.close();
      await reader.close();
    },
  };
}
