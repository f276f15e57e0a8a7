/** Addresses and blocks at their edges: the last that is one, and the first that is none. */
import { describe, expect, it } from 'vitest';
import { addressOf, isInRange, parseCidr } from '../../../../core/events/pattern/ip-range.ts';

describe('an address', () => {
  it.each([
    ['0.0.0.0', '00000000'],
    ['255.255.255.255', 'ffffffff'],
    ['10.0.0.255', '0a0000ff'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
    ['::', '0'.repeat(32)],
    ['::1', `${'0'.repeat(31)}1`],
    ['FE80::a:0001', `fe80${'0'.repeat(20)}000a0001`],
    ['2001:0db8:85a3:0000:0000:8a2e:0370:7334', '20010db885a3000000008a2e03707334'],
    ['::ffff:0a00:0001', '0a000001'],
  ])('%s is read', (text, hex) => {
    expect(addressOf(text)).toBe(hex);
  });

  it.each([
    ...['256.0.0.1', '1.2.3', '1.2.3.4.5', '1.2.3.a', '', 'localhost', '1000.1.1.1'],
    ...['1:2:3', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8::', '1::2::3', '1:2:3:4::5:6:7:8', 'g::1', '1:12345::', ':1::'],
    '02001:0db8:85a3:0000:0000:8a2e:0370:7334',
  ])('"%s" is none', (text) => {
    expect(addressOf(text)).toBeUndefined();
  });
});

describe('a block', () => {
  const refusal = (text: string): string => {
    const parsed = parseCidr(text);
    return parsed.kind === 'refused' ? parsed.reason : 'none';
  };
  it.each([
    ['10.0.0.9/24', '0a000000', '0a0000ff'],
    ['10.0.0.9/31', '0a000008', '0a000009'],
    ['10.0.0.9/0', '00000000', 'ffffffff'],
    ['::1/127', '0'.repeat(32), `${'0'.repeat(31)}1`],
  ])('%s has both its ends', (text, low, high) => {
    expect(parseCidr(text)).toEqual({ kind: 'range', range: { low, high } });
  });

  it.each([
    ['10.0.0.0', /address\/bits/],
    ['10.0.0.0/8/9', /address\/bits/],
    ['10.0.0/8', /neither IPv4 nor IPv6/],
    ['10.0.0.0/32', /0 to 31 bits/],
    ['10.0.0.0/', /0 to 31 bits/],
    ['10.0.0.0/-1', /0 to 31 bits/],
    ['10.0.0.0/1e1', /0 to 31 bits/],
    ['::/128', /0 to 127 bits/],
  ])('%s is refused with the reason', (text, reason) => {
    expect(refusal(text)).toMatch(reason);
  });

  it('holds its ends and nothing beyond them, and no address of the other kind', () => {
    const range = { low: '0a000004', high: '0a000007' };
    const inside = ['10.0.0.3', '10.0.0.4', '10.0.0.7', '10.0.0.8', '::ffff:a00:5', '::a00:5', 'x'];
    expect(inside.map((text) => isInRange(range, text))).toEqual([false, true, true, false, true, false, false]);
  });
});
