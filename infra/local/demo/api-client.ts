import {
  answerOf,
  type Concept,
  createClient,
  type Generation,
  type GenerationRequest,
  type Model,
} from '../../../edge/client/create-client.ts';

/** How long one request waits for news before it is sent again: what `Prefer: wait` and `?wait=` allow at most. */
const WAIT_SECONDS = 60;

/** The service as a phone uses it: one origin, one key, HTTP and nothing else. Throws a problem in its own words. */
export function createApiClient(origin: string, apiKey: string, signal?: AbortSignal) {
  const client = createClient({ origin, token: apiKey, signal });

  return {
    async model(): Promise<Model> {
      const [model] = (await answerOf(client.GET('/v1/models'))).data;
      if (!model) {
        throw new Error('expected a model in service, no worker has announced one');
      }
      return model;
    },

    /** Uploads a photo and waits for its concept to end, well or not. */
    async createConcept(photo: Blob, mask: Blob | null): Promise<Concept> {
      const body = { image: photo, ...(mask && { mask }) };
      const header = { prefer: `wait=${WAIT_SECONDS}` };
      let concept = await answerOf(client.POST('/v1/concepts', { body, params: { header } }));
      while (concept.status === 'queued' || concept.status === 'encoding') {
        const params = { path: { id: concept.id }, query: { wait: WAIT_SECONDS } };
        concept = await answerOf(client.GET('/v1/concepts/{id}', { params }));
      }
      return concept;
    },

    async createGeneration(body: GenerationRequest): Promise<Generation> {
      const made = await answerOf(client.POST('/v1/generations', { body }));
      if (made.object !== 'generation') {
        throw new Error(`expected a generation, got a ${made.object}`);
      }
      return made;
    },

    /** Each state of a generation as it comes, the end included, well or not. */
    async *follow(generation: Generation): AsyncGenerator<Generation> {
      yield generation;
      for (let current = generation; current.status === 'queued' || current.status === 'running'; yield current) {
        const params = { path: { id: current.id }, query: { wait: WAIT_SECONDS, until: 'change' as const } };
        current = await answerOf(client.GET('/v1/generations/{id}', { params }));
      }
    },

    async cancel({ id }: Generation): Promise<Generation> {
      return answerOf(client.POST('/v1/generations/{id}/cancel', { params: { path: { id } } }));
    },

    /** A file by its signed URL, which needs no token. */
    async download(url: string): Promise<Uint8Array> {
      const response = await fetch(url, { signal });
      if (!response.ok) {
        throw new Error(`${new URL(url).pathname}: expected a file, got status ${response.status}`);
      }
      return response.bytes();
    },
  };
}

export type ApiClient = ReturnType<typeof createApiClient>;
