/** What stands in for modules of Node in browsers does what they do. */
import * as node from 'node:crypto';
import { setTimeout as nodeSleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHmac, hash, sign } from '../../packages/nervous-system/browser/crypto.ts';
import { setTimeout as sleep } from '../../packages/nervous-system/browser/timers.ts';

const bytes = fc.uint8Array({ maxLength: 200 });

describe('hash and HMAC', () => {
  it("are Node's, of bytes and of text", () => {
    fc.assert(
      fc.property(bytes, (data) => {
        expect(hash('sha256', data, 'hex')).toBe(node.hash('sha256', data, 'hex'));
        expect(Buffer.from(hash('sha256', data, 'buffer'))).toEqual(node.hash('sha256', data, 'buffer'));
      }),
    );
    fc.assert(
      fc.property(bytes, fc.string({ unit: 'grapheme', maxLength: 200 }), (key, data) => {
        expect(hash('sha256', data, 'hex')).toBe(node.hash('sha256', data, 'hex'));
        const expected = (): ReturnType<typeof node.createHmac> => node.createHmac('sha256', key).update(data);
        expect(createHmac('sha256', key).update(data).digest('hex')).toBe(expected().digest('hex'));
        expect(Buffer.from(createHmac('sha256', key).update(data).digest())).toEqual(expected().digest());
      }),
    );
  });

  it.each([0, 1, 54, 55, 56, 63, 64, 65, 119, 120, 1_000_000])('are of %d bytes', (length) => {
    const data = new Uint8Array(length).fill(0x61);
    expect(hash('sha256', data, 'hex')).toBe(node.hash('sha256', data, 'hex'));
  });

  it('say so when something else is asked of them', () => {
    expect(() => hash('md5', '', 'hex')).toThrow('"md5" is not there in browsers');
    expect(() => sign()).toThrow('run it on Node');
  });
});

describe.each([
  ['of Node', nodeSleep],
  ['for browsers', sleep],
])('the wait %s', (_, wait) => {
  it('ends with its value, and before its time when it is aborted', async () => {
    expect(await wait(1, 'value')).toBe('value');
    const stop = new AbortController();
    const waiting = wait(3_600_000, undefined, { signal: stop.signal });
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    await expect(wait(3_600_000, undefined, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
