/** Reminders and escalation: at their time, once each whoever looks and whatever crashes; they widen who may help, and nothing else. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  countQuorum,
  foldChange,
  reduceChange,
  riskSchema,
  type Changes,
  type ChangeView,
} from '../../../../core/changes/index.ts';
import { SYSTEM_ACTOR } from '../../../../core/ledger/index.ts';
import { canonicalize } from '../../../../core/canonical/index.ts';
import { createFixture, decision, entriesOf, hours, patchOf, proposal, who, type Fixture } from '../fixture.ts';

const table = riskSchema.parse({
  version: '1',
  decisionHours: 48,
  reminderHours: 10,
  escalation: { afterHours: 15, roles: { owner: ['proposer'], risk: ['auditor'] } },
  rules: [{ name: 'two', when: { entity: [{ exists: true }] }, level: 'L2', roles: ['owner', 'risk'], approvals: 2 }],
});

let fixture: Fixture;
let changes: Changes;
let change: ChangeView;

beforeEach(async () => {
  fixture = createFixture();
  changes = fixture.other({ risk: table });
  ({ change } = await changes.propose(who('advisor'), proposal([patchOf('/note', 1)])));
});

const timersOf = async (): Promise<string[]> =>
  (await entriesOf(fixture, change.id))
    .filter(({ body }) => /reminded|escalated/.test(body.type))
    .map(
      ({ body }) =>
        `${body.type.replace('change.', '')} ${(Date.parse(body.at) - Date.parse(change.createdAt)) / hours(1)}`,
    );

/** Lets an engine look, as it would at the end of each wait. */
async function liveThrough(total: number): Promise<void> {
  const end = fixture.clock.now() + total;
  for (;;) {
    const rest = await changes.advance(change.id);
    const until = rest.kind === 'wait' ? Math.min(rest.until, end) : end;
    await fixture.clock.advance(until - fixture.clock.now());
    if (fixture.clock.now() >= end) break;
  }
  await changes.advance(change.id);
}

describe('while people are awaited', () => {
  it('reminds again and again, escalates once, and expires all the same', async () => {
    await liveThrough(hours(48));
    expect(await timersOf()).toEqual(['reminded 10', 'escalated 15', 'reminded 20', 'reminded 30', 'reminded 40']);
    expect(await changes.advance(change.id)).toEqual({ kind: 'end', state: 'expired' });
  });

  it('does nothing a millisecond early', async () => {
    await fixture.clock.advance(hours(10) - 1);
    expect(await changes.advance(change.id)).toEqual({
      kind: 'wait',
      step: 'evaluate',
      until: fixture.clock.now() + 1,
    });
    expect(await changes.runStep('remind', change.id)).toEqual({ kind: 'next', step: 'evaluate' });
    expect(await changes.runStep('escalate', change.id)).toEqual({ kind: 'next', step: 'evaluate' });
    expect(await timersOf()).toEqual([]);
  });

  it('catches up with one reminder when nobody looked for long, and the next comes a whole period later', async () => {
    await fixture.clock.advance(hours(35));
    await changes.advance(change.id);
    expect(await timersOf()).toEqual(['reminded 35', 'escalated 35']);
    expect(await changes.advance(change.id)).toMatchObject({ kind: 'wait', until: fixture.clock.now() + hours(10) });
  });

  it('records each once, also when several workers look at once', async () => {
    await fixture.clock.advance(hours(15));
    const workers = Array.from({ length: 5 }, () => fixture.other({ risk: table }));
    await Promise.all(workers.map((worker) => worker.advance(change.id)));
    expect((await timersOf()).sort()).toEqual(['escalated 15', 'reminded 15']);
  });

  it('records each once, whatever write fails on the way, persisted or not', async () => {
    for (const persisted of [false, true]) {
      for (let nth = 0; nth < 2; nth++) {
        let writes = 0;
        let isBreaking = false;
        const fail = (): void => {
          if (isBreaking && writes++ === nth) throw new Error('the store broke');
        };
        fixture = createFixture({ store: { faults: persisted ? { after: fail } : { before: fail } } });
        changes = fixture.other({ risk: table });
        ({ change } = await changes.propose(who('advisor'), proposal([patchOf('/note', 1)])));
        await fixture.clock.advance(hours(15));
        isBreaking = true;
        await changes.advance(change.id).catch(() => undefined);
        isBreaking = false;
        expect(writes).toBeGreaterThan(nth);
        await changes.advance(change.id);
        expect((await timersOf()).sort()).toEqual(['escalated 15', 'reminded 15']);
      }
    }
  });

  it('begins anew with a revision, and is over with the decision', async () => {
    await liveThrough(hours(16));
    expect(await fixture.record(change.id)).toMatchObject({
      reminders: 1,
      eligible: { owner: ['proposer'], risk: ['auditor'] },
    });
    const operations = [patchOf('/note', 2)];
    change = {
      ...(await changes.revise(who('advisor'), change.id, { title: 'T', rationale: 'R', operations })),
      createdAt: change.createdAt,
    };
    const record = await fixture.record(change.id);
    expect([record.reminders, record.eligible]).toEqual([undefined, undefined]);
    await fixture.clock.advance(hours(9));
    expect(await changes.advance(change.id)).toMatchObject({ kind: 'wait', until: fixture.clock.now() + hours(1) });
    for (const person of ['ann', 'rita']) await changes.decide(who(person), change.id, decision(change));
    await fixture.clock.advance(hours(1));
    await changes.advance(change.id);
    expect(await timersOf()).toEqual(['reminded 10', 'escalated 15']);
    expect((await fixture.record(change.id)).state).toBe('executed');
  });

  it('says nothing where the configuration says nothing', async () => {
    const quiet = fixture.other();
    const { change: other } = await quiet.propose(
      who('advisor'),
      proposal([patchOf('/x', 1)], { entityId: 'account:2' }),
    );
    expect(await quiet.advance(other.id)).toMatchObject({ kind: 'wait', until: Date.parse(other.deadline) });
  });
});

