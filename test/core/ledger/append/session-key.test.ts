/** How long a session key is used and believed, and what its certificate must say. */
import { expect, it } from 'vitest';
import type { EpochMs } from '../../../../core/brands/index.ts';
import { CountingIds } from '../../../../adapters/memory/index.ts';
import type { EntryBody } from '../../../../core/ledger/index.ts';
import {
  certificateDraft,
  certifiedKeyOf,
  createSessionKey,
  isFresh,
  isValidAt,
} from '../../../../core/ledger/append/session-key.ts';
import { checked } from '../../../support/checked.ts';

const NOW = Date.parse('2026-11-21T12:00:00.000Z');
const MINUTE_MS = 60_000;
const key = createSessionKey(new CountingIds().keyPair(), checked<EpochMs>(NOW));

it('is valid an hour, from five minutes before it was made, and used until five minutes before its end', () => {
  expect([key.notBefore, key.notAfter]).toEqual([NOW - 5 * MINUTE_MS, NOW + 55 * MINUTE_MS]);
  const at = (minutes: number, ms = 0): [boolean, boolean] => {
    const time = NOW + minutes * MINUTE_MS + ms;
    return [isValidAt(key, checked<EpochMs>(time)), isFresh(key, checked<EpochMs>(time))];
  };
  expect(at(-5, -1)).toEqual([false, false]);
  expect(at(-5)).toEqual([true, true]);
  expect(at(50, -1)).toEqual([true, true]);
  expect(at(50)).toEqual([true, false]);
  expect(at(55)).toEqual([true, false]);
  expect(at(55, 1)).toEqual([false, false]);
});

it('is certified by an entry of its own chain that says just this', () => {
  const { data, ...draft } = certificateDraft(key);
  expect(draft).toMatchObject({ type: 'key.certified', idem: key.name, rootSigned: true });
  const read = (more: object = {}, body: object = {}): unknown =>
    certifiedKeyOf({
      type: 'key.certified',
      entity: key.name,
      data: { ...data, ...more },
      ...body,
    } as unknown as EntryBody);
  expect(read()).toMatchObject({ name: key.name, notBefore: Date.parse('2026-11-21T11:55:00.000Z') });
  const second = (ms: number): object => ({ notAfter: new Date(key.notBefore + ms).toISOString() });
  expect(read(second(1))).toBeDefined();
  for (const more of [second(0), second(-1), second(60 * MINUTE_MS + 1), { notBefore: 'x' }, { notAfter: 7 }])
    expect(read(more)).toBeUndefined();
  const other = Buffer.alloc(32, 9).toString('base64');
  for (const more of [{ algorithm: 'Ed448' }, { key: 7 }, { key: other }, { key: 'AAAA' }, { more: 1 }])
    expect(read(more)).toBeUndefined();
  expect(read({}, { type: 'event' })).toBeUndefined();
  expect(read({}, { entity: 'keys/0000000000000000' })).toBeUndefined();
});
