import { answerOf, createClient } from './create-client.ts';

/** Encodes a photo and draws what it shows in the snow; the URLs of the pictures. */
export async function drawInTheSnow(photo: Blob, token: string): Promise<string[]> {
  const client = createClient({ origin: 'https://elite.example.com', token });
  const params = { header: { prefer: 'wait=60' } };
  const concept = await answerOf(client.POST('/v1/concepts', { body: { image: photo }, params }));
  const body = { prompt: 'a S* in the snow', concepts: [{ concept: concept.id }] };
  const generation = await answerOf(client.POST('/v1/generations', { body, params }));
  return 'images' in generation ? generation.images.map(({ url }) => url) : [];
}
