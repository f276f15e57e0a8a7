/** Any history of what people and the system may do: records, documents, locks, indices and votes follow from the chain. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalize } from '../../../../core/canonical/index.ts';
import { changeQueues, checkChangeIndex, foldChange, isTerminal, verifyState } from '../../../../core/changes/index.ts';
import { awaitsReview } from '../../../../core/changes/model/post-review.ts';
import type { ChangeRecord } from '../../../../core/changes/model/record.ts';
import { recordingFixture, by, overrideOf } from './recording-fixture.ts';
import { itemsOf, rebuilt } from '../replay/rebuilt.ts';
import { decision, ENTITY, entriesOf, hours, patchOf, proposal, type Fixture } from '../fixture.ts';

const PEOPLE = ['ann', 'bob', 'rita', 'otto', 'olga', 'otis', 'pete', 'aud'] as const;
const STEPS = ['claim', 'intend', 'apply', 'intend', 'apply', 'finish', 'undo'] as const;
const ACTIONS = [
  ...['propose', 'propose', 'approve', 'approve', 'approve', 'approve', 'advance', 'advance', 'steps', 'steps'],
  ...['reject', 'request-changes', 'revoke', 'override', 'override', 'review', 'review', 'resolve', 'resolve'],
  ...['revert', 'withdraw', 'abort', 'tamper', 'tamper', 'wait'],
] as const;

interface Action {
  readonly kind: string;
  readonly pick: number;
  readonly person: string;
  readonly value: number;
}

const act: fc.Arbitrary<Action> = fc.record({
  kind: fc.constantFrom(...ACTIONS),
  pick: fc.nat(3),
  person: fc.constantFrom(...PEOPLE),
  value: fc.nat(30),
});

async function perform(fixture: Fixture, ids: string[], { kind, pick, person, value }: Action): Promise<unknown> {
  const { changes } = fixture;
  const who = by(person);
  const id = ids.at(-1 - (pick % Math.max(ids.length, 1))) ?? 'none';
  const read = () => changes.get(by('aud'), id);
  switch (kind) {
    case 'propose': {
      const operations = [patchOf(value % 2 === 0 ? '/balance' : '/note', value), patchOf('/last', value)];
      return ids.push((await changes.propose(by('pete'), proposal(operations))).change.id);
    }
    case 'revert':
      return ids.push((await changes.revert(by('pete'), id, { rationale: 'no' })).change.id);
    case 'approve':
    case 'reject':
    case 'request-changes':
      return changes.decide(who, id, decision(await read(), kind));
    case 'revoke':
      return changes.revoke(who, id);
    case 'override':
      return changes.override(by(value % 2 === 0 ? 'olga' : 'otis'), id, overrideOf(await read()));
    case 'review':
      return changes.review(who, id, { verdict: value % 2 === 0 ? 'justified' : 'unjustified', reason: 'x' });
    case 'resolve': {
      const evidence = [{ url: 'https://x', hash: 'ab'.repeat(32) }];
      const outcome = pick === 0 ? 'executed' : 'rolled_back';
      return changes.resolve(who, id, { outcome, reason: `${value}`, evidence });
    }
    case 'withdraw':
      return changes.withdraw(by('pete'), id);
    case 'abort':
      return changes.abort(who, id, { reason: 'stop' });
    case 'advance':
      return changes.advance(id);
    case 'steps':
      for (const step of STEPS.slice(0, value % STEPS.length)) await changes.runStep(step, id);
      return undefined;
    case 'tamper': {
      for (const step of ['claim', 'intend', 'apply'] as const) await changes.runStep(step, id);
      // Only when something was applied: then its rollback fails. Before, the document would just be wrong for good.
      const { state, progress } = await fixture.record(id);
      if (state !== 'executing' || !progress.some(({ status }) => status === 'applied')) return undefined;
      const write = { kind: 'put', key: { pk: 'main#document', sk: ENTITY }, expect: 'any' } as const;
      return fixture.store.write([{ ...write, value: { document: { evil: value }, change: 'nobody' } }]);
    }
    default:
      return fixture.clock.advance(hours(value));
  }
}

async function keysIn(fixture: Fixture, partition: string): Promise<string[]> {
  return (await fixture.store.list(`main#${partition}`, { limit: 1000 })).map(({ sk }) => sk);
}

async function expectFollows(fixture: Fixture, ids: readonly string[]): Promise<readonly ChangeRecord[]> {
  const records = await Promise.all(ids.map((id) => fixture.record(id)));
  for (const record of records) {
    const folded = foldChange(await entriesOf(fixture, record.id));
    expect(folded.kind === 'record' && canonicalize(folded.record)).toBe(canonicalize(record));
  }
  const running = records.filter(({ state }) => ['executing', 'rolling_back', 'rollback_failed'].includes(state));
  expect(running.length).toBeLessThanOrEqual(1);
  expect(await keysIn(fixture, 'change-lock')).toEqual(running.map(() => ENTITY));
  const idsOf = (some: readonly ChangeRecord[]): string[] => some.map(({ id }) => id).sort();
  expect(await keysIn(fixture, 'change-open')).toEqual(idsOf(records.filter(({ state }) => !isTerminal(state))));
  expect(await keysIn(fixture, 'change-review')).toEqual(idsOf(records.filter(awaitsReview)));
  // R6: what is found by index is what a look at all of them finds.
  expect(await checkChangeIndex('main', fixture.store)).toBeUndefined();
  const { length, escalated } = (await changeQueues('main', fixture.store, fixture.clock.now())).approvalQueue;
  const waiting = records.filter(({ state }) => state === 'pending');
  expect({ length, escalated }).toEqual({
    length: waiting.length,
    escalated: waiting.filter(({ eligible }) => eligible !== undefined).length,
  });
  if (running.length === 0) {
    const { document, version, hash } = await fixture.changes.document(by('aud'), ENTITY);
    expect(verifyState(ENTITY, await fixture.chain())).toEqual({ kind: 'state', document, version, hash });
    expect(await itemsOf(await rebuilt(fixture))).toEqual(await itemsOf(fixture.store));
  }
  return records;
}

it('follows from the chain, whatever anybody does', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 15, maxLength: 60 }), async (actions) => {
      const fixture = recordingFixture();
      const ids: string[] = [];
      for (const one of actions) await perform(fixture, ids, one).catch(() => undefined); // most are refused: that is part of it
      const records = await expectFollows(fixture, ids);
      for (const { entries } of records) for (const { type } of entries) seen.add(type);
    }),
    // Always the same histories, so that what has to be seen is; `HISTORY_SEED` for others.
    { numRuns: 250, seed: Number(process.env['HISTORY_SEED'] ?? 20_261_121) },
  );
  const wanted = ['vote-revoked', 'overridden', 'reviewed', 'rejected', 'executed', 'resolution', 'rollback-failed'];
  expect([...seen]).toEqual(expect.arrayContaining(wanted.map((type) => `change.${type}`)));
}, 240_000);
