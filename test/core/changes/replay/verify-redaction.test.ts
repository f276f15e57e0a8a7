/** An entry that says what was destroyed: it is of what was approved to be destroyed, and comes with its operation. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { FieldHash } from '../../../../core/brands/index.ts';
import { verifyState, type ChainEntry } from '../../../../core/changes/index.ts';
import { createAppender } from '../../../../core/ledger/index.ts';
import { CountingIds, FakeClock, localSealer, memoryRootSigner } from '../../../../adapters/memory/index.ts';
import { recordingFixture, by, vote } from '../recording/recording-fixture.ts';
import { ENTITY, proposal, type Overrides } from '../fixture.ts';
import { checked } from '../../../support/checked.ts';

const HOUR_MS = 3_600_000;
const PAYLOAD = { seq: 0, fields: ['/payload/ip'], basis: 'article 17' };
const erase: Overrides['erase'] = (entity, seq, path) => ({
  ...{ kind: 'delete', key: { pk: `sensitive#${entity}`, sk: `${seq}${path}` }, expect: 'any' },
});

let chain: readonly ChainEntry[];
let redacted: number;
let change: string;

beforeAll(async () => {
  const fixture = recordingFixture({ deps: { erase } });
  const commits = [{ path: '/payload/ip', hash: checked<FieldHash>('ab'.repeat(32)) }];
  const appender = createAppender({
    ...{ ledger: 'main', origin: 'ledger.test/main', store: fixture.store, sealer: localSealer },
    ...{ rootSigner: memoryRootSigner('ledger.test/main'), clock: new FakeClock(), ids: new CountingIds() },
  });
  const draft = { type: 'event', actor: { kind: 'module', id: 'm' }, idem: 'e', data: {}, commits } as const;
  await appender.append({ entries: [{ chain: ENTITY, draft }] });
  const proposed = await fixture.changes.propose(by('pete'), proposal([{ type: 'field.erase', payload: PAYLOAD }]));
  change = proposed.change.id;
  await vote(fixture, proposed.change, 'ann', 'rita');
  await fixture.clock.advance(HOUR_MS);
  await fixture.changes.advance(change);
  chain = await fixture.chain();
  redacted = chain.findIndex(({ body }) => body.type === 'redacted');
});

/** What verification says of the redaction with this much of it another. */
function verified(data: object = {}, body: object = {}): unknown {
  const entry = chain[redacted] as ChainEntry;
  const other = { ...entry, body: { ...entry.body, ...body, data: { ...entry.body.data, ...data } } };
  const found = verifyState(ENTITY, chain.with(redacted, other));
  return found.kind === 'state' ? 'state' : [found.seq === entry.body.seq, found.reason];
}

describe('a redaction', () => {
  const NO_OPERATION = () => [true, `the redaction names no operation of the change-set "${change}"`];
  const OTHER_FIELDS = [true, 'the redaction is of other fields than the change-set was approved for'];

  it('is of what was approved, and who approved it is told besides', () => {
    expect(verified()).toBe('state');
    expect(verified({ approvers: [] })).toBe('state');
  });

  it('names a change-set of the entity', () => {
    for (const other of ['c-9', 7, null])
      expect(verified({ change: other })).toEqual([true, 'the redaction names no change-set of this entity']);
  });

  it('names an operation of it, of the revision that was approved', () => {
    for (const idem of [`${change}#redacted#1`, `${change}#redacted#-1`, 'x#redacted#0', ''])
      expect(verified({}, { idem })).toEqual(NO_OPERATION());
    for (const revision of [0, 2, '1']) expect(verified({ revision })).toEqual(NO_OPERATION());
  });

  it('is of the entry, the fields and the basis that were approved', () => {
    expect(verified({ seq: 1 })).toEqual(OTHER_FIELDS);
    expect(verified({ basis: 'article 18' })).toEqual(OTHER_FIELDS);
    for (const fields of [['/payload/name'], ['/payload/ip', '/payload/name'], []])
      expect(verified({ fields })).toEqual(OTHER_FIELDS);
  });

  it('comes with its operation: not before it, and not without it', () => {
    const entry = chain[redacted] as ChainEntry;
    const without = chain.toSpliced(redacted, 1);
    const applied = without.findIndex(({ body }) => body.type === 'change.applied');
    expect(verifyState(ENTITY, without.toSpliced(applied, 0, entry))).toMatchObject({
      reason: 'the redaction comes without its operation',
    });
    expect(verifyState(ENTITY, without.toSpliced(applied + 1, 0, entry)).kind).toBe('state');
  });

  it('is of an operation that destroys something', async () => {
    const fixture = recordingFixture();
    const { change: other } = await fixture.changes.propose(
      by('pete'),
      proposal([{ type: 'state.put', payload: { a: 1 } }]),
    );
    const own = await fixture.chain();
    const entry = chain[redacted] as ChainEntry;
    const body = { ...entry.body, idem: `${other.id}#redacted#0`, data: { ...entry.body.data, change: other.id } };
    expect(verifyState(ENTITY, [...own, { ...entry, body }])).toMatchObject({ reason: OTHER_FIELDS[1] });
  });
});
