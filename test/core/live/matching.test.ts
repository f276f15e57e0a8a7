/** Which session is asked, and which counts as gone. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EpochMs } from '../../../core/brands/index.ts';
import { goneAt, isAlive, matchSessions, type Candidate } from '../../../core/live/index.ts';
import { checked } from '../../support/checked.ts';

const HEARTBEAT = 30_000;
const ms = (time: number): EpochMs => checked(time);
const NOW = ms(1_000_000);

function session(id: string, more: Partial<Candidate> = {}): Candidate {
  const heard = { lastSeen: NOW, heartbeatMs: HEARTBEAT, lastActive: ms(0) };
  return { id, capabilities: ['python'], isIdle: true, claims: 0, ...heard, ...more };
}

const chosen = (sessions: readonly Candidate[], needed: string[] = ['python'], except?: Set<string>): string[] =>
  matchSessions(sessions, { capabilities: needed, ...(except && { except }) }, NOW).map(({ id }) => id);

describe('presence', () => {
  it('ends two and a half heartbeats after the session was last heard', () => {
    const heard = { lastSeen: ms(100), heartbeatMs: 1_000 };
    expect(goneAt(heard)).toBe(2_600);
    expect(isAlive(heard, ms(2_599))).toBe(true);
    expect(isAlive(heard, ms(2_600))).toBe(false);
  });

  it('survives a clock of the server that was set back', () => {
    expect(isAlive({ lastSeen: ms(5_000), heartbeatMs: 1_000 }, ms(0))).toBe(true);
  });
});

describe('matching', () => {
  it('wants every capability that is needed, and lets a session offer more', () => {
    const sessions = [
      session('a'),
      session('b', { capabilities: ['go', 'aws', 'python'] }),
      session('c', { capabilities: [] }),
    ];
    expect(chosen(sessions, ['python', 'aws'])).toEqual(['b']);
    expect(chosen(sessions, ['Python'])).toEqual([]);
    expect(chosen(sessions, [])).toEqual(['a', 'b', 'c']);
  });

  it.each([
    ['an idle one before a busy one with fewer claims', session('b', { claims: 2 }), session('a', { isIdle: false })],
    ['the fewest claims', session('b', { claims: 1, lastActive: ms(9) }), session('a', { claims: 2 })],
    ['the longest idle', session('b', { lastActive: ms(1) }), session('a', { lastActive: ms(2) })],
    ['the id by its characters, not by a language', session('B'), session('a')],
  ])('chooses %s', (_, first, second) => {
    expect(chosen([second, first])).toEqual([first.id, second.id]);
    expect(chosen([first, second])).toEqual([first.id, second.id]);
  });

  it('passes over those that are gone, who asks, and who did not answer', () => {
    const gone = session('gone', { lastSeen: ms(NOW - 2.5 * HEARTBEAT) });
    const sessions = [gone, session('asker'), session('silent'), session('next')];
    expect(chosen(sessions, ['python'], new Set(['asker', 'silent']))).toEqual(['next']);
  });

  it('chooses alike in whatever order it sees the sessions, and changes nothing of theirs', () => {
    const some = fc.uniqueArray(
      fc.record({
        id: fc.string({ minLength: 1, maxLength: 3 }),
        isIdle: fc.boolean(),
        claims: fc.integer({ min: 0, max: 2 }),
        at: fc.integer({ min: 0, max: 2 }),
      }),
      { selector: ({ id }) => id, maxLength: 12 },
    );
    const orders = some.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(orders, ([one, other]) => {
        const made = (list: typeof one) =>
          list.map(({ id, at, ...more }) => session(id, { ...more, lastActive: ms(at) }));
        const sessions = Object.freeze(made(one));
        expect(chosen(sessions)).toEqual(chosen(made(other)));
        expect(chosen(sessions)).toHaveLength(one.length);
      }),
      { seed: 16 },
    );
  });
});
