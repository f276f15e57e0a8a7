/** What people do when a rollback failed: two who agree, with evidence, decide what the document is; nobody else can. */
import { describe, expect, it } from 'vitest';
import { verifyState, type ChangeView } from '../../../../core/changes/index.ts';
import { reduceChange } from '../../../../core/changes/reducer/reduce.ts';
import { parseStep, stepHash, type ChangeStep } from '../../../../core/changes/model/steps.ts';
import { createPolicy } from '../../../../core/policy/index.ts';
import {
  recordingFixture,
  by,
  expectProven,
  onCallRoster,
  Outage,
  pending,
  refused,
  vote,
} from '../recording/recording-fixture.ts';
import { decision, ENTITY, entriesOf, modules, patchOf, proposal, type Fixture } from '../fixture.ts';

const evidence = [{ url: 'https://bank.test/case/77', hash: 'ab'.repeat(32) }];
const statement = (outcome: 'executed' | 'rolled_back', reason = 'as the bank says'): object => ({
  outcome,
  reason,
  evidence,
});
const documentKey = { pk: 'main#document', sk: ENTITY };

/** Somebody writes the document behind the ledger's back, `times` times. */
async function tamper(fixture: Fixture, times = 1): Promise<void> {
  const value = { document: { balance: 666 }, change: 'nobody' };
  for (let i = 0; i < times; i++) await fixture.store.write([{ kind: 'put', key: documentKey, value, expect: 'any' }]);
}

/** Two operations, the first applied, then the document is not what it was: what was done cannot be undone. */
async function stuck(fixture: Fixture, times = 1, by0 = 'pete'): Promise<ChangeView> {
  const first = await vote(fixture, await pending(fixture, [patchOf('/note', 'before')]), 'ann');
  await fixture.changes.advance(first.id);
  const input = proposal([patchOf('/balance', 10), patchOf('/note', 'after')]);
  const { change } = await fixture.changes.propose(by(by0), input);
  await vote(fixture, change, 'ann', 'rita');
  for (const step of ['claim', 'intend', 'apply'] as const) await fixture.changes.runStep(step, change.id);
  await tamper(fixture, times);
  expect(await fixture.changes.advance(change.id)).toEqual({ kind: 'end', state: 'rollback_failed' });
  return fixture.changes.get(by('aud'), change.id);
}

async function resolved(fixture: Fixture, id: string, outcome: 'executed' | 'rolled_back'): Promise<ChangeView> {
  await fixture.changes.resolve(by('ann'), id, statement(outcome));
  return (await fixture.changes.resolve(by('rita'), id, statement(outcome, 'I looked too'))).change;
}

