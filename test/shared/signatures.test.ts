import { describe, expect, test } from 'vitest';
import {
  SIGNATURE_HEADER,
  SIGNATURE_TOLERANCE_MS,
  signRequest,
  TIMESTAMP_HEADER,
  verifyRequest,
} from '../../shared/signatures.ts';

const nowMs = Date.UTC(2026, 0, 1);
const secret = 'a secret of some length';
const request = { method: 'POST', path: '/internal/jobs/gen_1/events', body: '{"type":"started"}' };

async function verdict(changes: Partial<typeof request> = {}, options = { secret, nowMs }) {
  const signed = await signRequest(request, secret, nowMs);
  const headers = { timestamp: signed[TIMESTAMP_HEADER], signature: signed[SIGNATURE_HEADER] };
  return verifyRequest({ ...request, ...changes }, headers, options);
}

describe('a signed request', () => {
  test('is valid within the tolerance, in both directions', async () => {
    expect(await verdict()).toBe('valid');
    expect(await verdict({}, { secret, nowMs: nowMs + SIGNATURE_TOLERANCE_MS })).toBe('valid');
    expect(await verdict({}, { secret, nowMs: nowMs - SIGNATURE_TOLERANCE_MS })).toBe('valid');
  });

  test('is stale outside it', async () => {
    expect(await verdict({}, { secret, nowMs: nowMs + SIGNATURE_TOLERANCE_MS + 1 })).toBe('stale');
    expect(await verdict({}, { secret, nowMs: nowMs - SIGNATURE_TOLERANCE_MS - 1 })).toBe('stale');
  });

  test.each([{ method: 'PUT' }, { path: '/internal/jobs/gen_2/events' }, { body: '{"type":"failed"}' }])(
    'is forged with anything signed changed: %j',
    async (changes) => {
      expect(await verdict(changes)).toBe('forged');
    },
  );

  test('is forged under another secret', async () => {
    expect(await verdict({}, { secret: 'another secret', nowMs })).toBe('forged');
  });

  test.each([
    [undefined, undefined, 'missing'],
    [String(nowMs), undefined, 'missing'],
    ['yesterday', `v1=${'0'.repeat(64)}`, 'malformed'],
    [String(nowMs), 'v1=00', 'malformed'],
    [String(nowMs), `v1=${'g'.repeat(64)}`, 'malformed'],
    [String(nowMs), `v1=${'0'.repeat(64)}`, 'forged'],
  ])('with the headers %s and %s is %s', async (timestamp, signature, expected) => {
    expect(await verifyRequest(request, { timestamp, signature }, { secret, nowMs })).toBe(expected);
  });
});
