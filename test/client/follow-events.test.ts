import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { followEvents, type JobEvent } from '../../edge/client/follow-events.ts';

const EVENTS = ['queued', 'running', 'progress', 'progress', 'succeeded'] as const;

let close: (() => void) | undefined;

afterEach(() => close?.());

/** A service that answers each request for events in its own way; gives their URL and the ids they asked to go on from. */
async function serve(...answers: ((response: ServerResponse, from: number) => void)[]) {
  const resumedFrom: (string | undefined)[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const from = request.headers['last-event-id'] as string | undefined;
    resumedFrom.push(from);
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    answers[resumedFrom.length - 1]!(response, Number(from ?? 0));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  close = () => server.close();
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, resumedFrom };
}

function event(id: number): string {
  const data = { type: EVENTS[id - 1], at: '2026-11-23T12:00:00Z', progress: null, object: null };
  return `: comment\nid: ${id}\nevent: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}

const rest = (response: ServerResponse, from: number) =>
  response.end(EVENTS.map((_, i) => (i < from ? '' : event(i + 1))).join(''));

const cutAfter = (id: number) => (response: ServerResponse, from: number) => {
  response.write(event(from + 1), () => (from + 1 < id ? cutAfter(id)(response, from + 1) : response.destroy()));
};

async function typesOf(events: AsyncIterable<JobEvent>): Promise<string[]> {
  const types: string[] = [];
  for await (const { type } of events) {
    types.push(type);
  }
  return types;
}

test.each([1, 2, 3, 4])('a connection cut after event %i misses none and gets none twice', async (id) => {
  const { url, resumedFrom } = await serve(cutAfter(id), rest);
  expect(await typesOf(followEvents(url, { token: 'x', reconnectAfterMs: 0 }))).toEqual(EVENTS);
  expect(resumedFrom).toEqual([undefined, String(id)]);
});

test('an event that comes in pieces is one event', async () => {
  const { url } = await serve((response) => {
    const text = EVENTS.map((_, i) => event(i + 1)).join('');
    const write = (at: number): void => {
      response.write(text.slice(at, at + 7), () => (at < text.length ? write(at + 7) : response.end()));
    };
    write(0);
  });
  expect(await typesOf(followEvents(url, { token: 'x' }))).toEqual(EVENTS);
});

test('a service that is gone is given up', async () => {
  const { url } = await serve();
  close?.();
  await expect(typesOf(followEvents(url, { token: 'x', reconnectAfterMs: 0 }))).rejects.toThrow(TypeError);
});