describe('a failed rollback', () => {
  it.each([
    ['rolled_back', { note: 'before' }, 1],
    ['executed', { note: 'after', balance: 10 }, 1],
    ['rolled_back', { note: 'before' }, 5],
    ['executed', { note: 'after', balance: 10 }, 5],
  ] as const)('is resolved as %s when two people say so: %j, %i versions off', async (outcome, document, times) => {
    const fixture = recordingFixture();
    const { id } = await stuck(fixture, times);
    const change = await resolved(fixture, id, outcome);
    expect(change).toMatchObject({
      state: outcome,
      resolutions: [
        { personId: 'ann', outcome, evidence },
        { personId: 'rita', outcome, reason: 'I looked too' },
      ],
    });
    // One before, one applied, then what was tampered, then the resolution.
    expect(await fixture.changes.document(by('aud'), ENTITY)).toMatchObject({ document, version: 3 + times });
    await expectProven(fixture, id);
    const next = await vote(fixture, await pending(fixture, [patchOf('/note', 'later')]), 'ann');
    expect(await fixture.changes.advance(next.id)).toEqual({ kind: 'end', state: 'executed' });
    await expectProven(fixture, next.id);
  });

  it('keeps its entity locked until then, and is open', async () => {
    const fixture = recordingFixture();
    const { id } = await stuck(fixture);
    expect(await fixture.changes.openIds({ limit: 9 })).toEqual([id]);
    const lock = { pk: 'main#change-lock', sk: ENTITY };
    await fixture.changes.resolve(by('ann'), id, statement('executed'));
    expect((await fixture.store.get(lock))?.value).toEqual({ change: id });
    await fixture.changes.resolve(by('rita'), id, statement('executed'));
    expect(await fixture.store.get(lock)).toBeUndefined();
    expect(await fixture.changes.openIds({ limit: 9 })).toEqual([]);
  });

  it('has the root signature when it is resolved', async () => {
    const fixture = recordingFixture();
    const { id } = await stuck(fixture);
    await resolved(fixture, id, 'executed');
    expect(new TextDecoder().decode(fixture.store.log.at(-1)?.note).match(/^— /gm)).toHaveLength(2);
  });

  it('is not resolved by one person under two accounts, nor by two who disagree; the last word counts', async () => {
    const fixture = recordingFixture();
    const { id } = await stuck(fixture);
    await fixture.changes.resolve(by('ann'), id, statement('executed'));
    await fixture.changes.resolve(by('ann-admin'), id, statement('executed', 'really'));
    expect((await fixture.record(id)).state).toBe('rollback_failed');
    await fixture.changes.resolve(by('rita'), id, statement('rolled_back'));
    expect((await fixture.record(id)).state).toBe('rollback_failed');
    await fixture.changes.resolve(by('ann'), id, statement('rolled_back', 'rita is right'));
    expect((await fixture.record(id)).state).toBe('rolled_back');
    await expectProven(fixture, id);
  });

  it('is for people with a role for it, who did not propose it, with evidence', async () => {
    const fixture = recordingFixture();
    const { id } = await stuck(fixture, 1, 'advisor'); // bob answers for the advisor
    const attempt =
      (person: string, input: object = statement('executed')) =>
      () =>
        fixture.changes.resolve(by(person), id, input);
    await refused(fixture, 'SELF_APPROVAL', attempt('bob'));
    for (const person of ['olga', 'aud', 'zoe']) await refused(fixture, 'NOT_ELIGIBLE', attempt(person));
    for (const other of ['advisor', 'billing']) await refused(fixture, 'AGENTS_CANNOT_DECIDE', attempt(other));
    for (const input of [
      { outcome: 'executed', reason: 'x', evidence: [] },
      { outcome: 'executed', reason: 'x' },
      { outcome: 'failed', reason: 'x', evidence },
      { outcome: 'executed', reason: '', evidence },
      { outcome: 'executed', reason: 'x', evidence: [{ url: 'https://a', hash: 'x' }] },
      { ...statement('executed'), document: { balance: 1_000_000 } },
    ])
      await refused(fixture, 'CHANGE_INVALID', attempt('ann', input));
    await refused(fixture, 'CHANGE_NOT_FOUND', () =>
      fixture.changes.resolve(by('ann'), 'nothing', statement('executed')),
    );
  });

  it('has no resolution in any other state', async () => {
    const fixture = recordingFixture();
    const view = await pending(fixture);
    await refused(fixture, 'CHANGE_STATE_CONFLICT', () =>
      fixture.changes.resolve(by('ann'), view.id, statement('executed')),
    );
    await vote(fixture, view, 'ann', 'rita');
    await fixture.changes.runStep('claim', view.id);
    await refused(fixture, 'CHANGE_STATE_CONFLICT', () =>
      fixture.changes.resolve(by('ann'), view.id, statement('executed')),
    );
    await fixture.changes.advance(view.id);
    await refused(fixture, 'CHANGE_STATE_CONFLICT', () =>
      fixture.changes.resolve(by('ann'), view.id, statement('executed')),
    );
  });

  it('takes the same statement once, also after the end', async () => {
    const fixture = recordingFixture();
    const { id } = await stuck(fixture);
    await fixture.changes.resolve(by('ann'), id, statement('executed'));
    const size = fixture.store.log.length;
    expect(await fixture.changes.resolve(by('ann'), id, statement('executed'))).toMatchObject({ kind: 'recorded' });
    expect(fixture.store.log.length).toBe(size);
    await fixture.changes.resolve(by('rita'), id, statement('executed'));
    expect(await fixture.changes.resolve(by('ann'), id, statement('executed'))).toMatchObject({
      kind: 'recorded',
      change: { state: 'executed' },
    });
    await refused(fixture, 'CHANGE_STATE_CONFLICT', () =>
      fixture.changes.resolve(by('otto'), id, statement('rolled_back')),
    );
  });

  it('takes five statements of each, so that nobody uses up what others may say', async () => {
    const fixture = recordingFixture();
    const { id } = await stuck(fixture);
    for (let i = 0; i < 5; i++) await fixture.changes.resolve(by('ann'), id, statement('executed', `attempt ${i}`));
    await refused(fixture, 'CHANGE_STATE_CONFLICT', () =>
      fixture.changes.resolve(by('ann-admin'), id, statement('rolled_back')),
    );
    for (const person of ['otto', 'rita']) await fixture.changes.resolve(by(person), id, statement('rolled_back'));
    expect((await fixture.record(id)).state).toBe('rolled_back');
    await expectProven(fixture, id);
  });

  it('hears nobody who has left since they spoke', async () => {
    const fixture = recordingFixture();
    const { id } = await stuck(fixture);
    await fixture.changes.resolve(by('ann'), id, statement('executed'));
    const people = onCallRoster.people.filter(({ personId }) => personId !== 'ann');
    const later = fixture.other({ policy: createPolicy({ ...onCallRoster, people }, modules) });
    await later.resolve(by('rita'), id, statement('executed'));
    expect((await fixture.record(id)).state).toBe('rollback_failed');
    await later.resolve(by('otto'), id, statement('executed'));
    expect((await fixture.record(id)).state).toBe('executed');
    await expectProven(fixture, id);
  });

  it('is not for who answers for the agent by now', async () => {
    const fixture = recordingFixture();
    const { id } = await stuck(fixture, 1, 'advisor');
    const agents = onCallRoster.agents.map((agent) => ({ ...agent, owner: 'otto' }));
    const later = fixture.other({ policy: createPolicy({ ...onCallRoster, agents }, modules) });
    await refused(fixture, 'SELF_APPROVAL', () => later.resolve(by('otto'), id, statement('executed')));
  });

  it.each(Array.from({ length: 10 }, (_, turns) => turns))(
    'resolved by three at once ends once (%i)',
    async (turns) => {
      const fixture = recordingFixture({ store: { exclusive: turns % 2 === 0 } });
      const { id } = await stuck(fixture);
      const said = [
        ['ann', 'executed'],
        ['rita', 'executed'],
        ['otto', 'rolled_back'],
      ] as const;
      await Promise.allSettled(
        said.map(async ([person, outcome], i) => {
          for (let waits = 0; waits < (turns * (i + 1)) % 5; waits++) await Promise.resolve();
          return (i === 1 ? fixture.other() : fixture.changes).resolve(by(person), id, statement(outcome));
        }),
      );
      const types = (await entriesOf(fixture, id)).map(({ body }) => body.type);
      expect(types.filter((type) => type.startsWith('change.resolved-'))).toEqual(['change.resolved-executed']);
      await expectProven(fixture, id);
    },
  );

  it('is resolved or not when the store dies, and the same call again says which', async () => {
    for (const moment of ['before', 'after'] as const) {
      const outage = new Outage();
      const fixture = recordingFixture({ store: { faults: outage.hooks } });
      const { id } = await stuck(fixture);
      await fixture.changes.resolve(by('ann'), id, statement('rolled_back'));
      await outage.during(moment, () => fixture.changes.resolve(by('rita'), id, statement('rolled_back')));
      const { kind } = await fixture.changes.resolve(by('rita'), id, statement('rolled_back'));
      expect(kind).toBe(moment === 'before' ? 'done' : 'recorded');
      expect((await fixture.record(id)).state).toBe('rolled_back');
      await expectProven(fixture, id);
    }
  });

  it('whose document was lost is restored, not resolved', async () => {
    const fixture = recordingFixture();
    const { id } = await stuck(fixture);
    await fixture.changes.resolve(by('ann'), id, statement('executed'));
    await fixture.store.write([{ kind: 'delete', key: documentKey, expect: 'any' }]);
    await expect(fixture.changes.resolve(by('rita'), id, statement('executed'))).rejects.toThrow(/restore the store/);
  });
});

