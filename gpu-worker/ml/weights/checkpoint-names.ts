import type { TensorLocation, WeightIndex } from './tensor-location.ts';

/** The parts of a model as its folder names them; graphs call their checkpoints the same. */
export type ComponentName =
  | 'unet'
  | 'vae'
  | 'text_encoder'
  | 'vision_encoder'
  | 'global_mapper'
  | 'local_mapper'
  | 'safety_checker';

/** A tensor's name in Stable Diffusion v1-4's own files; undefined for one that no network reads. */
type Rename = (name: string) => string | undefined;

/** diffusers 0.13 renamed the VAE's attention; its values are the same matrices [channels, channels]. */
const OLD_VAE_ATTENTION: Readonly<Record<string, string>> = {
  to_q: 'query',
  to_k: 'key',
  to_v: 'value',
  'to_out.0': 'proj_attn',
};

const unchanged: Rename = (name) => name;

const RENAMES: Record<ComponentName, Rename> = {
  unet: unchanged,
  vae: (name) =>
    name.replace(/(?<=\.attentions\.\d+\.)(to_q|to_k|to_v|to_out\.0)(?=\.)/, (layer) => OLD_VAE_ATTENTION[layer]),
  text_encoder: (name) => (isPositionIds(name) ? undefined : name),
  vision_encoder: (name) => (isPositionIds(name) || !name.startsWith('vision_model.') ? undefined : name),
  global_mapper: unchanged,
  local_mapper: unchanged,
  safety_checker: (name) => (isPositionIds(name) ? undefined : name),
};

/** 0, 1, 2 …: a buffer that transformers wrote until 4.31. */
function isPositionIds(name: string): boolean {
  return name.endsWith('.position_ids');
}

/**
 * Gives a checkpoint the names that Stable Diffusion v1-4's and openai/clip-vit-large-patch14's own files use, whichever version wrote it.
 * Position ids are dropped; so is all that a whole CLIPModel file holds beside its vision tower.
 */
export function canonicalise(component: ComponentName, index: WeightIndex): WeightIndex {
  const renamed = [...index].flatMap(([name, location]): [string, TensorLocation][] => {
    const canonical = RENAMES[component](name);
    return canonical === undefined ? [] : [[canonical, location]];
  });
  return new Map(renamed);
}
