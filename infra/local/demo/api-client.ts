import { z } from 'zod';
import { type Concept, conceptSchema } from '../../../shared/concept.ts';
import { type Generation, type GenerationInput, generationSchema } from '../../../shared/generation.ts';
import { type ModelDescription, modelDescriptionSchema } from '../../../shared/model-description.ts';
import { problemSchema } from '../../../shared/problem.ts';

/** How long one request waits for news before it is sent again: what `Prefer: wait` and `?wait=` allow at most. */
const WAIT_SECONDS = 60;

export type GenerationRequest = Pick<GenerationInput, 'prompt'> &
  Partial<Omit<GenerationInput, 'prompt' | 'concepts'>> & {
    readonly concepts: readonly { readonly concept: string }[];
  };

/** The service as a phone uses it: one origin, one key, HTTP and nothing else. */
export function createApiClient(origin: string, apiKey: string, signal?: AbortSignal) {
  /** Throws with the problem's own words when the answer is none of success. */
  async function request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${apiKey}`, ...(init.headers as Record<string, string>) };
    const response = await fetch(new URL(path, origin), { ...init, headers, signal });
    if (!response.ok) {
      const problem = problemSchema.safeParse(await response.json().catch(() => undefined));
      const reason = problem.data ? `${problem.data.code}: ${problem.data.detail}` : response.statusText;
      throw new Error(`${init.method ?? 'GET'} ${path}: ${response.status} ${reason}`);
    }
    return response;
  }

  return {
    async model(): Promise<ModelDescription> {
      const response = await request('/v1/models');
      const { data } = z.object({ data: z.array(modelDescriptionSchema).min(1) }).parse(await response.json());
      return data[0];
    },

    /** Uploads a photo and waits for its concept to end, well or not. */
    async createConcept(photo: Blob, mask: Blob | null): Promise<Concept> {
      const form = new FormData();
      form.set('image', photo, 'photo');
      if (mask) {
        form.set('mask', mask, 'mask');
      }
      const headers = { prefer: `wait=${WAIT_SECONDS}` };
      const response = await request('/v1/concepts', { method: 'POST', body: form, headers });
      let concept = conceptSchema.parse(await response.json());
      while (concept.status === 'queued' || concept.status === 'encoding') {
        const next = await request(`${concept.links.self}?wait=${WAIT_SECONDS}&until=end`);
        concept = conceptSchema.parse(await next.json());
      }
      return concept;
    },

    async createGeneration(input: GenerationRequest): Promise<Generation> {
      const headers = { 'content-type': 'application/json' };
      const response = await request('/v1/generations', { method: 'POST', body: JSON.stringify(input), headers });
      return generationSchema.parse(await response.json());
    },

    /** Each state of a generation as it comes, the end included, well or not. */
    async *follow(generation: Generation): AsyncGenerator<Generation> {
      yield generation;
      for (let current = generation; current.status === 'queued' || current.status === 'running'; yield current) {
        const response = await request(`${current.links.self}?wait=${WAIT_SECONDS}&until=change`);
        current = generationSchema.parse(await response.json());
      }
    },

    async cancel(generation: Generation): Promise<Generation> {
      const response = await request(generation.links.cancel, { method: 'POST' });
      return generationSchema.parse(await response.json());
    },

    async download(url: string): Promise<Uint8Array> {
      return (await request(url)).bytes();
    },
  };
}

export type ApiClient = ReturnType<typeof createApiClient>;
