/** Which freeze windows are open for an entity at a moment. */
import { expect, it } from 'vitest';
import type { EpochMs } from '../../../../core/brands/index.ts';
import { activeFreezes } from '../../../../core/changes/risk/freezes.ts';
import { checked } from '../../../support/checked.ts';

const from = '2026-12-24T00:00:00Z';
const until = '2026-12-27T00:00:00Z';
const open = (entityId: string, now: string, freezes: object[]): string[] =>
  activeFreezes(freezes as Parameters<typeof activeFreezes>[0], entityId, checked<EpochMs>(Date.parse(now)));

it('is open from its beginning until just before its end', () => {
  const all = [{ name: 'holidays', from, until }];
  expect(open('a:1', '2026-12-23T23:59:59.999Z', all)).toEqual([]);
  expect(open('a:1', from, all)).toEqual(['holidays']);
  expect(open('a:1', '2026-12-26T23:59:59.999Z', all)).toEqual(['holidays']);
  expect(open('a:1', until, all)).toEqual([]);
});

it('is for all entities, or for any that it names', () => {
  const named = { name: 'named', from, until, entities: ['a:*', 'b:1'] };
  const all = { name: 'all', from, until };
  expect(open('a:7', from, [named, all])).toEqual(['all', 'named']);
  expect(open('b:1', from, [named])).toEqual(['named']);
  expect(open('b:2', from, [named, all])).toEqual(['all']);
});
