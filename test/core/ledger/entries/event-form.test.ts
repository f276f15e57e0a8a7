/** The form of events in entries, at its bounds. */
import { describe, expect, it } from 'vitest';
import { eventProblem } from '../../../../core/ledger/entries/event-form.ts';

const data = { payload: {}, source: 's', topic: 'a.b', version: 1 };
const problem = (more: object, idem = 'e-1'): string | undefined => eventProblem({ idem, data: { ...data, ...more } });
const keys = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]));
const trace = (id: string, parent: string): string => `00-${id}-${parent}-01`;
const [id, parent] = ['1'.repeat(32), '2'.repeat(16)] as const;

describe('an event', () => {
  it.each([
    [{}],
    [{ topic: `a.${'b'.repeat(126)}`, version: 1_000_000, source: 's'.repeat(128), userId: 'u'.repeat(128) }],
    [{ timestamp: '2026-01-05T08:00:00.000Z', metadata: keys(32) }],
    [{ metadata: { hops: 0, targets: [], correlationId: 'c'.repeat(128), causationId: 'c' } }],
    [{ metadata: { hops: Number.MAX_SAFE_INTEGER, targets: Array(100).fill('t'), traceparent: trace(id, parent) } }],
  ])('may be %j', (more) => {
    expect(problem(more)).toBeUndefined();
  });

  it.each([
    ['payload', [[], null, 'x', undefined]],
    ['source', ['', 's'.repeat(129), 7, undefined]],
    ['topic', ['a', 'A.b', 'a..b', `a.${'b'.repeat(127)}`, 7, undefined]],
    ['version', [0, 1.5, 1_000_001, '1', undefined]],
  ])('has a %s of its form', (name, values) => {
    for (const value of values) expect(problem({ [name]: value })).toBe(`${name} of the event is missing or malformed`);
  });

  it.each([
    ['metadata', [keys(33), [], null, { hops: -1 }, { hops: 1.5 }, { hops: 2 ** 53 }, { targets: 'x' }]],
    [
      'metadata',
      [{ targets: Array(101).fill('t') }, { targets: ['t', ''] }, { correlationId: '' }, { causationId: 7 }],
    ],
    [
      'metadata',
      [{ traceparent: trace('0'.repeat(32), parent) }, { traceparent: trace(id, '0'.repeat(16)) }, { traceparent: 7 }],
    ],
    ['timestamp', ['2026-01-05', '2026-02-30T00:00:00.000Z', 7]],
    ['userId', ['', 'u'.repeat(129), 7]],
  ])('may have %s, but of its form', (name, values) => {
    for (const value of values) expect(problem({ [name]: value })).toBe(`${name} of the event is malformed`);
  });

  it('has no other field, and an id of the form of names', () => {
    expect(problem({ more: 1 })).toBe('an event has no field "more"');
    expect(problem({}, '')).toBe('the event id is malformed');
    expect(problem({}, ' e')).toBe('the event id is malformed');
  });
});
