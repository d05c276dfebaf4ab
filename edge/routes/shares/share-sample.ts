import type { GenerationResult } from '../../durable-objects/account/records.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
import type { EdgeEnv } from '../../env.ts';
import type { SharedConcept } from './find-share.ts';

export type SampleImage = GenerationResult['images'][number];

/** The picture for a share's page, or null while there is none that can be shown. */
export async function findSample(env: EdgeEnv, { terms, concept }: SharedConcept): Promise<SampleImage | null> {
  const sample = await accountOf(env, terms.accountId).getSample(concept.id);
  const image = sample?.result?.images[0];
  return image && image.safety !== 'flagged' ? image : null;
}
