/** The way of a change-set from proposal to execution, and who sees what. */
import { describe, expect, it } from 'vitest';
import { canonicalize } from '../../../core/canonical/index.ts';
import {
  documentHash,
  foldChange,
  riskSchema,
  stepHash,
  verifyState,
  type ChangeErrorCode,
} from '../../../core/changes/index.ts';
import { parseStep } from '../../../core/changes/model/steps.ts';
import { parseEntry } from '../../../core/ledger/index.ts';
import { createFixture, decision, ENTITY, entriesOf, hours, patchOf, proposal, who, type Fixture } from './fixture.ts';

const code = (expected: ChangeErrorCode): { code: string } =>
  expect.objectContaining({ code: expected }) as { code: string };

async function executed(
  fixture: Fixture,
  operations: readonly unknown[],
  approvers: readonly string[],
): Promise<string> {
  const { change } = await fixture.changes.propose(who('pete'), proposal(operations));
  for (const name of approvers) await fixture.changes.decide(who(name), change.id, decision(change));
  await fixture.changes.advance(change.id);
  return change.id;
}

describe('from proposal to execution', () => {
  it('executes an L1 change-set after one owner approved, and the document is what was approved', async () => {
    const fixture = createFixture();
    const { change, kind } = await fixture.changes.propose(who('advisor'), proposal([patchOf('/note', 'hello')]));
    expect(kind).toBe('created');
    expect(change).toMatchObject({
      state: 'pending',
      revision: 1,
      risk: { level: 'L1', matched: ['note'], roles: ['owner'] },
    });
    expect(change.stillNeeded).toEqual({ text: '1 more approval: 1 owner', approvals: 1, roles: ['owner'] });
    expect(change.preview).toMatchObject({ kind: 'preview', before: null, after: { note: 'hello' } });
    expect(change.proposer).toEqual({ kind: 'agent', id: 'advisor', logic: 'advisor@3' });
    expect(await fixture.changes.advance(change.id)).toMatchObject({ kind: 'wait' });

    const decided = await fixture.changes.decide(who('ann'), change.id, decision(change));
    expect(decided.change.state).toBe('approved');
    expect(await fixture.changes.advance(change.id)).toEqual({ kind: 'end', state: 'executed' });
    const document = await fixture.changes.document(who('ann'), ENTITY);
    expect(document).toEqual({ document: { note: 'hello' }, version: 1, hash: documentHash({ note: 'hello' }) });

    const types = (await fixture.chain()).map(({ body }) => body.type);
    expect(types).toEqual(
      ['proposed', 'assessed', 'voted', 'approved', 'claimed', 'intent', 'applied', 'executed'].map(
        (t) => `change.${t}`,
      ),
    );
    expect(fixture.woken).toEqual([change.id, change.id]);
  });

  it('needs an owner and a risk person for money, in whichever order, and shows what is still needed', async () => {
    const fixture = createFixture();
    const put = { type: 'state.put', payload: { balance: '100.50', holder: 'x' }, baseVersion: 0 };
    const { change } = await fixture.changes.propose(who('pete'), proposal([put]));
    expect(change.risk).toMatchObject({
      level: 'L2',
      approvals: 2,
      roles: ['owner', 'risk'],
      facts: { money: { moved: 101 } },
    });
    const { change: after } = await fixture.changes.decide(who('rita'), change.id, decision(change));
    expect(after).toMatchObject({ state: 'pending', stillNeeded: { approvals: 1, roles: ['owner'] } });
    await fixture.changes.decide(who('bob'), change.id, decision(change));
    expect(await fixture.changes.advance(change.id)).toEqual({ kind: 'end', state: 'executed' });
    const view = await fixture.changes.get(who('aud'), change.id);
    expect(view.votes.map(({ personId }) => personId)).toEqual(['rita', 'bob']);
    expect(view.preview).toMatchObject({ before: null, after: put.payload, patch: [{ op: 'replace', path: '' }] });
  });

  it('carries out several operations in order, each on the result of the one before', async () => {
    const fixture = createFixture();
    const id = await executed(
      fixture,
      [{ type: 'state.put', payload: { tags: ['a'] } }, patchOf('/tags/-', 'b'), patchOf('/tags/0', 'c', 'replace')],
      ['ann'],
    );
    expect((await fixture.changes.document(who('ann'), ENTITY)).document).toEqual({ tags: ['c', 'b'] });
    expect((await fixture.record(id)).progress.map(({ status }) => status)).toEqual(['applied', 'applied', 'applied']);
  });

  it('waits for the time lock, whoever wakes it', async () => {
    const fixture = createFixture();
    const { change } = await fixture.changes.propose(who('pete'), proposal([patchOf('/balance', 5000)]));
    expect(change.risk).toMatchObject({ level: 'L3', matched: ['money', 'large'], approvals: 3 });
    for (const name of ['ann', 'bob', 'rita']) await fixture.changes.decide(who(name), change.id, decision(change));
    expect(await fixture.changes.advance(change.id)).toEqual({
      kind: 'wait',
      step: 'claim',
      until: fixture.clock.now() + hours(1),
    });
    expect(await fixture.changes.runStep('claim', change.id)).toEqual({ kind: 'next', step: 'timelock' });
    await fixture.clock.advance(hours(1) - 1);
    expect(await fixture.changes.advance(change.id)).toMatchObject({ kind: 'wait' });
    await fixture.clock.advance(1);
    expect(await fixture.changes.advance(change.id)).toEqual({ kind: 'end', state: 'executed' });
  });

  it('approves at L0 at once, in the same transaction, for a rule that says so', async () => {
    const fixture = createFixture();
    const l0 = {
      name: 'free',
      when: { entity: [{ prefix: 'account:' }] },
      level: 'L0' as const,
      roles: [],
      approvals: 0,
      timelockMinutes: 0,
    };
    const changes = fixture.other({ risk: riskSchema.parse({ version: '1', decisionHours: 10, rules: [l0] }) });
    const { change } = await changes.propose(who('pete'), proposal([patchOf('/a', 1)]));
    expect(change).toMatchObject({ state: 'approved', risk: { level: 'L0', approvals: 0 } });
    expect(await changes.advance(change.id)).toEqual({ kind: 'end', state: 'executed' });
  });

  it('makes every later step name what it rests on by hash, and root-signs those that decide', async () => {
    const fixture = createFixture();
    const id = await executed(fixture, [patchOf('/note', 1)], ['ann']);
    const entries = await entriesOf(fixture, id);
    const steps = Object.fromEntries(
      entries.map((entry) => {
        const step = parseStep(entry);
        if (step === undefined) throw new Error('not a step');
        return [step.type, { hash: stepHash(step), data: step.data }];
      }),
    );
    const at = (type: string): { hash: string; data: Record<string, unknown> } => steps[`change.${type}`] as never;
    expect(at('assessed').data['proposal']).toBe(at('proposed').hash);
    expect(at('approved').data).toMatchObject({
      proposal: at('proposed').hash,
      assessment: at('assessed').hash,
      votes: [at('voted').hash],
    });
    expect(at('claimed').data['approval']).toBe(at('approved').hash);
    expect(at('intent').data['claim']).toBe(at('claimed').hash);
    expect(at('applied').data['intent']).toBe(at('intent').hash);
    expect(at('executed').data).toMatchObject({ claim: at('claimed').hash, approval: at('approved').hash });
    const signatures = (await fixture.store.read(ENTITY, 0, 100)).map(({ note }) => {
      const parsed = parseEntry(note);
      return parsed.kind === 'entry' ? [parsed.body.type, Buffer.from(note).toString().split('\n— ').length - 1] : [];
    });
    expect(signatures.filter(([, count]) => count === 2).map(([type]) => type)).toEqual(
      ['approved', 'claimed', 'executed'].map((t) => `change.${t}`),
    );
  });

  it('keeps a record that is the fold of its entries, byte by byte', async () => {
    const fixture = createFixture();
    const id = await executed(fixture, [patchOf('/note', 1), patchOf('/b', 2)], ['ann']);
    const folded = foldChange(await entriesOf(fixture, id));
    expect(folded.kind === 'record' && canonicalize(folded.record)).toBe(canonicalize(await fixture.record(id)));
    expect(verifyState(ENTITY, await fixture.chain())).toMatchObject({
      kind: 'state',
      version: 2,
      document: { note: 1, b: 2 },
    });
  });
});