describe('a forged end', () => {
  async function steps(): Promise<{ all: ChangeStep[]; fold: (all: readonly ChangeStep[]) => string }> {
    const fixture = recordingFixture();
    const { id } = await stuck(fixture, 3);
    await resolved(fixture, id, 'executed');
    const all = (await entriesOf(fixture, id)).map((entry) => parseStep(entry) as ChangeStep);
    const fold = (some: readonly ChangeStep[]): string => {
      let record: Parameters<typeof reduceChange>[0];
      for (const step of some) {
        const reduced = reduceChange(record, step);
        if (reduced.kind === 'refused') return 'refused';
        record = reduced.record;
      }
      return record?.state ?? 'none';
    };
    return { all, fold };
  }

  it('rests on two statements of two people about this claim, or is refused', async () => {
    const { all, fold } = await steps();
    expect(fold(all)).toBe('executed');
    const end = all.at(-1) as ChangeStep;
    const [first, second] = all.slice(-3, -1) as [ChangeStep, ChangeStep];
    const with0 = (step: ChangeStep, data: object): ChangeStep =>
      ({ ...step, data: { ...step.data, ...data } }) as ChangeStep;
    const before = all.slice(0, -3);
    const samePerson = with0(second, { personId: 'ann' });
    const agreed = (one: ChangeStep, two: ChangeStep): object => ({ resolutions: [stepHash(one), stepHash(two)] });
    const forgeries: [string, ChangeStep[]][] = [
      ['one statement', [...before, first, end]],
      ['nobody', [...before, end]],
      ['one person twice', [...before, first, samePerson, with0(end, agreed(first, samePerson))]],
      ['a statement twice', [...before, first, second, with0(end, agreed(first, first))]],
      ['another outcome', [...before, first, second, { ...end, type: 'change.resolved-rolled-back' } as ChangeStep]],
      ['another document', [...before, first, second, with0(end, { document: { version: 6, hash: 'f'.repeat(64) } })]],
      [
        'an older version',
        [
          ...before,
          first,
          second,
          with0(end, { document: { ...(end.data as { document: object }).document, version: 1 } }),
        ],
      ],
      [
        'a far version',
        [
          ...before,
          first,
          second,
          with0(end, { document: { ...(end.data as { document: object }).document, version: 99_999 } }),
        ],
      ],
      ['another claim', [...before, first, second, with0(end, { claim: 'f'.repeat(64) })]],
      ['an agent', [...before, { ...first, actor: { kind: 'agent', id: 'advisor' } }]],
      ['the proposer', [...before, with0(first, { personId: 'pete' })]],
      ['a stranger', [...before, with0(first, { roles: ['auditor'] })]],
    ];
    for (const [what, forged] of forgeries) expect([what, fold(forged)]).toEqual([what, 'refused']);
  });

  it('is seen by verify state', async () => {
    const fixture = recordingFixture();
    const { id } = await stuck(fixture);
    await resolved(fixture, id, 'rolled_back');
    const chain = await fixture.chain();
    const at = chain.findIndex(({ body }) => body.type === 'change.resolved-rolled-back');
    const end = chain[at] as (typeof chain)[number];
    const data = { ...end.body.data, document: { version: 9, hash: end.body.data['hash'] ?? 'f'.repeat(64) } };
    const forged = chain.with(at, { ...end, body: { ...end.body, data: data } });
    expect(verifyState(ENTITY, forged)).toMatchObject({ kind: 'inconsistent', seq: end.body.seq });
    await tamper(fixture);
    const { document } = await fixture.changes.document(by('aud'), ENTITY);
    expect(verifyState(ENTITY, chain)).not.toMatchObject({ document });
  });

  it('cannot be voted on', async () => {
    const fixture = recordingFixture();
    const view = await stuck(fixture);
    await refused(fixture, 'CHANGE_STATE_CONFLICT', () => fixture.changes.decide(by('otto'), view.id, decision(view)));
    await refused(fixture, 'CHANGE_STATE_CONFLICT', () => fixture.changes.abort(by('ann'), view.id, { reason: 'x' }));
  });
});
