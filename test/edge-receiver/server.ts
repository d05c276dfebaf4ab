import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

/**
 * What the edge calls outside, in a process that tells its parent its origin and ends with it.
 *
 * A receiver of webhooks: `POST /hooks/NAME` keeps what came and answers as `PUT /-/answers/NAME` said, else 204;
 * `GET /-/received/NAME` tells. A DNS-over-HTTPS server: `/dns-query` tells the addresses of `PUT /-/addresses/NAME`,
 * no such name for others, and a failure for names that begin with `broken.`.
 */

const answersSchema = z.array(
  z.object({
    status: z.int(),
    headers: z.record(z.string(), z.string()).default({}),
    /** Keeps the caller waiting until it gives up. */
    hangs: z.boolean().default(false),
  }),
);

type Received = { readonly headers: IncomingHttpHeaders; readonly body: string };

const answers = new Map<string, z.output<typeof answersSchema>>();
const received = new Map<string, Received[]>();
const addresses = new Map<string, string[]>();

const RECORD_TYPES: Readonly<Record<string, number>> = { A: 1, AAAA: 28 };

function resolve(name: string, type: string) {
  if (name.startsWith('broken.')) {
    return { Status: 2 };
  }
  const known = addresses.get(name);
  const ofType = known?.filter((address) => address.includes(':') === (type === 'AAAA')) ?? [];
  return { Status: known ? 0 : 3, Answer: ofType.map((data) => ({ name, type: RECORD_TYPES[type], TTL: 1, data })) };
}

const server = createServer(async (request, response) => {
  const body = (await request.setEncoding('utf8').toArray()).join('');
  const url = new URL(request.url ?? '/', 'http://receiver');
  const [, place = '', ...rest] = url.pathname.split('/');
  const name = rest.at(-1) ?? '';
  if (place === 'dns-query') {
    response.end(JSON.stringify(resolve(url.searchParams.get('name') ?? '', url.searchParams.get('type') ?? '')));
  } else if (place === 'hooks') {
    received.set(name, [...(received.get(name) ?? []), { headers: request.headers, body }]);
    const answer = answers.get(name)?.shift();
    if (!answer?.hangs) {
      response.writeHead(answer?.status ?? 204, answer?.headers).end();
    }
  } else if (request.method === 'PUT' && rest[0] === 'answers') {
    answers.set(name, answersSchema.parse(JSON.parse(body)));
    response.end();
  } else if (request.method === 'PUT' && rest[0] === 'addresses') {
    addresses.set(name, z.array(z.string()).parse(JSON.parse(body)));
    response.end();
  } else {
    response.end(JSON.stringify(received.get(name) ?? []));
  }
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
process.on('disconnect', () => process.exit());