describe('proposing', () => {
  it('answers the same idempotency key with the recorded change-set, also when its fixture has moved on', async () => {
    const fixture = createFixture();
    const input = proposal([{ ...patchOf('/note', 1), baseVersion: 0 }]);
    const first = await fixture.changes.propose(who('pete'), input, 'key-1');
    await fixture.changes.decide(who('ann'), first.change.id, decision(first.change));
    await fixture.changes.advance(first.change.id);
    const again = await fixture.changes.propose(who('pete'), input, 'key-1');
    expect(again).toMatchObject({ kind: 'existing', change: { id: first.change.id, state: 'executed' } });
    await expect(fixture.changes.propose(who('pete'), proposal([patchOf('/note', 2)]), 'key-1')).rejects.toEqual(
      code('IDEMPOTENCY_CONFLICT'),
    );
    // another principal's key is another key
    expect((await fixture.changes.propose(who('ann'), proposal([patchOf('/x', 1)]), 'key-1')).kind).toBe('created');
  });

  it('creates one change-set when the same key is used many times at once, also by two processes', async () => {
    const fixture = createFixture({ store: { exclusive: false } });
    const input = proposal([patchOf('/note', 1)]);
    const second = fixture.other();
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        (i % 2 === 0 ? fixture.changes : second).propose(who('pete'), input, 'key-1'),
      ),
    );
    expect(new Set(results.map(({ change }) => change.id)).size).toBe(1);
    expect(results.filter(({ kind }) => kind === 'created')).toHaveLength(1);
    expect((await fixture.chain()).map(({ body }) => body.type)).toEqual(['change.proposed', 'change.assessed']);
  });

  it('counts proposals of one initiator made at once one after the other', async () => {
    const fixture = createFixture({ store: { exclusive: false } });
    const second = fixture.other();
    const all = await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        (i % 2 === 0 ? fixture.changes : second).propose(who('advisor'), proposal([patchOf('/note', i)])),
      ),
    );
    const counts = all.map(
      ({ change }) => (change.risk?.facts['initiator'] as { recentChanges: number }).recentChanges,
    );
    expect(counts.sort()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(all.filter(({ change }) => change.risk?.level === 'L3')).toHaveLength(4);
  });

  it('needs the right to propose for the entity, and never touches the system chains', async () => {
    const fixture = createFixture();
    for (const [name, entityId] of [
      ['rita', ENTITY],
      ['viewer', ENTITY],
      ['pete', 'loan:1'],
      ['pete', 'keys/x'],
      ['pete', 'system/x'],
    ] as const) {
      await expect(
        fixture.changes.propose(who(name), proposal([patchOf('/a', 1)], { entityId })),
      ).rejects.toMatchObject({
        code: 'FORBIDDEN',
      });
    }
    expect(fixture.store.log).toHaveLength(0);
  });

  it('refuses a base version that is not the current one', async () => {
    const fixture = createFixture();
    await expect(
      fixture.changes.propose(who('pete'), proposal([{ ...patchOf('/a', 1), baseVersion: 3 }])),
    ).rejects.toEqual(code('STALE_BASE'));
  });
});

