import { expect, test } from 'vitest';
import { SIGNED_URL_LIFETIME_MS, urlSignerFor, verifySignedUrl } from '../../edge/credentials/signed-url.ts';

const accountId = 'acc_01ARZ3NDEKTSV4RRFFQ69G5FAV';
const secret = 'a secret that signs URLs in this test';
const nowMs = Date.UTC(2026, 0, 1);

test('a signed URL lives 24 hours and then is expired, not invalid', async () => {
  const url = new URL(await urlSignerFor(accountId, { secret, origin: 'https://edge.test', nowMs })('/v1/x'));
  expect(await verifySignedUrl(url, secret, nowMs + SIGNED_URL_LIFETIME_MS)).toEqual({ verdict: 'valid', accountId });
  expect(await verifySignedUrl(url, secret, nowMs + SIGNED_URL_LIFETIME_MS + 1)).toEqual({ verdict: 'expired' });
  expect(await verifySignedUrl(url, 'another secret', nowMs)).toEqual({ verdict: 'invalid' });
});
