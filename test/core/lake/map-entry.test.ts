/** Entries as OCSF events: every type has its class and is valid, whatever its data says; and an event proves its own integrity. */
import * as fc from 'fast-check';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openParquetTables } from '../../../adapters/machine/parquet-table.ts';
import type { JsonObject } from '../../../core/canonical/index.ts';
import { canonicalize } from '../../../core/canonical/index.ts';
import { documentHash, STEP_TYPES } from '../../../core/changes/index.ts';
import {
  attest,
  CLASS_NAMES,
  ENTRY_TYPES,
  expectedFingerprint,
  mapEntry,
  type ClassName,
  type EntryType,
  type LakeEntry,
} from '../../../core/lake/index.ts';
import type { Actor, EntryBody } from '../../../core/ledger/index.ts';
import { ocsfProblems } from './ocsf-1.8.0.ts';

const ORIGIN = 'nervous-system/main';
const ACTOR: Actor = { kind: 'person', id: 'eva', via: 'console' };

function entryOf(type: string, data: JsonObject = {}, more: Partial<EntryBody> = {}): LakeEntry {
  const body = {
    v: 1,
    ledger: 'main',
    entity: 'account:1',
    seq: 4,
    prev: '0'.repeat(64),
    type,
    at: '2026-11-22T10:00:00.000Z',
    actor: ACTOR,
    idem: 'e-1',
    data,
    ...more,
  };
  return { body: body as EntryBody, note: `note of ${type}\n`, hash: 'a'.repeat(64), position: 7 };
}

/** Said here once more, by hand: a class that changes unseen would move what auditors look for. */
const EXPECTED: Readonly<Record<ClassName, readonly EntryType[]>> = {
  account_change: ['key.certified', 'key.revoked', 'key.rotated'],
  user_access: ['delegation.granted', 'delegation.revoked'],
  detection_finding: ['change.overridden', 'log.incarnated', 'tamper.observed'],
  entity_management: ['change.applied', 'change.undone', 'policy.adopted', 'redacted', 'revealed'],
  api_activity: [
    'event',
    'access.recorded',
    ...STEP_TYPES.filter((type) => !['change.overridden', 'change.applied', 'change.undone'].includes(type)),
  ],
};

