import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startQueueEmulator } from '../../infra/local/queue-emulator.ts';

/**
 * A process with an SQS emulator for the edge's tests, behind a door that can be told to refuse a share of the sends
 * and remembers what went through: `PUT /-/failures` with a number from 0 to 1, `GET /-/sent?account=acc_…`. Tells
 * its parent the door's origin, and ends with it.
 */
const sqs = await startQueueEmulator();
const sent: { account_id: string }[] = [];
const failureShareOf = new Map<string, number>();

async function forward(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
  const isSend = request.headers['x-amz-target'] === 'AmazonSQS.SendMessage';
  const message = isSend ? JSON.parse(JSON.parse(body).MessageBody) : null;
  if (message && Math.random() < (failureShareOf.get(message.account_id) ?? 0)) {
    response.writeHead(503).end();
    return;
  }
  const headers = {
    'content-type': request.headers['content-type'] ?? '',
    'x-amz-target': String(request.headers['x-amz-target']),
  };
  const answer = await fetch(new URL(request.url ?? '/', sqs.endpoint), {
    method: 'POST',
    headers: { ...headers, authorization: request.headers.authorization ?? '' },
    body,
  });
  if (message && answer.ok) {
    sent.push(message);
  }
  response
    .writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
    .end(await answer.text());
}

const door = createServer(async (request, response) => {
  const body = (await request.setEncoding('utf8').toArray()).join('');
  const url = new URL(request.url ?? '/', 'http://door');
  const account = url.searchParams.get('account') ?? '';
  if (url.pathname === '/-/failures') {
    failureShareOf.set(account, Number(body));
    response.end();
  } else if (url.pathname === '/-/sent') {
    response.end(JSON.stringify(sent.filter((message) => message.account_id === account)));
  } else {
    await forward(request, response, body);
  }
});
await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
process.send?.({ SQS_ENDPOINT: origin, SQS_QUEUE_URL: new URL(new URL(sqs.queueUrl).pathname, origin).href });
process.on('disconnect', () => process.exit());
