import createFetchClient from 'openapi-fetch';
import type { components, paths } from './openapi.ts';

export type Concept = components['schemas']['Concept'];
export type Generation = components['schemas']['Generation'];
export type GenerationRequest = paths['/v1/generations']['post']['requestBody']['content']['application/json'];
export type Model = components['schemas']['Model'];
export type Problem = components['schemas']['Problem'];

export type ClientOptions = {
  /** Where the service is, such as `https://elite.example.com`. */
  readonly origin: string;
  /** An API key or a client token; a few operations need none. */
  readonly token?: string;
  readonly signal?: AbortSignal;
};

/**
 * Every operation of the API by method and path, with the types of its OpenAPI document:
 * `client.POST('/v1/generations', { body })`. A body that holds a file is sent as multipart/form-data.
 */
export function createClient({ origin, token, signal }: ClientOptions) {
  return createFetchClient<paths>({
    baseUrl: origin,
    ...(token !== undefined && { headers: { Authorization: `Bearer ${token}` } }),
    ...(signal && { signal }),
    bodySerializer: (body: unknown) => multipart(body) ?? JSON.stringify(body),
  });
}

export type Client = ReturnType<typeof createClient>;

function multipart(body: unknown): FormData | null {
  const fields = Object.entries(body ?? {});
  if (!fields.some(([, value]) => value instanceof Blob)) {
    return null;
  }
  const form = new FormData();
  for (const [name, value] of fields) {
    form.set(name, value instanceof Blob || typeof value === 'string' ? value : JSON.stringify(value));
  }
  return form;
}

/** An answer that is an error, with the problem that came with it. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.code}: ${problem.detail}`);
    this.problem = problem;
  }
}

/** The body of a successful answer; throws ProblemError for any other. */
export async function answerOf<T>(
  call: Promise<{ data?: T; error?: Problem; response: Response }>,
): Promise<NonNullable<T>> {
  const { data, error, response } = await call;
  if (error) {
    throw new ProblemError(error);
  }
  if (data === undefined || data === null) {
    throw new Error(`${response.url}: expected a body, got status ${response.status} without one`);
  }
  return data;
}
