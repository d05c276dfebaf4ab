import type { AbuseReport } from '../../shared/abuse-report.ts';
import type { Concept } from '../../shared/concept.ts';
import type { Generation } from '../../shared/generation.ts';
import { EXAMPLE_IDS } from '../../shared/ids.ts';
import type { ModelDescription } from '../../shared/model-description.ts';
import type { JobError, Problem } from '../../shared/problem.ts';
import type { PublicShare, ShareObject } from '../../shared/share.ts';
import type { DeliveryObject } from '../../shared/webhook.ts';
import { EXAMPLE_SHARE_TOKEN, sharePath } from '../credentials/share-token.ts';
import { problemExample } from './problem-example.ts';
import { EXAMPLE_WEBHOOK_URL } from './request-examples.ts';

const ORIGIN = 'https://elite.example.com';
const MODEL = 'sd-1-4-90ab33de';
const SIGNATURE = 'exp=1764086400&kid=01KAQ8M0V3T5ZC9R2W4XYD6EFG&sig=2p3xQk8mJw0v7sYtN4uRz1aBcDeFgHiJkLmNoPqRsTU';

function links(path: string) {
  return { self: `${ORIGIN}${path}`, events: `${ORIGIN}${path}/events`, cancel: `${ORIGIN}${path}/cancel` };
}

const conceptPath = `/v1/concepts/${EXAMPLE_IDS.concept}`;
const generationPath = `/v1/generations/${EXAMPLE_IDS.generation}`;

const concept: Concept = {
  id: EXAMPLE_IDS.concept,
  object: 'concept',
  status: 'ready',
  name: 'Rex',
  category: 'dog',
  metadata: { shelf: 3 },
  model: MODEL,
  mask_source: 'upload',
  copied_from: null,
  error: null,
  image_url: `${ORIGIN}${conceptPath}/image?${SIGNATURE}`,
  mask_url: `${ORIGIN}${conceptPath}/mask?${SIGNATURE}`,
  embedding_url: `${ORIGIN}${conceptPath}/embedding?${SIGNATURE}`,
  created_at: '2026-11-23T12:00:00.000Z',
  ready_at: '2026-11-23T12:00:00.310Z',
  expires_at: null,
  timings: { queued_ms: 190, encode_ms: 52, total_ms: 310 },
  links: links(conceptPath),
};

const generation: Generation = {
  id: EXAMPLE_IDS.generation,
  object: 'generation',
  status: 'succeeded',
  queue_position: null,
  progress: { step: 100, steps: 100 },
  model: MODEL,
  input: {
    prompt: 'a S* wearing a red hat in the snow',
    concepts: [{ concept: EXAMPLE_IDS.concept, token: 'S*', strength: 0.6, words: 'primary' }],
    negative_prompt: '',
    num_images: 1,
    seed: 42,
    steps: 100,
    sampler: 'lms',
    guidance_scale: 5,
    guidance_interval: { from: 0, to: 1 },
    reuse: 1,
    width: 512,
    height: 512,
    format: 'png',
    prompt_truncated: false,
  },
  images: [
    {
      url: `${ORIGIN}${generationPath}/images/0?${SIGNATURE}`,
      seed: 42,
      width: 512,
      height: 512,
      content_type: 'image/png',
      safety: 'passed',
    },
  ],
  error: null,
  metadata: {},
  created_at: '2026-11-23T12:01:00.000Z',
  started_at: '2026-11-23T12:01:00.240Z',
  completed_at: '2026-11-23T12:01:04.020Z',
  expires_at: '2026-12-23T12:01:00.000Z',
  timings: { queued_ms: 240, encode_ms: 12, denoise_ms: 3510, decode_ms: 140, upload_ms: 90, total_ms: 4020 },
  links: links(generationPath),
};

const model: ModelDescription = {
  name: 'ELITE on Stable Diffusion v1-4',
  fingerprint: MODEL,
  sizes: [{ width: 512, height: 512 }],
  samplers: ['lms', 'ddim', 'euler', 'euler_ancestral', 'dpmpp_2m', 'dpmpp_2m_karras'],
  steps: { min: 1, max: 200, default: 100 },
  defaults: { sampler: 'lms', guidance_scale: 5, width: 512, height: 512, words: 'primary', negative_prompt: '' },
  max_images: 8,
  max_concepts: 1,
  words: 5,
  embedding: { dim: 768, patches: 256 },
  segmentation: false,
  licence: {
    name: 'CreativeML Open RAIL-M',
    url: 'https://huggingface.co/spaces/CompVis/stable-diffusion-license',
    use_restrictions: ['To generate or disseminate verifiably false information with the purpose of harming others.'],
  },
};

const share: ShareObject = {
  id: EXAMPLE_IDS.share,
  object: 'share',
  concept: EXAMPLE_IDS.concept,
  url: `${ORIGIN}${sharePath(EXAMPLE_SHARE_TOKEN)}`,
  rights: 'use',
  expires_at: null,
  uses: 0,
  max_uses: null,
  created_at: '2026-11-23T12:02:00.000Z',
};

const publicShare: PublicShare = {
  object: 'share',
  name: 'Rex',
  category: 'dog',
  rights: 'use',
  expires_at: null,
  sample_url: `${ORIGIN}${sharePath(EXAMPLE_SHARE_TOKEN)}/sample`,
  model: MODEL,
};

const abuseReport: AbuseReport = {
  id: EXAMPLE_IDS.report,
  object: 'abuse_report',
  status: 'open',
  reason: 'my_likeness',
  details: 'I did not agree.',
  contact: 'sam@example.com',
  share: EXAMPLE_IDS.share,
  concept: EXAMPLE_IDS.concept,
  account: EXAMPLE_IDS.account,
  received_at: '2026-11-23T12:03:00.000Z',
  resolved_at: null,
};

const delivery: DeliveryObject = {
  id: EXAMPLE_IDS.delivery,
  object: 'delivery',
  event: 'generation.succeeded',
  url: EXAMPLE_WEBHOOK_URL,
  status: 'pending',
  attempts: [{ at: '2026-11-23T12:01:04.030Z', status_code: 503, error: null, duration_ms: 84 }],
  next_attempt_at: '2026-11-23T12:01:09.114Z',
  created_at: '2026-11-23T12:01:04.020Z',
};

const jobError: JobError = {
  code: 'mask_empty',
  message: 'Expected a mask with some white in it, got one that is all black.',
  retryable: false,
};

const problem: Problem = problemExample('validation_failed');

/** Whole objects, by the name of their schema. */
export const OBJECT_EXAMPLES: Readonly<Record<string, unknown>> = {
  AbuseReport: abuseReport,
  Concept: concept,
  ConceptWebhook: { type: 'concept.ready', timestamp: concept.ready_at, data: concept },
  Delivery: delivery,
  Generation: generation,
  GenerationWebhook: { type: 'generation.succeeded', timestamp: generation.completed_at, data: generation },
  JobError: jobError,
  Metadata: { shelf: 3 },
  Model: model,
  Problem: problem,
  PublicShare: publicShare,
  Share: share,
};
