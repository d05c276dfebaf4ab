import { fileURLToPath } from 'node:url';

/** A tiny model with random weights, in the layout of the real ones. */
const REFERENCE_MODEL_DIR = fileURLToPath(new URL('../../test/fixtures/reference/model', import.meta.url));

/** What to say of a model's images; null when there is nothing to excuse. */
type LocalModel = { readonly modelDir: string; readonly caveat: string | null };

export function localModel(env: NodeJS.ProcessEnv): LocalModel {
  if (env.MODEL_DIR) {
    return { modelDir: env.MODEL_DIR, caveat: null };
  }
  return {
    modelDir: REFERENCE_MODEL_DIR,
    caveat: 'The model is a tiny one with random weights: its images are noise. MODEL_DIR=folder brings another.',
  };
}
