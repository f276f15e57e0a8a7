/** What an event may say of itself, and what of it is delivered: everything that was said, and no field for what was not. */
import { describe, expect, it } from 'vitest';
import type { ChainHash, FieldHash, IsoInstant } from '../../../../core/brands/index.ts';
import { deliveredEvent } from '../../../../core/events/envelope/delivered-event.ts';
import { eventInputSchema } from '../../../../core/events/envelope/envelope.ts';
import { checked } from '../../../support/checked.ts';

const data = { topic: 'money.moved', version: 1, source: 'feed', payload: {} };
const body = { idem: 'e1', at: checked<IsoInstant>('2026-11-21T09:00:00.000Z') };
const place = { entity: 'account:1', seq: 0, hash: checked<ChainHash>('h') };
const plain = {
  ...{ ...data, eventId: 'e1', timestamp: body.at, entityId: 'account:1', ledger: place },
};

describe('a delivered event', () => {
  it('has no field for what nobody said', () => {
    expect(deliveredEvent({ ...body, data }, place)).toEqual(plain);
    expect(Object.keys(deliveredEvent({ ...body, data }, place)).sort()).toEqual(Object.keys(plain).sort());
  });

  it.each([
    [{ userId: 'ann' }, {}],
    [{ metadata: { hops: 1 } }, {}],
    [{ timestamp: checked<IsoInstant>('2026-11-20T00:00:00Z') }, {}],
    [{}, { commits: [{ path: '/a', hash: checked<FieldHash>('h') }] }],
  ])('has what was said: %j %j', (said, kept) => {
    const event = deliveredEvent({ ...body, ...kept, data: { ...data, ...said } }, place);
    expect(event).toEqual({ ...plain, ...said, ...kept });
  });
});

describe('what is published', () => {
  const takes = (more: object): boolean =>
    eventInputSchema.safeParse({ eventId: 'e1', topic: 'money.moved', payload: {}, ...more }).success;
  const keys = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]));

  it.each([
    { metadata: keys(32) },
    { timestamp: '2026-11-21T09:00:00Z' },
    { timestamp: '2026-11-21T09:00:00+02:00' },
    { metadata: { hops: 0 } },
  ])('may say %j', (more) => {
    expect(takes(more)).toBe(true);
  });

  it.each([
    { metadata: keys(33) },
    { timestamp: '2026-11-21' },
    { metadata: { hops: -1 } },
    { payload: null },
    { payload: [] },
    { payload: 'x' },
  ])('may not say %j', (more) => {
    expect(takes(more)).toBe(false);
  });
});
