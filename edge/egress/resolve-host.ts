import { z } from 'zod';

/** Every address that a name leads to; none when there is no such name. Throws when that cannot be found out. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

const RESOLVE_TIMEOUT_MS = 5_000;

/** Record types and response codes of RFC 1035 section 3.2.2 and 4.1.1, RFC 3596. */
const RECORD_TYPES = { A: 1, AAAA: 28 } as const;
const NO_ERROR = 0;
const NO_SUCH_NAME = 3;

const answerSchema = z.object({
  Status: z.int(),
  Answer: z.array(z.object({ type: z.int(), data: z.string() })).default([]),
});

/** Asks a DNS-over-HTTPS server that answers in JSON, as Cloudflare's and Google's do: a Worker has no other DNS. */
export function dnsOverHttps(endpoint: string): ResolveHost {
  async function addresses(host: string, type: keyof typeof RECORD_TYPES): Promise<readonly string[]> {
    const url = new URL(endpoint);
    url.searchParams.set('name', host);
    url.searchParams.set('type', type);
    const response = await fetch(url, {
      headers: { Accept: 'application/dns-json' },
      signal: AbortSignal.timeout(RESOLVE_TIMEOUT_MS),
    });
    const { Status: status, Answer: records } = answerSchema.parse(await response.json());
    if (status !== NO_ERROR && status !== NO_SUCH_NAME) {
      throw new Error(`expected an answer about ${host}, got DNS response code ${status}`);
    }
    return records.filter((record) => record.type === RECORD_TYPES[type]).map(({ data }) => data);
  }
  return async (host) => (await Promise.all([addresses(host, 'A'), addresses(host, 'AAAA')])).flat();
}
