import { homedir } from 'node:os';
import { join } from 'node:path';
import { buildUntrainedModel } from '../../gpu-worker/ml/training/toyland/untrained-model.ts';

/** What to say of a model's images; null when there is nothing to excuse. */
type LocalModel = { readonly modelDir: string; readonly caveat: string | null };

/** The model folder that `MODEL_DIR` names, else a small untrained one, built once into the user's cache. */
export function localModel(env: NodeJS.ProcessEnv): LocalModel {
  if (env.MODEL_DIR) return { modelDir: env.MODEL_DIR, caveat: null };
  const cache = env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return {
    modelDir: buildUntrainedModel(join(cache, 'elite-edge', 'models')),
    caveat: 'The model is a small untrained one: its images are noise. MODEL_DIR=folder brings another.',
  };
}
