/** Somebody who stole a session key, and the root key too: what no writer of ours records is not read as if it had. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyDataDir } from '../../adapters/embedded/index.ts';
import type { EntryDraft, VerificationReport } from '../../core/ledger/index.ts';
import {
  copyOf,
  forge,
  leaf,
  newDir,
  removeDirs,
  round,
  rowsOf,
  storeOnly,
  withEngine,
  type Row,
} from './tamper-fixture.ts';

const original = newDir();

beforeAll(async () => {
  await withEngine(original, (engine) => round(engine, '100.00'));
});
afterAll(removeDirs);

const MODULE = { kind: 'module', id: 'bank-feed' } as const;
const DATA = {
  topic: 'transactions.new',
  version: 1,
  source: 'bank-feed',
  payload: { amount: '1.00', kind: 'credit' },
};
const event = (more: Partial<EntryDraft> = {}): EntryDraft => ({
  ...{ type: 'event', actor: MODULE, idem: 'forged-1', data: DATA },
  ...more,
});

async function forged(chain: string, draft: EntryDraft): Promise<VerificationReport> {
  const dir = copyOf(original);
  await forge(dir, [{ chain, draft }]);
  return verifyDataDir(dir);
}

it('V10: what is forged within the rules is sound: the rules are what the cases below break', async () => {
  expect((await forged('account:1', event())).verdict).toBe('OK');
});

describe('an entry that no writer records is UNREADABLE and named', () => {
  const cases: readonly (readonly [string, string, Partial<EntryDraft>])[] = [
    ['V9: an event of nonsense', 'account:1', { data: { nonsense: 1 } }],
    ['V9: an event without payload', 'account:1', { data: { ...DATA, payload: 'none' } }],
    ['V9: an event whose topic is none', 'account:1', { data: { ...DATA, topic: 'Not A Topic' } }],
    ['V9: an event of version 0', 'account:1', { data: { ...DATA, version: 0 } }],
    ['V9: an event with metadata of another form', 'account:1', { data: { ...DATA, metadata: { hops: -1 } } }],
    [
      'V9: an event that happened on 30 February',
      'account:1',
      { data: { ...DATA, timestamp: '2026-02-30T00:00:00.000Z' } },
    ],
    ['V10: an unknown type', 'account:1', { type: 'event.forged' }],
    ['V10: an unknown kind of actor', 'account:1', { actor: { kind: 'ghost' as 'module', id: 'bank-feed' } }],
    ['V10: an actor with a field of its own', 'account:1', { actor: { ...MODULE, roles: 'all' } as typeof MODULE }],
    ['V10: an event published as another', 'account:1', { data: { ...DATA, source: 'budget' } }],
    ['V10: an event on keys/root', 'keys/root', {}],
    ['V10: an event on a chain of the system', 'system/tamper', {}],
    ['V10: an event on the chain of the policy', 'registry:policy', {}],
    ['V10: an event on the chain of another module', 'module/budget', {}],
    [
      'V10: a revocation of no key',
      'account:1',
      { type: 'key.revoked', rootSigned: true, data: { key: 'x', reason: 'y' } },
    ],
    ['V10: a delegation elsewhere', 'account:1', { type: 'delegation.granted', data: { from: 'a', to: 'b' } }],
    ['V10: a step of a change-set on a chain of the system', 'system/log', { type: 'change.proposed', data: {} }],
    [
      'V8: a redaction that names no change-set',
      'account:1',
      { type: 'redacted', data: { seq: 0, fields: ['/payload/ip'] } },
    ],
  ];
  it.each(cases)('%s', async (_, chain, more) => {
    const { verdict, firstBad } = await forged(chain, event(more));
    expect(firstBad).toMatchObject({ verdict: 'UNREADABLE', entity: chain });
    expect(verdict).toBe('UNREADABLE');
  });
});

describe('signatures', () => {
  it('V8: log.incarnated needs that of the root key', async () => {
    const before = { origin: 'x', size: 1, root: Buffer.alloc(32).toString('base64') };
    const draft = { ...event(), type: 'log.incarnated', data: { incarnation: 2, kept: 1, lost: 0, before } };
    expect((await forged('system/log', draft)).firstBad).toMatchObject({
      ...{ verdict: 'SIGNATURE_INVALID', entity: 'system/log' },
    });
    expect((await forged('system/log', { ...draft, rootSigned: true })).verdict).toBe('OK');
  });

  it('V10: a line more than a type has, or the same line twice, is SIGNATURE_INVALID', async () => {
    const more = await forged('account:1', { ...event(), rootSigned: true });
    expect(more.firstBad).toMatchObject({ verdict: 'SIGNATURE_INVALID', entity: 'account:1' });
    const dir = copyOf(original);
    const rows = rowsOf(dir);
    const last = rows.at(-1) as Row;
    const lines = Buffer.from(last.note).toString().split('\n\n')[1] ?? '';
    const note = Buffer.concat([last.note, Buffer.from(lines)]);
    storeOnly(dir, [...rows.slice(0, -1), { ...last, note, hash: leaf(note) }]);
    const twice = await verifyDataDir(dir, { scope: { mode: 'range', from: 0, to: rows.length } });
    expect(twice.firstBad).toMatchObject({ verdict: 'SIGNATURE_INVALID', entity: last.chain, seq: last.seq });
  });
});
