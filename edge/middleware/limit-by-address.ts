import type { Context } from 'hono';
import ipaddr from 'ipaddr.js';
import type { EdgeContext } from '../context.ts';
import { SHARE_TOKEN_PATTERN, shareNameOf } from '../credentials/share-token.ts';
import { shareOf } from '../durable-objects/stubs.ts';
import { enforceRateLimits } from './rate-limits.ts';

/** One customer of a provider has all the addresses of an IPv6 network of this size. */
const IPV6_NETWORK_BITS = 64;

/** Whom requests at a share's URL are counted by, or a name for all whose address Cloudflare does not tell. */
export function clientNetworkOf(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) {
    return 'unknown';
  }
  const parsed = ipaddr.process(address); // an IPv4 address in IPv6's clothes is one
  return parsed instanceof ipaddr.IPv6
    ? ipaddr.IPv6.networkAddressFromCIDR(`${parsed}/${IPV6_NETWORK_BITS}`).toString()
    : parsed.toString();
}

/** Throws 429 when a client's address asks too often at one share's URL, which needs no account. */
export async function limitByAddress(c: Context<EdgeContext>, token: string): Promise<void> {
  if (SHARE_TOKEN_PATTERN.test(token)) {
    const share = shareOf(c.env, await shareNameOf(token));
    const network = clientNetworkOf(c.req.header('CF-Connecting-IP'));
    enforceRateLimits(c, [await share.takeRequest(network, c.get('settings').RATE_LIMIT_PER_ADDRESS)]);
  }
}
