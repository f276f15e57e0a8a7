/** What a reader requires of an entry beyond its bytes: each rule at its edge. */
import { describe, expect, it } from 'vitest';
import type { EpochMs, EntityId } from '../../../../core/brands/index.ts';
import { CountingIds } from '../../../../adapters/memory/index.ts';
import type { EntryBody } from '../../../../core/ledger/index.ts';
import { entryProblem } from '../../../../core/ledger/verify/entry-rules.ts';
import { certificateDraft, createSessionKey } from '../../../../core/ledger/append/session-key.ts';
import { checked } from '../../../support/checked.ts';

const STEPS = new Set(['change.voted']);
const KEY = createSessionKey(new CountingIds().keyPair(), checked<EpochMs>(0));
const RAW = (byte: number): string => Buffer.alloc(32, byte).toString('base64');
const KNOWN = { origin: 'o', size: 0, root: RAW(0) };

/** A body of each type as a writer makes it. */
const SOUND: Readonly<Record<string, Partial<EntryBody>>> = {
  event: { entity: checked<EntityId>('a:1'), data: { payload: {}, source: 'm', topic: 'a.b', version: 1 } },
  'key.certified': { entity: checked<EntityId>(KEY.name), idem: KEY.name, seq: 0, data: certificateDraft(KEY).data },
  'key.revoked': { entity: checked<EntityId>(KEY.name), data: { key: KEY.name, reason: 'r'.repeat(1_000) } },
  'key.rotated': {
    entity: checked<EntityId>('keys/root'),
    data: { algorithm: 'Ed25519', from: RAW(1), to: RAW(2), reason: 'r' },
  },
  'log.incarnated': {
    entity: checked<EntityId>('system/log'),
    data: { incarnation: 0, kept: 0, lost: 0, before: KNOWN },
  },
  'tamper.observed': { entity: checked<EntityId>('system/tamper'), data: { change: 'modified', entity: 'a', seq: 0 } },
  'policy.adopted': { entity: checked<EntityId>('registry:policy'), data: {} },
  'delegation.granted': { entity: checked<EntityId>('system/delegations'), data: {} },
  'delegation.revoked': { entity: checked<EntityId>('system/delegations'), data: {} },
  revealed: { entity: checked<EntityId>('a:1'), data: { seq: 4, fields: ['/a'] } },
  redacted: {
    entity: checked<EntityId>('a:1'),
    data: { seq: 4, fields: ['/a'], approvers: [], basis: 'b', change: 'c', revision: 0 },
  },
  'change.voted': { entity: checked<EntityId>('a:1'), data: {} },
};

function problem(type: string, more: object = {}, data: object = {}): string | undefined {
  const sound = SOUND[type] ?? {};
  const actor = { kind: 'module', id: 'm' };
  const base = { ledger: 'main', idem: 'e', seq: 5, actor, type, ...sound };
  return entryProblem({ ...base, ...more, data: { ...sound.data, ...data } } as unknown as EntryBody, STEPS);
}

it.each(Object.keys(SOUND))('takes %s as a writer makes it', (type) => {
  expect(problem(type)).toBeUndefined();
});

it('knows the names that a writer accepts', () => {
  expect(problem('event', { ledger: 'Main' })).toContain('no name');
  expect(problem('event', { entity: ' a' })).toContain('no name');
  expect(problem('event', { idem: '' })).toBe('idem is empty');
  for (const type of ['', 'other', 'constructor', 'change.other'])
    expect(problem(type)).toContain('is no type of entry');
});

it.each([
  ['key.certified', { seq: 1 }],
  ['key.certified', { entity: 'keys/root' }],
  ['key.revoked', { seq: 0 }],
  ['key.revoked', { entity: 'a:1' }],
  ['key.rotated', { entity: KEY.name }],
  ['log.incarnated', { entity: 'system/tamper' }],
  ['tamper.observed', { entity: 'system/log' }],
  ['policy.adopted', { entity: 'a:1' }],
  ['delegation.granted', { entity: 'a:1' }],
  ['delegation.revoked', { entity: 'a:1' }],
  ['revealed', { entity: 'system/log' }],
  ['redacted', { entity: 'module/m' }],
  ['change.voted', { entity: 'module/m' }],
  ['change.voted', { entity: 'system/x' }],
  ['event', { entity: 'system/x' }],
  ['event', { entity: 'module/other' }],
  ['event', { entity: 'registry:policy' }],
])('%s does not stand with %j', (type, place) => {
  expect(problem(type, place)).toMatch(/does not belong|begins the chain/);
});

