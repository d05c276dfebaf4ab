import type { Drawable } from './concept-list.ts';

type PublicShare = {
  readonly name: string | null;
  readonly category: string | null;
  readonly sample_url: string | null;
};

/** A concept that somebody shared, by the URL of its share. */
export async function sharedConcept(url: string): Promise<Drawable> {
  const response = await fetch(url, { headers: { Accept: 'application/json' } });
  const answer = await response.json();
  if (!response.ok) {
    throw new Error(answer.detail);
  }
  const { name, category, sample_url: pictureUrl }: PublicShare = answer;
  return { reference: url, name: name ?? category ?? 'shared', pictureUrl, ownId: null };
}