describe('after an escalation', () => {
  const people = ['pete', 'aud'];

  it('further roles may decide, each person for one place; before it they may not', async () => {
    for (const person of people)
      await expect(changes.decide(who(person), change.id, decision(change))).rejects.toMatchObject({
        code: 'NOT_ELIGIBLE',
      });
    await liveThrough(hours(15));
    expect((await changes.list(who('pete'), { for: 'me' })).changes.map(({ id }) => id)).toEqual([change.id]);
    const once = await changes.decide(who('pete'), change.id, decision(change));
    expect(once.change).toMatchObject({
      state: 'pending',
      stillNeeded: { text: '1 more approval: 1 risk' },
      risk: { eligible: { owner: ['proposer'], risk: ['auditor'] } },
    });
    await expect(changes.decide(who('pete-2'), change.id, decision(change))).rejects.toMatchObject({
      code: 'ALREADY_VOTED',
    });
    await changes.decide(who('aud'), change.id, decision(change));
    expect(await changes.advance(change.id)).toEqual({ kind: 'end', state: 'executed' });
    const folded = foldChange(await entriesOf(fixture, change.id));
    expect(folded.kind === 'record' && canonicalize(folded.record)).toBe(canonicalize(await fixture.record(change.id)));
  });

  it('who is excluded stays excluded', async () => {
    await liveThrough(hours(15));
    await expect(changes.decide(who('bob'), change.id, decision(change))).rejects.toMatchObject({
      code: 'SELF_APPROVAL',
    });
  });

  it('the quorum is never lower, and never missed by who had reached it before', () => {
    const role = fc.constantFrom('owner', 'risk', 'security', 'peer');
    const voter = fc.record({ personId: fc.constantFrom('a', 'b', 'c', 'd', 'e'), roles: fc.uniqueArray(role) });
    const needed = fc.record({
      roles: fc.uniqueArray(role, { minLength: 1, maxLength: 3 }),
      approvals: fc.integer({ min: 1, max: 4 }),
    });
    const further = fc.dictionary(role, fc.uniqueArray(role, { minLength: 1 }));
    fc.assert(
      fc.property(
        needed,
        fc.uniqueArray(voter, { selector: ({ personId }) => personId }),
        further,
        (requirement, voters, eligible) => {
          const plain = countQuorum(requirement, voters);
          const wide = countQuorum({ ...requirement, eligible }, voters);
          if (plain.reached) expect(wide.reached).toBe(true);
          if (wide.reached)
            expect(voters.length).toBeGreaterThanOrEqual(Math.max(requirement.approvals, requirement.roles.length));
          expect(wide.missingApprovals).toBeLessThanOrEqual(plain.missingApprovals);
        },
      ),
    );
  });
});

describe('a timer step that does not follow', () => {
  const refusalOf = async (type: string, data: object, after = 0): Promise<string> => {
    await liveThrough(after);
    const record = await fixture.record(change.id);
    const step = {
      ...{ type, entity: change.entityId, seq: 1000, hash: '', at: change.createdAt, actor: SYSTEM_ACTOR },
      data: { change: change.id, revision: 1, assessment: record.assessment?.step, ...data },
    };
    const reduced = reduceChange(record, step as never);
    return reduced.kind === 'refused' ? reduced.message : 'taken';
  };
  const eligible = { owner: ['proposer'] };

  it('is refused: another count, another assessment, a role that is not needed, a second escalation', async () => {
    expect(await refusalOf('change.reminded', { count: 1 })).toBe('taken');
    expect(await refusalOf('change.reminded', { count: 2 })).toBe('reminder 2 does not follow 0');
    expect(await refusalOf('change.escalated', { eligible })).toBe('taken');
    expect(await refusalOf('change.escalated', { eligible, assessment: '0'.repeat(64) })).toMatch(/another assessment/);
    expect(await refusalOf('change.escalated', { eligible: { peer: ['owner'] } })).toMatch(/a role nobody needs/);
    expect(await refusalOf('change.escalated', { eligible }, hours(15))).toMatch(/escalated once/);
    expect(await refusalOf('change.reminded', { count: 1 })).toBe('reminder 1 does not follow 1');
  });
});

describe('the configuration', () => {
  const problems = (more: object): string[] =>
    (riskSchema.safeParse({ version: '1', rules: [], ...more }).error?.issues ?? []).map(
      ({ path, message }) => `${path.join('.')}: ${message}`,
    );

  it('refuses timers that would never come or come too often', () => {
    expect(problems({ decisionHours: 100, reminderHours: 1 })).toEqual([
      'reminderHours: would remind 100 times in 100 h: at most 50',
    ]);
    expect(problems({ decisionHours: 10, escalation: { afterHours: 10, roles: {} } })[0]).toMatch(/never be escalated/);
    expect(problems({ escalation: { afterHours: 1, roles: { owner: [] } } })[0]).toMatch(/^escalation\.roles\.owner/);
  });
});
