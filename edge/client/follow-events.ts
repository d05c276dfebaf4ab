import { type EventSourceMessage, EventSourceParserStream } from 'eventsource-parser/stream';
import type { Concept, Generation } from './create-client.ts';

/** One server-sent event of a job. `object` comes with the last one: the concept or generation as it ended. */
export type JobEvent = {
  readonly type: 'queued' | 'running' | 'progress' | 'ready' | 'succeeded' | 'failed' | 'canceled' | 'expired';
  readonly at: string;
  readonly progress: { readonly step: number; readonly steps: number } | null;
  readonly object: Concept | Generation | null;
};

export type FollowOptions = {
  readonly token: string;
  readonly signal?: AbortSignal;
  /** How long to leave the service alone after a connection broke. */
  readonly reconnectAfterMs?: number;
};

const ENDS: ReadonlySet<JobEvent['type']> = new Set(['ready', 'succeeded', 'failed', 'canceled', 'expired']);

/** After so many broken connections with nothing heard in between, the service is held to be gone. */
const MAX_FAILURES = 5;

/**
 * The events of a concept or a generation from its start to its end, each once: a connection that breaks is made again
 * where it stopped. `url` is the object's `links.events`. Unlike EventSource it sends the token in a header.
 */
export async function* followEvents(
  url: string,
  { token, signal, reconnectAfterMs = 1000 }: FollowOptions,
): AsyncGenerator<JobEvent> {
  let lastEventId = '';
  for (let failures = 0; ; ) {
    const headers = { Authorization: `Bearer ${token}`, ...(lastEventId && { 'Last-Event-ID': lastEventId }) };
    try {
      for await (const { id, data } of readEvents(url, { headers, ...(signal && { signal }) })) {
        const event: JobEvent = JSON.parse(data);
        lastEventId = id ?? lastEventId;
        failures = 0;
        yield event;
        if (ENDS.has(event.type)) {
          return;
        }
      }
    } catch (error) {
      failures += 1;
      if (signal?.aborted || !isBrokenConnection(error) || failures > MAX_FAILURES) {
        throw error;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, reconnectAfterMs));
  }
}

/** What `fetch` and its streams throw when the network, and not the service, is the cause. */
function isBrokenConnection(error: unknown): boolean {
  return error instanceof TypeError;
}

async function* readEvents(url: string, init: RequestInit): AsyncGenerator<EventSourceMessage> {
  const response = await fetch(url, init);
  if (!response.ok || !response.body) {
    throw new Error(`${url}: expected events, got status ${response.status}`);
  }
  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  const reader = events.getReader(); // not every browser can iterate over a stream
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      yield part.value;
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
