/** Where a webhook may go: spellings of addresses that lead inside, whatever they look like. Evidence: OWASP, IANA's registries. */
import { describe, expect, it } from 'vitest';
import { addressProblem, checkWebhookUrl } from '../../../../core/events/webhooks/webhook-address.ts';

const NOTHING = new Set<never>();

/** range → spellings of addresses in it, as the host of a URL */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  loopback: [
    ...[
      '127.0.0.1',
      '127.1',
      '127.0.1',
      '2130706433',
      '0x7f000001',
      '0x7f.1',
      '0177.0.0.1',
      '017700000001',
      '127.255.255.254',
    ],
    ...[
      '１２７.0.0.1',
      '127。0。0。1',
      '①②⑦.0.0.1',
      '127.0.0.1.',
      '%31%32%37.0.0.1',
      '[::1]',
      '[0:0:0:0:0:0:0:1]',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
    ],
  ],
  unspecified: ['0.0.0.0', '0', '0x0', '0.1.2.3', '[::]'],
  'IPv4 in IPv6 of old': ['[::127.0.0.1]', '[::7f00:1]', '[::a9fe:a9fe]'],
  private: [
    '10.0.0.1',
    '10.255.255.255',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '0xc0a80001',
    '[::ffff:10.0.0.1]',
  ],
  'link-local': [
    '169.254.169.254',
    '169.254.0.1',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.0251.0376',
    '[fe80::1]',
    '[::ffff:169.254.169.254]',
  ],
  'unique local': ['[fd00:ec2::254]', '[fc00::1]', '[fdff::1]'],
  'site-local': ['[fec0::1]'],
  'carrier-grade NAT': ['100.64.0.1', '100.127.255.255', '100.100.100.200'],
  multicast: ['224.0.0.1', '239.255.255.255', '[ff02::1]', '[ff0e::1]'],
  broadcast: ['255.255.255.255'],
  reserved: ['240.0.0.1', '192.0.2.1', '198.51.100.1', '203.0.113.1', '192.0.0.8', '[2001:db8::1]', '[3fff::1]'],
  benchmarking: ['198.18.0.1', '198.19.255.255', '[2001:2::1]'],
  NAT64: ['[64:ff9b::7f00:1]', '[64:ff9b::10.0.0.1]', '[64:ff9b:1::a00:1]'],
  '6to4': ['[2002:7f00:1::]', '[2002:a00:1::1]', '192.88.99.1'],
  Teredo: ['[2001::1]', '[2001:0:7f00:1::]'],
  translated: ['[::ffff:0:127.0.0.1]', '[::ffff:0:7f00:1]'],
  discard: ['[100::1]'],
  ORCHID: ['[2001:10::1]', '[2001:20::1]'],
  'AS112 and AMT': ['192.31.196.1', '192.175.48.1', '192.52.193.1', '[2620:4f:8000::1]'],
  'segment routing': ['[5f00::1]'],
  unassigned: ['[4000::1]', '[e000::1]', '[1::1]'],
};
const TABLE = Object.entries(REFUSED).flatMap(([range, hosts]) => hosts.map((host): [string, string] => [range, host]));

describe('addresses', () => {
  it('the table has at least 60 spellings of 16 ranges', () => {
    expect(TABLE.length).toBeGreaterThanOrEqual(60);
    expect(Object.keys(REFUSED).length).toBeGreaterThanOrEqual(16);
  });

  it.each(TABLE)('%s: %s is refused', (_, host) => {
    expect(checkWebhookUrl(`https://${host}/hook`, NOTHING)).toMatchObject({ kind: 'refused' });
  });

  it.each(TABLE.filter(([range]) => range === 'link-local'))('%s: %s is refused whatever is allowed', (_, host) => {
    const all = new Set(['http', 'loopback', 'private', 'ports'] as const);
    expect(checkWebhookUrl(`http://${host}/latest/meta-data`, all)).toMatchObject({ kind: 'refused' });
  });

  it.each([
    '8.8.8.8',
    '[2606:4700:4700::1111]',
    '[2a00:1450:4001:81b::200e]',
    '172.32.0.1',
    '100.128.0.1',
    '[::ffff:8.8.8.8]',
  ])('public: %s is taken', (host) =>
    expect(checkWebhookUrl(`https://${host}/hook`, NOTHING)).toMatchObject({ kind: 'address' }),
  );

  it('of a name each answer of the DNS is judged', () => {
    expect(checkWebhookUrl('https://hooks.example.org/in?a=1', NOTHING)).toMatchObject({
      kind: 'name',
      host: 'hooks.example.org',
    });
    expect(addressProblem('127.0.0.1', NOTHING)).toMatch(/loopback/);
    expect(addressProblem('::ffff:10.1.2.3', NOTHING)).toMatch(/private/);
    expect(addressProblem('fe80::1%eth0', NOTHING)).toMatch(/linkLocal/);
    expect(addressProblem('8.8.8.8', NOTHING)).toBeUndefined();
    expect(addressProblem('not an address', NOTHING)).toMatch(/no address/);
  });

  it('the operator may allow its own networks, each kind by itself', () => {
    expect(addressProblem('127.0.0.1', new Set(['loopback'] as const))).toBeUndefined();
    expect(addressProblem('127.0.0.1', new Set(['private'] as const))).toMatch(/loopback/);
    expect(addressProblem('10.0.0.1', new Set(['private'] as const))).toBeUndefined();
    expect(addressProblem('100.64.0.1', new Set(['private'] as const))).toBeUndefined();
    expect(addressProblem('10.0.0.1', new Set(['loopback'] as const))).toMatch(/private/);
  });
});

describe('URLs', () => {
  it.each([
    ['http://hooks.example.org/', 'https'],
    ['ftp://hooks.example.org/', 'https'],
    ['https://user:secret@hooks.example.org/', 'credentials'],
    ['https://user@hooks.example.org/', 'credentials'],
    ['https://hooks.example.org:8443/', '443'],
    ['https://hooks.example.org/#part', 'fragment'],
    ['hooks.example.org', 'no URL'],
    ['https://', 'no URL'],
    [`https://hooks.example.org/${'a'.repeat(2_048)}`, 'longer'],
  ])('%s is refused', (url, reason) => {
    expect(checkWebhookUrl(url, NOTHING)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining(reason) as string,
    });
  });

  it('http and other ports are for development', () => {
    expect(checkWebhookUrl('http://hooks.example.org/', new Set(['http'] as const)).kind).toBe('name');
    expect(checkWebhookUrl('https://hooks.example.org:8443/', new Set(['ports'] as const)).kind).toBe('name');
    expect(checkWebhookUrl('http://127.0.0.1:3000/', new Set(['http', 'loopback'] as const)).kind).toBe('address');
  });
});