describe('reading', () => {
  it('shows a change-set to readers, the proposer and those who decide, and to nobody else', async () => {
    const fixture = createFixture();
    const { change } = await fixture.changes.propose(who('advisor'), proposal([patchOf('/note', 1)]));
    for (const name of ['advisor', 'ann', 'rita', 'aud', 'bob']) {
      expect((await fixture.changes.get(who(name), change.id)).id).toBe(change.id);
    }
    await expect(fixture.changes.get(who('viewer'), change.id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect((await fixture.changes.list(who('viewer'))).changes).toEqual([]);
    await expect(fixture.changes.get(who('ann'), 'nothing')).rejects.toEqual(code('CHANGE_NOT_FOUND'));
  });

  it('puts into the inbox what the person could still decide, and nothing else', async () => {
    const fixture = createFixture();
    const inbox = async (name: string): Promise<string[]> =>
      (await fixture.changes.list(who(name), { status: 'pending', for: 'me' })).changes.map(({ title }) => title);
    const by = async (name: string, title: string): Promise<string> =>
      (await fixture.changes.propose(who(name), proposal([patchOf('/balance', 10)], { title }))).change.id;
    await by('advisor', "agent's");
    const second = await by('ann', "ann's");
    expect(await inbox('ann')).toEqual(["agent's"]); // not her own
    expect(await inbox('bob')).toEqual(["ann's"]); // he answers for the agent
    expect(await inbox('rita')).toEqual(["agent's", "ann's"]);
    expect(await inbox('aud')).toEqual([]);
    expect(await inbox('pete')).toEqual([]);
    const view = await fixture.changes.get(who('rita'), second);
    await fixture.changes.decide(who('rita'), second, decision(view));
    expect(await inbox('rita')).toEqual(["agent's"]);
    await fixture.clock.advance(hours(168));
    expect(await inbox('rita')).toEqual([]);
  });

  it('pages by cursor, by entity and by state', async () => {
    const fixture = createFixture();
    const ids: string[] = [];
    for (let i = 0; i < 7; i++) {
      const entityId = i % 2 === 0 ? ENTITY : 'account:2';
      ids.push((await fixture.changes.propose(who('pete'), proposal([patchOf('/a', i)], { entityId }))).change.id);
    }
    await fixture.changes.withdraw(who('pete'), ids[0] as string);
    const first = await fixture.changes.list(who('aud'), { limit: 4 });
    const rest = await fixture.changes.list(who('aud'), { limit: 4, after: first.next ?? '' });
    expect([...first.changes, ...rest.changes].map(({ id }) => id)).toEqual(ids);
    expect(rest.next).toBeUndefined();
    expect((await fixture.changes.list(who('aud'), { entityId: 'account:2' })).changes).toHaveLength(3);
    expect((await fixture.changes.list(who('aud'), { status: 'cancelled' })).changes.map(({ id }) => id)).toEqual([
      ids[0],
    ]);
    expect((await fixture.changes.list(who('aud'), { status: 'pending' })).changes).toHaveLength(6);
    expect(await fixture.changes.openIds({ limit: 100 })).toEqual(ids.slice(1));
  });
});
