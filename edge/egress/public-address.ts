import ipaddr from 'ipaddr.js';

/** All of IPv6 that is routed on the internet; embeddings of IPv4 (mapped, NAT64, 6to4, Teredo) are ranges of their own. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');

/** The address without brackets, or null when the host is a name. */
export function addressOf(host: string): string | null {
  const address = host.replace(/^\[(.*)\]$/, '$1');
  return ipaddr.isValid(address) ? address : null;
}

/** Whether the address belongs to someone on the internet, and not to a private, local or special-purpose range. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) {
    return false;
  }
  const parsed = ipaddr.parse(address);
  return parsed.range() === 'unicast' && (parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_IPV6));
}

export function isLoopbackHost(host: string): boolean {
  const address = addressOf(host);
  return address === null ? host === 'localhost' : ipaddr.parse(address).range() === 'loopback';
}
