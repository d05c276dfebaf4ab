import type { ModelDescription } from '../../../shared/model-description.ts';
import { SAMPLERS } from '../../../shared/model-description.ts';
import type { EliteConfig } from '../models/elite-config.ts';
import { vaeFactor } from '../models/vae.ts';
import type { OwnDefaults } from '../weights/model-json.ts';

/** The paper's settings, with the primary word. */
const PAPER_DEFAULTS: Required<OwnDefaults> = { sampler: 'lms', steps: 100, guidance_scale: 5 };
const MAX_STEPS = 250;
const MAX_IMAGES = 8;
/** Prompts with two concepts are not part of ELITE. */
const MAX_CONCEPTS = 1;

/** Width to height: the square the UNet was trained on, then portrait and landscape. */
const ASPECT_RATIOS = [
  [1, 1],
  [2, 3],
  [3, 2],
] as const;

/** The licence of Stable Diffusion v1-4 and of everything derived from it, with the use restrictions of its attachment A in our words. */
const OPENRAIL_M: ModelDescription['licence'] = {
  name: 'CreativeML Open RAIL-M',
  url: 'https://huggingface.co/spaces/CompVis/stable-diffusion-license',
  use_restrictions: [
    'anything unlawful',
    'exploiting or harming minors',
    'false information meant to harm others',
    'personal data that can be used to harm someone',
    'defaming, disparaging or harassing others',
    'automated decisions that adversely affect legal rights or create binding obligations',
    'discrimination by behaviour, characteristics or protected traits, intended or in effect',
    'exploiting the vulnerabilities of a group to distort behaviour in a harmful way',
    'medical advice and interpretation of medical results',
    'administration of justice, law enforcement, immigration or asylum decisions',
  ],
};

type ModelFacts = {
  name: string;
  fingerprint: string;
  config: EliteConfig;
  sampleSize: number;
  /** Whether it finds what a photo is of. */
  segmentation: boolean;
  licence?: ModelDescription['licence'];
  /** The model's own; the paper's where it says nothing. */
  defaults?: OwnDefaults;
};

/** What a model can do, as the API tells it. `sampleSize` is the side of the latents it was trained on. */
export function describeModel(facts: ModelFacts): ModelDescription {
  const { name, fingerprint, config, sampleSize, segmentation, licence = OPENRAIL_M } = facts;
  const { steps, ...defaults } = { ...PAPER_DEFAULTS, ...facts.defaults };
  const factor = vaeFactor(config.vae);
  const side = sampleSize * factor;
  const granularity = factor * 2 ** (config.unet.blockChannels.length - 1); // every level halves the latents
  const sizes = ASPECT_RATIOS.map(([width, height]) => ({
    width: (side * width) / Math.min(width, height),
    height: (side * height) / Math.min(width, height),
  })).filter(({ width, height }) => width % granularity === 0 && height % granularity === 0);
  return {
    name,
    fingerprint,
    sizes,
    samplers: [...SAMPLERS],
    steps: { min: 1, max: MAX_STEPS, default: steps },
    defaults: {
      ...defaults,
      width: side,
      height: side,
      words: 'primary',
      negative_prompt: '',
    },
    max_images: MAX_IMAGES,
    max_concepts: MAX_CONCEPTS,
    words: config.mapping.words,
    embedding: { dim: config.mapping.wordSize, patches: config.mapping.patches },
    segmentation,
    licence,
  };
}
