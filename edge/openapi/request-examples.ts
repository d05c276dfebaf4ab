import { CONCEPT_FILE_CONTENT_TYPE } from '../../shared/concept-file.ts';
import { EXAMPLE_IDS } from '../../shared/ids.ts';
import { EXAMPLE_SHARE_TOKEN, sharePath } from '../credentials/share-token.ts';

type Examples = Readonly<Record<string, { readonly summary: string; readonly value?: unknown }>>;

/** A PNG of one pixel. */
const TINY_PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

const EXAMPLE_SHARE_URL = `https://elite.example.com${sharePath(EXAMPLE_SHARE_TOKEN)}`;

export const EXAMPLE_WEBHOOK_URL = 'https://hooks.example.com/elite';

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'multipart/form-data';

/** What one may send, by operation and media type. Binary fields of forms are left out: their value is a file. */
export const REQUEST_EXAMPLES: Readonly<Record<string, Readonly<Record<string, Examples>>>> = {
  createConcept: {
    [JSON_TYPE]: {
      base64: { summary: 'A photo as base64', value: { image: { data: TINY_PNG }, name: 'Rex', category: 'dog' } },
      upload: { summary: 'A photo that was uploaded before', value: { image: { upload_id: EXAMPLE_IDS.upload } } },
    },
    [FORM_TYPE]: {
      photo: { summary: 'A photo as a file', value: { name: 'Rex', category: 'dog', metadata: '{"shelf":3}' } },
    },
  },
  updateConcept: { [JSON_TYPE]: { rename: { summary: 'Another name', value: { name: 'Rex the Second' } } } },
  importConcept: {
    [CONCEPT_FILE_CONTENT_TYPE]: { file: { summary: 'A concept file' } },
    [JSON_TYPE]: { shared: { summary: 'A copy of what was shared', value: { share_url: EXAMPLE_SHARE_URL } } },
  },
  createShare: {
    [JSON_TYPE]: {
      simple: { summary: 'For anyone with the link', value: {} },
      limited: {
        summary: 'To keep, ten times within a day',
        value: { rights: 'copy', expires_in: 86_400, max_uses: 10 },
      },
    },
  },
  reportShare: {
    [JSON_TYPE]: {
      likeness: { summary: 'It shows me', value: { reason: 'my_likeness', details: 'I did not agree.' } },
    },
  },
  createUpload: {
    [JSON_TYPE]: { heic: { summary: 'A photo of a phone', value: { content_type: 'image/heic', size: 2_400_000 } } },
  },
  createGeneration: {
    [JSON_TYPE]: {
      simple: {
        summary: 'The model’s defaults',
        value: { prompt: 'a S* wearing a red hat in the snow', concepts: [{ concept: EXAMPLE_IDS.concept }] },
      },
      chosen: {
        summary: 'Everything chosen',
        value: {
          prompt: 'an oil painting of a S* at the sea',
          concepts: [{ concept: EXAMPLE_IDS.concept, token: 'S*', strength: 0.6, words: 'primary' }],
          negative_prompt: 'blurry',
          num_images: 2,
          seed: 42,
          steps: 20,
          sampler: 'dpmpp_2m',
          guidance_scale: 5,
          format: 'webp',
          webhook: { url: EXAMPLE_WEBHOOK_URL, events: ['generation.succeeded', 'generation.failed'] },
          start_within: 600,
          metadata: { shelf: 3 },
        },
      },
    },
  },
  createClientToken: {
    [JSON_TYPE]: {
      phone: {
        summary: 'For a phone that makes concepts and pictures',
        value: {
          scopes: ['concepts:read', 'concepts:write', 'generations:read', 'generations:write'],
          expires_in: 600,
          end_user: 'user-17',
        },
      },
    },
  },
  createKey: { [JSON_TYPE]: { named: { summary: 'A key with a name', value: { name: 'production' } } } },
};
