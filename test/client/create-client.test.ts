import { afterEach, expect, test, vi } from 'vitest';
import { answerOf, createClient, type Problem, ProblemError } from '../../edge/client/create-client.ts';
import { drawInTheSnow } from '../../edge/client/example.ts';

afterEach(() => vi.unstubAllGlobals());

/** A service that answers each request with what it is given for its path. */
function serve(answers: Readonly<Record<string, () => Response>>): Request[] {
  const requests: Request[] = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    requests.push(request.clone());
    return answers[new URL(request.url).pathname]!();
  });
  return requests;
}

test('the example in the README sends the photo as a file and draws with the concept', async () => {
  const requests = serve({
    '/v1/concepts': () => Response.json({ id: 'con_1' }, { status: 201 }),
    '/v1/generations': () => Response.json({ images: [{ url: 'https://x.test/0' }] }, { status: 201 }),
  });
  expect(await drawInTheSnow(new Blob(['photo']), 'token')).toEqual(['https://x.test/0']);
  const [concept, generation] = requests;
  expect(concept!.headers.get('Authorization')).toBe('Bearer token');
  expect(concept!.headers.get('Prefer')).toBe('wait=60');
  expect(await ((await concept!.formData()).get('image') as File).text()).toBe('photo');
  expect(await generation!.json()).toEqual({ prompt: 'a S* in the snow', concepts: [{ concept: 'con_1' }] });
});

test('an error answer is thrown with its problem', async () => {
  const problem: Problem = {
    type: '/docs/errors#rate_limited',
    title: 'Too many requests',
    status: 429,
    detail: 'Expected at most 60 requests a minute.',
    code: 'rate_limited',
    retryable: true,
    request_id: 'x',
  };
  serve({ '/v1/keys': () => Response.json(problem, { status: 429 }) });
  const client = createClient({ origin: 'https://x.test', token: 'token' });
  const error = await answerOf(client.POST('/v1/keys', { body: {} })).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(ProblemError);
  expect(error.problem).toEqual(problem);
});
