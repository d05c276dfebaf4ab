import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { modelDir } from '../../../parity/reference.ts';
import type { HubContent } from './hub-server.ts';

/** The tiny model as the hub would hold it: the authors' two repositories, each network also in forms that must not be taken. */
export function tinyHub(): HubContent {
  const stableDiffusion: Record<string, Uint8Array> = {};
  const clip: Record<string, Uint8Array> = {};
  for (const entry of readdirSync(modelDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.endsWith('.pt')) continue;
    const file = join(entry.parentPath, entry.name);
    const path = relative(modelDir, file);
    if (path.startsWith('vision_encoder/')) clip[entry.name] = readFileSync(file);
    else stableDiffusion[path] = readFileSync(file);
  }
  stableDiffusion['unet/diffusion_pytorch_model.bin'] = Buffer.from('another form');
  stableDiffusion['unet/diffusion_pytorch_model.fp16.safetensors'] = Buffer.from('another form');
  stableDiffusion['README.md'] = Buffer.from('# A model');
  clip['pytorch_model.bin'] = Buffer.from('another form');
  clip['tf_model.h5'] = Buffer.from('another form');
  return { 'CompVis/stable-diffusion-v1-4': stableDiffusion, 'openai/clip-vit-large-patch14': clip };
}
