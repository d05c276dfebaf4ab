import { answerOf, type Concept } from '../../../client/create-client.ts';
import { followEvents } from '../../../client/follow-events.ts';
import type { ChosenPhoto } from './photo-input.ts';
import type { Session } from './session.ts';

const STATES = { queued: 'In the queue …', running: 'Encoding …' } as const;

/** Makes a concept of a photo, tells how far it is, and returns it ready; throws when it failed. */
export async function encode(
  { client, token }: Session,
  { photo, mask }: ChosenPhoto,
  onStatus: (text: string) => void,
): Promise<Concept> {
  onStatus('Sending the photo …');
  const body = { image: photo, name: photo.name.replace(/\.\w+$/, ''), ...(mask && { mask }) };
  const accepted = await answerOf(client.POST('/v1/concepts', { body }));
  if (accepted.status === 'ready') {
    return accepted; // the same photo and mask were encoded before
  }
  for await (const { type, object } of followEvents(accepted.links.events, { token })) {
    if (type === 'queued' || type === 'running') {
      onStatus(STATES[type]);
    } else if (object?.object === 'concept') {
      return requireReady(object);
    }
  }
  throw new Error('The concept was deleted meanwhile.');
}

function requireReady(concept: Concept): Concept {
  if (concept.status !== 'ready') {
    throw new Error(concept.error?.message ?? `It ended as ${concept.status}.`);
  }
  return concept;
}

function duration(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** “Encoded in 52 ms”, and how long it took with the waiting around it. */
export function encodeSummary({ timings }: Concept): string {
  const { encode_ms: encodeMs, total_ms: totalMs } = timings;
  return encodeMs === null || totalMs === null
    ? 'Ready.'
    : `Encoded in ${duration(encodeMs)}, ${duration(totalMs)} with upload and queue.`;
}