it('lets the system tell on chains that are closed to others', () => {
  const guard = { source: 'guard' };
  const approvals = { source: 'system/approvals' };
  expect(problem('event', { entity: 'module/m' })).toBeUndefined();
  expect(problem('revealed', { entity: 'module/m' })).toBeUndefined();
  for (const entity of ['module/any', 'registry:policy', 'a:1'])
    for (const source of [guard, approvals]) expect(problem('event', { entity }, source)).toBeUndefined();
  expect(problem('event', { entity: 'system/guards' }, guard)).toBeUndefined();
  expect(problem('event', { entity: 'system/guards' }, approvals)).toContain('does not belong');
  expect(problem('event', { entity: 'system/guards' })).toContain('does not belong');
  expect(problem('event', { entity: 'system/other' }, guard)).toContain('does not belong');
  expect(problem('event', {}, { source: 'other' })).toBe('published as "other" by another');
});

describe('the fields', () => {
  it.each<[type: string, field: string, right: unknown[], wrong: unknown[]]>([
    ['key.revoked', 'key', [], ['keys/root', undefined]],
    ['key.revoked', 'reason', ['x'], ['', ' ', 'r'.repeat(1_001), 7, undefined]],
    ['key.rotated', 'algorithm', [], ['Ed448', undefined]],
    ['key.rotated', 'from', [], ['', 7, undefined]],
    ['key.rotated', 'reason', [], ['', undefined]],
    ['log.incarnated', 'incarnation', [1], [-1, 1.5, '1', undefined]],
    ['log.incarnated', 'kept', [], [-1, undefined]],
    ['log.incarnated', 'lost', [], [-1, undefined]],
    ['tamper.observed', 'seq', [1], [-1, undefined]],
    ['tamper.observed', 'change', ['removed'], ['', 7, undefined]],
    ['tamper.observed', 'position', [0, undefined], [-1, 'x']],
    ['tamper.observed', 'detail', ['x', undefined], ['', 7]],
    ['tamper.observed', 'verdict', ['x'], ['']],
    ['revealed', 'seq', [0], [5, 6, -1, '1', undefined]],
    ['revealed', 'fields', [['/a', '/b']], [[], ['a'], ['/a', 'b'], [''], [7], '/a', undefined]],
    ['redacted', 'seq', [0], [5, -1, undefined]],
    ['redacted', 'fields', [], [[], ['a'], undefined]],
    ['redacted', 'approvers', [['ana']], [['ana', ''], [7], 'ana', undefined]],
    ['redacted', 'basis', [], ['', 7, undefined]],
    ['redacted', 'change', [], ['', undefined]],
    ['redacted', 'revision', [3], [-1, undefined]],
  ])('of %s: %s', (type, field, right, wrong) => {
    for (const value of right) expect(problem(type, {}, { [field]: value })).toBeUndefined();
    for (const value of wrong) expect(problem(type, {}, { [field]: value })).toContain(`${field} of ${type} is`);
  });

  it.each(['key.revoked', 'key.rotated', 'log.incarnated', 'tamper.observed', 'revealed', 'redacted'])(
    'of %s are no more than these',
    (type) => {
      expect(problem(type, {}, { more: 1 })).toBe(`${type} has no field "more"`);
      expect(problem(type, {}, { constructor: 1 })).toBe(`${type} has no field "constructor"`);
    },
  );

  it('of a rotation are keys, and of a certificate its own', () => {
    expect(problem('key.rotated', {}, { to: 'x' })).toContain('malformed');
    expect(problem('key.certified', { idem: 'x' })).toBe('the certificate is malformed');
    expect(problem('key.certified', {}, { algorithm: 'x' })).toBe('the certificate is malformed');
  });

  it('V10: of a certificate have one spelling: base64 that is not canonical is malformed', () => {
    const { key } = certificateDraft(KEY).data as { readonly key: string };
    const same = [key.replace(/=$/, ''), `${key}\n`, key.replace('=', '==='), ` ${key}`];
    for (const spelling of same) {
      expect(Buffer.from(spelling, 'base64').toString('base64')).toBe(key); // it means the same bytes
      expect(problem('key.certified', {}, { key: spelling })).toBe('the certificate is malformed');
    }
  });

  it('of a log that ended say which it was', () => {
    const before = (more: object): unknown => problem('log.incarnated', {}, { before: { ...KNOWN, ...more } });
    expect([before({}), before({ noteHash: 'a'.repeat(64) }), before({ size: 7 })]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    for (const more of [
      { noteHash: 'A' },
      { noteHash: 7 },
      { origin: '' },
      { size: -1 },
      { root: 'x' },
      { root: 7 },
      { more: 1 },
    ])
      expect(before(more)).toContain('before of log.incarnated');
    for (const known of [null, 7, undefined])
      expect(problem('log.incarnated', {}, { before: known })).toContain('before of');
  });
});
