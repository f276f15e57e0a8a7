/** What was in force, where a log's order was made later: by times, a minute between clocks, and each chain in its own order. */
import { describe, expect, it } from 'vitest';
import type { IsoInstant, ChainHash, PersonId } from '../../../../core/brands/index.ts';
import { DatedAuthority, OrderedAuthority } from '../../../../core/changes/replay/authority.ts';
import { datedAuthority } from '../../../../core/changes/replay/dated-authority.ts';
import type { ReplayEntry } from '../../../../core/changes/replay/replay-entry.ts';
import { documentHash } from '../../../../core/changes/model/document.ts';
import { risk, roster } from '../fixture.ts';
import { checked } from '../../../support/checked.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const START = Date.parse('2026-11-21T08:00:00.000Z');
const POLICY = 'registry:policy';

const entry = (type: string, data: object, { seq = 0, at = 0, entity = 'account:1' } = {}): ReplayEntry =>
  ({
    hash: `${type}-${seq}`.padEnd(64, '0'),
    position: seq,
    body: {
      type,
      data,
      seq,
      entity,
      at: new Date(START + at).toISOString(),
      actor: { kind: 'service', id: 'nervous-system' },
    },
  }) as unknown as ReplayEntry;
const document = (version: string): object => ({ risk: { ...risk, version }, roster });
const written = (
  authority: DatedAuthority | OrderedAuthority,
  seq: number,
  at: number,
  doc: unknown = document(`${seq}`),
) => authority.policyWritten(entry('policy.adopted', {}, { seq, at, entity: POLICY }), doc as never);
const under = (seq: number) => ({ seq, hash: checked<ChainHash>(`policy.adopted-${seq}`.padEnd(64, '0')) });
const versions = (found: ReturnType<DatedAuthority['at']>): unknown =>
  typeof found === 'string' ? found : found.map(({ risk }) => risk.policy.version);
const grant = {
  from: checked<PersonId>('dan'),
  to: checked<PersonId>('clara'),
  until: checked<IsoInstant>('2026-12-01T00:00:00Z'),
  reason: 'x',
};

describe('policies by time', () => {
  const authority = new DatedAuthority();
  written(authority, 0, 0);
  written(authority, 1, 10 * MINUTE_MS);
  const asked = (of: ReplayEntry, named?: number, isLate = false) =>
    versions(authority.at(of, named === undefined ? undefined : under(named), isLate));
  let chains = 0;
  /** each on a chain of its own */
  const at = (time: number, named?: number, entity = `account:${(chains += 1)}`) =>
    asked(entry('x', {}, { at: time, entity }), named);
  const onPolicy = (seq: number, named?: number, isLate = false) =>
    asked(entry('x', {}, { at: DAY_MS, seq, entity: POLICY }), named, isLate);

  it('are those that may have been in force, with a minute between clocks', () => {
    expect(at(-MINUTE_MS - 1)).toEqual([]);
    expect(at(-MINUTE_MS)).toEqual(['0']);
    expect(at(9 * MINUTE_MS - 1)).toEqual(['0']);
    expect(at(9 * MINUTE_MS)).toEqual(['0', '1']);
    expect(at(11 * MINUTE_MS)).toEqual(['0', '1']);
    expect(at(11 * MINUTE_MS + 1)).toEqual(['1']);
  });

  it('must be the one that is named', () => {
    expect(at(9 * MINUTE_MS, 0)).toEqual(['0']);
    expect(at(9 * MINUTE_MS, 1)).toEqual(['1']);
    expect(at(12 * MINUTE_MS, 0)).toContain('was not in force then');
    expect(at(0, 7)).toContain('was not in force then');
  });

  it('V2: never go back on one chain, whatever the times', () => {
    expect(at(9 * MINUTE_MS, 0, 'loan:1')).toEqual(['0']);
    expect(at(9 * MINUTE_MS, 1, 'loan:1')).toEqual(['1']);
    expect(at(9 * MINUTE_MS, 1, 'loan:1')).toEqual(['1']);
    expect(at(9 * MINUTE_MS, 0, 'loan:1')).toContain('something before it on its chain rests on #1');
    expect(at(9 * MINUTE_MS, 0, 'loan:2')).toEqual(['0']);
  });

  it('are in the order of their own chain there', () => {
    expect(onPolicy(1)).toEqual(['0']);
    expect(onPolicy(2)).toEqual(['1']);
    expect(onPolicy(2, undefined, true)).toEqual(['0', '1']);
    expect(onPolicy(2, 0, true)).toContain('was not in force then');
  });

  it('are not named a day after they ended', () => {
    const late = new DatedAuthority();
    written(late, 0, 0);
    written(late, 1, 0);
    const named = (time: number) => versions(late.at(entry('x', {}, { at: time }), under(0), false));
    expect(named(0)).toEqual(['0']);
    late.at(entry('x', {}, { at: DAY_MS }), undefined, false);
    expect(named(0)).toEqual(['0']);
    late.at(entry('x', {}, { at: DAY_MS + 1 }), undefined, false);
    late.at(entry('x', {}, { at: 0 }), undefined, false); // an older one does not set the time back
    expect(named(0)).toContain('a day after that had ended');
  });

  it('that are none leave nobody entitled', () => {
    const none = new DatedAuthority();
    expect(written(none, 0, 0, null)).toContain('is no policy');
    expect(versions(none.at(entry('x', {}), undefined, false))).toContain('is no policy');
  });

  it('are not told twice', () => {
    authority.told();
    written(authority, 9, 0);
    expect(at(0)).toEqual(['0']);
    authority.granted(entry('delegation.granted', {}, { seq: 5 }), grant);
    expect(authority.delegation(entry('delegation.granted', {}, { seq: 5 }).hash, entry('x', {}))).toBeUndefined();
  });
});

