import { describe, expect, test } from 'vitest';
import { checkTarget, type TargetRules } from '../../../edge/egress/public-target.ts';

const PUBLIC = '93.184.215.14';

const rules: TargetRules = {
  ownOrigins: ['https://edge.test', 'https://queue.test:9324'],
  allowLoopback: false,
  resolveHost: async () => [PUBLIC],
};

async function verdictOn(url: string, changes: Partial<TargetRules> = {}): Promise<string> {
  return (await checkTarget(url, { ...rules, ...changes })).verdict;
}

describe('a URL that a user has us call', () => {
  test.each(['https://hooks.example.com/x?y#z', `https://${PUBLIC}:8443/`, 'https://[2606:2800:21f:cb07::1]/'])(
    'is allowed when it is public: %s',
    async (url) => {
      expect(await verdictOn(url)).toBe('allowed');
    },
  );

  test.each([
    ['this network', '0.0.0.0'],
    ['loopback', '127.0.0.1'],
    ['loopback elsewhere', '127.8.9.1'],
    ['loopback as one number', '2130706433'],
    ['loopback in hex', '0x7f000001'],
    ['loopback in hex parts', '0x7f.0.0x0.1'],
    ['loopback in octal', '0177.0.0.01'],
    ['loopback in short', '127.1'],
    ['loopback in full-width digits', '１２７．０．０．１'],
    ['loopback with ideographic stops', '127。0。0。1'],
    ['loopback percent-encoded', '%31%32%37.0.0.1'],
    ['loopback with a final dot', '127.0.0.1.'],
    ['private', '10.1.2.3'],
    ['private too', '172.31.255.255'],
    ['private as one number', '3232235777'],
    ['link-local, where clouds keep credentials', '169.254.169.254'],
    ['carrier-grade NAT', '100.64.0.1'],
    ['benchmarking', '198.18.0.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['IPv6 unspecified', '[::]'],
    ['IPv6 loopback', '[::1]'],
    ['IPv6 loopback in full', '[0:0:0:0:0:0:0:1]'],
    ['IPv4-mapped', '[::ffff:127.0.0.1]'],
    ['IPv4-mapped in hex', '[::ffff:7f00:1]'],
    ['IPv4-compatible', '[::127.0.0.1]'],
    ['NAT64', '[64:ff9b::7f00:1]'],
    ['local NAT64', '[64:ff9b:1::7f00:1]'],
    ['6to4', '[2002:7f00:1::]'],
    ['Teredo', '[2001:0:4136:e378::1]'],
    ['unique local', '[fd00::1]'],
    ['IPv6 link-local', '[fe80::1]'],
    ['IPv6 multicast', '[ff02::1]'],
    ['documentation', '[2001:db8::1]'],
    ['localhost', 'localhost'],
    ['localhost in capitals', 'LOCALHOST'],
    ['a name below localhost', 'x.localhost'],
    ['mDNS', 'printer.local'],
    ['an internal name', 'metadata.google.internal'],
    ['a bare name', 'intranet'],
    ['our own host', 'edge.test'],
    ['our own host with a final dot', 'EDGE.test.'],
    ['our own host with two', 'edge.test..'],
    ['our queue on another port', 'queue.test'],
    ['credentials', 'user:secret@hooks.example.com'],
  ])('is refused when its host is %s: %s', async (_, host) => {
    expect(await verdictOn(`https://${host}/hook`)).toBe('refused');
  });

  test.each(['http://hooks.example.com/', 'ftp://hooks.example.com/', 'file:///etc/passwd', '/hook', ''])(
    'is refused unless it is https: %s',
    async (url) => {
      expect(await verdictOn(url)).toBe('refused');
    },
  );

  test.each([
    ['a private one', [PUBLIC, '10.0.0.1']],
    ['a private one of IPv6', [PUBLIC, 'fd00::1']],
    ['none', []],
    ['what is no address', ['hooks.example.com']],
  ])('is refused when its name leads to %s', async (_, addresses) => {
    expect(await verdictOn('https://hooks.example.com/', { resolveHost: async () => addresses })).toBe('refused');
  });

  test('is not called when its name cannot be looked up', async () => {
    const resolveHost = () => Promise.reject(new Error('no answer'));
    expect(await verdictOn('https://hooks.example.com/', { resolveHost })).toBe('unresolved');
  });

  test('may be plain http to this machine in local mode, yet not to ourselves', async () => {
    const local = { allowLoopback: true, ownOrigins: ['http://127.0.0.1:8787'] };
    expect(await verdictOn('http://127.0.0.1:9000/hook', local)).toBe('allowed');
    expect(await verdictOn('http://localhost:9000/hook', local)).toBe('allowed');
    expect(await verdictOn('http://[::1]:9000/hook', local)).toBe('allowed');
    for (const self of ['127.0.0.1', 'localhost', '[::1]', '127.8.9.1']) {
      expect(await verdictOn(`http://${self}:8787/v1/keys`, local), self).toBe('refused');
    }
    expect(await verdictOn('http://10.0.0.1/', local)).toBe('refused');
    expect(await verdictOn('http://hooks.example.com/', local)).toBe('refused');
  });
});