describe('an entry as an OCSF event', () => {
  it('has the class that its type has', () => {
    for (const className of CLASS_NAMES)
      expect(ENTRY_TYPES.filter((type) => mapEntry(entryOf(type), ORIGIN).className === className).sort()).toEqual(
        [...EXPECTED[className]].sort(),
      );
  });

  it('is valid for every type, whatever its data says', () => {
    const names = fc.constantFrom(
      'change',
      'topic',
      'to',
      'roles',
      'reason',
      'version',
      'hash',
      'metadata',
      'revision',
      'level',
      'personId',
    );
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom('', 'x', 1, [], ['a'], [1]));
    const kinds = fc.constantFrom<Actor['kind']>('person', 'agent', 'module', 'service');
    fc.assert(
      fc.property(
        fc.constantFrom(...ENTRY_TYPES, 'nobody.knows', '__proto__'),
        fc.dictionary(names, value),
        kinds,
        (type, data, kind) => {
          const { className, event } = mapEntry(
            entryOf(type, data as JsonObject, { actor: { kind, id: 'x' } }),
            ORIGIN,
          );
          expect(ocsfProblems(className, event)).toEqual([]);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('the check of the tests sees what is wrong', () => {
    const { className, event } = mapEntry(entryOf('event'), ORIGIN);
    const { src_endpoint: _, ...without } = event;
    expect(ocsfProblems(className, without)).toEqual(['src_endpoint is required']);
    expect(ocsfProblems(className, { ...event, type_uid: 1 })).toEqual(['type_uid']);
    expect(ocsfProblems(className, { ...event, actor: {} })).toEqual(['actor. has none of user,invoked_by,app_name']);
    expect(ocsfProblems(className, { ...event, time: 'now' })).toEqual(['time is no whole number']);
    expect(ocsfProblems(className, { ...event, mood: 'good' })).toEqual(['mood is no attribute']);
  });

  it('says of a document whether it came to be, was changed, or is gone', () => {
    const activity = (data: JsonObject): unknown =>
      mapEntry(entryOf('change.applied', data), ORIGIN).event['activity_id'];
    expect(activity({ version: 1, hash: 'b' })).toBe(1);
    expect(activity({ version: 2, hash: 'b' })).toBe(3);
    expect(activity({ version: 3, hash: documentHash(null) })).toBe(4);
  });

  it('is a finding where an agent overstepped', () => {
    const violated = entryOf('event', { topic: 'agent.policy_violated' });
    expect(mapEntry(violated, ORIGIN)).toMatchObject({
      className: 'detection_finding',
      event: { type_uid: 200_401, severity_id: 3 },
    });
  });

  it('names who did it, on what, where it stands, and for which change-set', () => {
    const data = { change: '01J', revision: 2, decision: 'approve', personId: 'eva', reason: 'checked' };
    const { event } = mapEntry(entryOf('change.voted', data), ORIGIN);
    expect(event).toMatchObject({
      time: Date.parse('2026-11-22T10:00:00.000Z'),
      metadata: {
        uid: `${ORIGIN}#7`,
        sequence: 4,
        event_code: 'change.voted',
        tenant_uid: 'main',
        correlation_uid: '01J',
      },
      actor: { user: { uid: 'eva', type: 'person', type_id: 1 }, invoked_by: 'console' },
      api: { operation: 'change.voted', request: { uid: 'e-1' } },
      resources: [{ uid: 'account:1', type: 'account' }],
      raw_data: 'note of change.voted\n',
      unmapped: {
        position: 7,
        hash: 'a'.repeat(64),
        type: 'change.voted',
        entity: 'account:1',
        change: { uid: '01J', revision: 2, decision: 'approve', person: 'eva', reason: 'checked' },
      },
    });
  });
});

describe('its attestation', () => {
  const { event } = mapEntry(entryOf('event'), ORIGIN);
  const link = { authority: ORIGIN, chain: 'c' };
  const first = attest(event, { ...link, before: undefined });
  const second = attest(event, { ...link, before: first });

  it('is SHA-256 over the JCS of the event with the attestation, but for the fingerprint itself', () => {
    const unmapped = {
      ...(event['unmapped'] as JsonObject),
      ns_attestation: { authority_uid: ORIGIN, chain_uid: 'c' },
    };
    const expected = createHash('sha256')
      .update(canonicalize({ ...event, unmapped }))
      .digest('hex');
    expect(first.fingerprint).toBe(expected);
    expect(expectedFingerprint(first.event)).toBe(expected);
  });

  it('names the event before, so that none can be left out', () => {
    expect(second.event).toMatchObject({
      unmapped: {
        ns_attestation: {
          prev_event: { uid: `${ORIGIN}#7`, type_uid: 600_301, fingerprint: { value: first.fingerprint } },
        },
      },
    });
    expect(expectedFingerprint(second.event)).toBe(second.fingerprint);
    expect(second.fingerprint).not.toBe(first.fingerprint);
  });

  it('is other for another event', () => {
    expect(expectedFingerprint({ ...first.event, severity_id: 2 })).not.toBe(first.fingerprint);
    expect(expectedFingerprint(event)).toBeUndefined();
  });
});

describe('as Parquet', () => {
  it('every event comes back as it was, and twice in the same bytes', async () => {
    const tables = await openParquetTables();
    const all = {
      change: 'c',
      revision: 1,
      title: 't',
      level: 'L2',
      decision: 'approve',
      personId: 'p',
      reason: 'r ✓',
      topic: 'a.b',
      to: 'x',
      roles: ['a', 'b'],
      version: 1,
      metadata: { correlationId: 'k' },
    };
    for (const className of CLASS_NAMES) {
      const entries = ENTRY_TYPES.flatMap((type) => [
        entryOf(type, all),
        entryOf(type),
        entryOf(type, all, { actor: { kind: 'agent', id: 'bot', logic: 'm1' } }),
      ]);
      const mapped = entries.map((entry) => mapEntry(entry, ORIGIN)).filter((one) => one.className === className);
      const events = mapped.map(
        (one, i) =>
          attest(one.event, {
            authority: ORIGIN,
            chain: 'c',
            before: i === 0 ? undefined : { event: one.event, fingerprint: 'f' },
          }).event,
      );
      const bytes = await tables.write(className, events);
      expect(await tables.read(className, bytes)).toEqual(events);
      expect(await tables.write(className, events)).toEqual(bytes);
    }
  });

  it('a value that has no column is a fault, not a loss; and bytes that are no table are none', async () => {
    const tables = await openParquetTables();
    const { event } = mapEntry(entryOf('event'), ORIGIN);
    const unmapped = { ...(event['unmapped'] as JsonObject), mood: 'good' };
    await expect(tables.write('api_activity', [{ ...event, unmapped }])).rejects.toThrow(/a column for a field/);
    await expect(tables.write('api_activity', [{ ...event, mood: 'good' }])).rejects.toThrow(/a column for a field/);
    expect(await tables.read('api_activity', Buffer.from('PAR1'))).toBeUndefined();
    expect(await tables.read('user_access', await tables.write('api_activity', [event]))).toBeUndefined();
  });
});
