import { describe, expect, test } from 'vitest';
import { newId } from '../../shared/ids.ts';
import { uploadedPhotoKey } from '../../shared/object-keys.ts';
import {
  type GenerateMessage,
  parseQueueMessage,
  type QueueMessage,
  serialiseQueueMessage,
} from '../../shared/queue-message.ts';

const nowMs = Date.UTC(2026, 0, 1);
const accountId = newId('account', nowMs);
const conceptId = newId('concept', nowMs);

const envelope = {
  version: 1,
  account_id: accountId,
  model: 'm',
  deadline: new Date(nowMs).toISOString(),
  traceparent: null,
} as const;

const encode: QueueMessage = {
  ...envelope,
  kind: 'encode',
  job_id: conceptId,
  input: { photo_key: uploadedPhotoKey(accountId, conceptId), mask_key: null, mask_source: 'none' },
};

const generate: GenerateMessage = {
  ...envelope,
  kind: 'generate',
  job_id: newId('generation', nowMs),
  input: {
    prompt: 'ein S* im Schnee 🦊 \u0000\ufffe',
    negative_prompt: '',
    concepts: [{ embedding_key: 'k', token: 'S*', strength: 0.6, words: 'primary' }],
    num_images: 1,
    seed: 2 ** 32 - 1,
    steps: 100,
    sampler: 'lms',
    guidance_scale: 5,
    guidance_interval: { from: 0, to: 1 },
    reuse: 1,
    width: 512,
    height: 512,
    format: 'png',
  },
};

describe('a queue message', () => {
  test.each([encode, generate])('arrives as it was sent, in printable ASCII: $kind', (message) => {
    const text = serialiseQueueMessage(message);
    expect(text).toMatch(/^[\x20-\x7e]+$/);
    expect(parseQueueMessage(text)).toEqual(message);
  });

  test('fits the limit with the longest prompts allowed', () => {
    const longest = '\u{1f98a}'.repeat(1000);
    const message = { ...generate, input: { ...generate.input, prompt: longest, negative_prompt: longest } };
    expect(serialiseQueueMessage(message).length).toBeLessThan(64 * 1024);
  });

  test.each([
    ['another version', { ...encode, version: 2 }],
    ['an unknown kind', { ...encode, kind: 'train' }],
    ['the id of another kind', { ...encode, job_id: generate.job_id }],
    ['a seed outside 32 bits', { ...generate, input: { ...generate.input, seed: 2 ** 32 } }],
  ])('is refused: %s', (_, message) => {
    expect(() => parseQueueMessage(JSON.stringify(message))).toThrow();
  });
});
