import type { Settings } from '../env.ts';
import { addressOf, isLoopbackHost, isPublicAddress } from './public-address.ts';
import { dnsOverHttps, type ResolveHost } from './resolve-host.ts';

export type TargetRules = {
  /** Hosts of our own, which nobody may have us call. */
  readonly ownOrigins: readonly string[];
  /** Only in local mode: plain http to this machine. */
  readonly allowLoopback: boolean;
  readonly resolveHost: ResolveHost;
};

export type TargetVerdict =
  | { readonly verdict: 'allowed'; readonly url: URL }
  | { readonly verdict: 'refused'; readonly reason: string }
  /** The name could not be looked up now: to be treated as refused, though it may be allowed later. */
  | { readonly verdict: 'unresolved'; readonly reason: string };

/** Names that never mean a host on the internet (RFC 6761, 6762, 8375, and ICANN's reserved `.internal`). */
const LOCAL_SUFFIXES = ['.localhost', '.local', '.internal', '.home.arpa'] as const;

export function targetRulesOf(settings: Settings): TargetRules {
  return {
    ownOrigins: [
      settings.PUBLIC_ORIGIN,
      new URL(settings.SQS_ENDPOINT).origin,
      new URL(settings.R2_S3_ENDPOINT).origin,
    ],
    allowLoopback: settings.ENVIRONMENT === 'local',
    resolveHost: dnsOverHttps(settings.DNS_OVER_HTTPS_URL),
  };
}

function refused(reason: string): TargetVerdict {
  return { verdict: 'refused', reason };
}

/**
 * Whether we may call a URL that a user gave. The URL parser has by then undone every other way to write an address
 * (decimal, octal, hex, short, full-width, percent-encoded), so that one look at the host is enough. A name must lead
 * to public addresses only; when that cannot be found out the URL is not called.
 *
 * `fetch` looks the name up once more and cannot be told to use the address that was checked: a name that changes in
 * between gets through here. What it can reach is what `global_fetch_strictly_public` leaves: no zone of ours, and a
 * Worker stands in no private network.
 */
export async function checkTarget(text: string, rules: TargetRules): Promise<TargetVerdict> {
  const url = URL.parse(text);
  if (!url) {
    return refused('must be an absolute URL');
  }
  if (url.username || url.password) {
    return refused('must not carry a user name or password');
  }
  const ownHosts = rules.ownOrigins.map((origin) => new URL(origin));
  if (rules.allowLoopback && url.protocol === 'http:' && isLoopbackHost(url.hostname)) {
    return ownHosts.some(({ hostname, port }) => isLoopbackHost(hostname) && port === url.port) // by whichever name
      ? refused('must not lead back to this service')
      : { verdict: 'allowed', url };
  }
  if (url.protocol !== 'https:') {
    return refused('must be an https URL');
  }
  const host = url.hostname.replace(/\.+$/, '');
  if (ownHosts.some(({ hostname }) => hostname === host)) {
    return refused('must not lead back to this service');
  }
  const address = addressOf(host);
  if (address !== null) {
    return isPublicAddress(address) ? { verdict: 'allowed', url } : refused('must not be a private or local address');
  }
  if (!host.includes('.') || LOCAL_SUFFIXES.some((suffix) => host.endsWith(suffix))) {
    return refused('must be a host on the internet');
  }
  return checkName(url, host, rules.resolveHost);
}

async function checkName(url: URL, host: string, resolveHost: ResolveHost): Promise<TargetVerdict> {
  let addresses: readonly string[];
  try {
    addresses = await resolveHost(host);
  } catch (error) {
    return { verdict: 'unresolved', reason: `${host} could not be looked up: ${error}` };
  }
  if (addresses.length === 0) {
    return refused('must be a host that exists');
  }
  return addresses.every(isPublicAddress)
    ? { verdict: 'allowed', url }
    : refused('must not lead to a private or local address');
}