describe('delegations by time', () => {
  const policy = [
    entry(
      'policy.adopted',
      { version: 1, hash: documentHash(document('7') as never), document: document('7') },
      { entity: POLICY },
    ),
  ];
  const granted = entry('delegation.granted', grant, { seq: 0, entity: 'system/delegations' });
  const revoked = entry(
    'delegation.revoked',
    { delegation: 'a'.repeat(64), from: 'dan' },
    { seq: 1, at: 5 * MINUTE_MS, entity: 'system/delegations' },
  );
  const named = { ...granted, hash: checked<ChainHash>('a'.repeat(64)) };
  const authority = datedAuthority({ policy, delegations: [named, revoked] });
  const stands = (at: number): unknown => authority.delegation('a'.repeat(64), entry('x', {}, { at }))?.isRevoked;

  it('stand from a minute before their entry until a minute after their revocation', () => {
    expect(stands(-MINUTE_MS - 1)).toBeUndefined();
    expect(stands(-MINUTE_MS)).toBe(false);
    expect(stands(6 * MINUTE_MS)).toBe(false);
    expect(stands(6 * MINUTE_MS + 1)).toBe(true);
    expect(authority.delegation('b'.repeat(64), entry('x', {}))).toBeUndefined();
  });

  it('come with the policy of their chains', () => {
    expect(versions(authority.at(entry('x', {}), undefined, false))).toEqual(['7']);
    expect(versions(datedAuthority({ policy: [], delegations: [] }).at(entry('x', {}), undefined, false))).toEqual([]);
  });
});

describe('policies in the order of commits', () => {
  it('are the last one, or for what was late the one before it too', () => {
    const authority = new OrderedAuthority();
    const at = (named?: number, isLate = false) =>
      versions(authority.at(entry('x', {}), named === undefined ? undefined : under(named), isLate));
    expect(at()).toEqual([]);
    expect(at(0)).toContain('in force was none');
    written(authority, 0, 0);
    expect([at(), at(0), at(undefined, true)]).toEqual([['0'], ['0'], ['0']]);
    written(authority, 1, 1);
    expect([at(), at(1), at(1, true), at(undefined, true)]).toEqual([['1'], ['1'], ['1'], ['1', '0']]);
    expect(at(0)).toContain('in force was #1');
  });

  it('know which delegations stand', () => {
    const authority = new OrderedAuthority();
    const granted = entry('delegation.granted', grant);
    authority.granted(granted, grant);
    expect(authority.delegation(granted.hash)).toMatchObject({ from: 'dan', isRevoked: false });
    authority.revoked(entry('delegation.revoked', {}), 'unknown');
    authority.revoked(entry('delegation.revoked', {}), granted.hash);
    expect(authority.delegation(granted.hash)).toMatchObject({ isRevoked: true });
    expect(authority.delegation('unknown')).toBeUndefined();
  });
});
