import type { ClipTextConfig } from './clip-text.ts';
import type { ClipVisionConfig } from './clip-vision.ts';
import type { MappingConfig } from './mapping-networks.ts';
import type { UNetConfig } from './unet.ts';
import type { VaeConfig } from './vae.ts';

/** The architecture of a whole model. */
export type EliteConfig = {
  readonly vision: ClipVisionConfig;
  /** Hidden states of the vision encoder that the mapping networks read; the first gives the primary word. */
  readonly featureLayers: readonly number[];
  readonly text: ClipTextConfig;
  readonly mapping: MappingConfig;
  readonly unet: UNetConfig;
  readonly vae: VaeConfig;
};
