import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { Concept, Generation } from './create-client.ts';

/** One server-sent event of a job. `object` comes with the last one: the concept or generation as it ended. */
export type JobEvent = {
  readonly type: 'queued' | 'running' | 'progress' | 'ready' | 'succeeded' | 'failed' | 'canceled' | 'expired';
  readonly at: string;
  readonly progress: { readonly step: number; readonly steps: number } | null;
  readonly object: Concept | Generation | null;
};

const ENDS: ReadonlySet<JobEvent['type']> = new Set(['ready', 'succeeded', 'failed', 'canceled', 'expired']);

const RECONNECT_AFTER_MS = 1000;

/**
 * The events of a concept or a generation from its start to its end, each once: a connection that is cut is made again
 * where it stopped. `url` is the object's `links.events`. Unlike EventSource it sends a token in a header, and none in
 * the address.
 */
export async function* followEvents(
  url: string,
  { token, signal }: { token: string; signal?: AbortSignal },
): AsyncGenerator<JobEvent> {
  let lastEventId = '';
  for (;;) {
    const headers = { Authorization: `Bearer ${token}`, ...(lastEventId && { 'Last-Event-ID': lastEventId }) };
    const response = await fetch(url, { headers, ...(signal && { signal }) });
    if (!response.ok || !response.body) {
      throw new Error(`${url}: expected events, got status ${response.status}`);
    }
    const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    const reader = events.getReader();
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        const event: JobEvent = JSON.parse(part.value.data);
        lastEventId = part.value.id ?? lastEventId;
        yield event;
        if (ENDS.has(event.type)) {
          return;
        }
      }
    } catch (error) {
      if (signal?.aborted || !(error instanceof TypeError)) {
        throw error; // only a broken connection is made again
      }
    } finally {
      reader.cancel().catch(() => undefined);
    }
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_AFTER_MS));
  }
}
