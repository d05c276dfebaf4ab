import { SIGNATURE_HEADER, TIMESTAMP_HEADER, verifyRequest } from '../../shared/signatures.ts';
import { type WorkerEvent, type WorkerEventAnswer, workerEventSchema } from '../../shared/worker-event.ts';

/** The edge's side of one job, as a worker sees it: it knows its newest attempt and its end. */
export function createFakeJob(secret: string) {
  const events: WorkerEvent[] = [];
  const job = {
    events,
    traceparents: [] as (string | null)[],
    /** Attempts in the order they were first heard of; the last one has the job. */
    attempts: [] as string[],
    end: null as 'succeeded' | 'failed' | 'canceled' | null,
    /** Answers to give instead, first come first served: an HTTP status, or an error of the network. */
    outages: [] as (number | 'unreachable' | 'answer lost')[],
    fetch: (async (input, init) => {
      const outage = job.outages.shift();
      if (outage === 'unreachable') {
        throw new TypeError('fetch failed');
      }
      if (typeof outage === 'number') {
        return new Response('', { status: outage });
      }
      const request = new Request(input, init);
      const body = await request.text();
      const { pathname: path } = new URL(request.url);
      job.traceparents.push(request.headers.get('traceparent'));
      const headers = {
        timestamp: request.headers.get(TIMESTAMP_HEADER),
        signature: request.headers.get(SIGNATURE_HEADER),
      };
      // A fake clock runs on while the signature is being made and checked, so the time of signing is what counts here.
      const nowMs = Number(headers.timestamp);
      const verdict = await verifyRequest({ method: 'POST', path, body }, headers, { secret, nowMs });
      if (verdict !== 'valid') {
        return new Response(verdict, { status: 403 });
      }
      const answer = take(workerEventSchema.parse(JSON.parse(body)));
      if (outage === 'answer lost') {
        throw new TypeError('fetch failed');
      }
      return Response.json(answer);
    }) as typeof fetch,
  };

  function take(event: WorkerEvent): WorkerEventAnswer {
    events.push(event);
    if (job.end !== null) {
      return { action: 'stop', reason: 'ended' };
    }
    if (!job.attempts.includes(event.attempt)) {
      job.attempts.push(event.attempt);
    }
    if (event.attempt !== job.attempts.at(-1)) {
      return { action: 'stop', reason: 'superseded' };
    }
    if (event.type === 'succeeded' || event.type === 'failed') {
      job.end = event.type;
      return { action: 'stop', reason: 'ended' };
    }
    return { action: 'continue' };
  }

  return job;
}
