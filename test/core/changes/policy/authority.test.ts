/** Authority: what is done under a policy says under which, and only while that one is in force. */
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { DELEGATIONS_CHAIN } from '../../../../core/changes/store/delegation-store.ts';
import {
  createGovernance,
  UNDER_POLICY,
  WRITES_DOCUMENT,
  type ChainEntry,
  type StepType,
} from '../../../../core/changes/index.ts';
import {
  at,
  createGovernanceFixture,
  DAY_MS,
  ENTITY,
  onPolicy,
  patch,
  POLICY,
  put,
  who,
  type GovernanceFixture,
} from '../governance-fixture.ts';
import { decision } from '../fixture.ts';

/** Types of the entries that should name the policy and do not, or name another than the one in force. */
function misplaced(log: readonly ChainEntry[]): string[] {
  let inForce: { seq: number; hash: string } | undefined;
  return log.flatMap(({ body, hash }) => {
    const rests = UNDER_POLICY.has(body.type as StepType) || body.type.startsWith('delegation.');
    const { under } = body.data;
    const isRight = rests ? isDeepStrictEqual(under, inForce) : under === undefined;
    if (body.entity === POLICY && WRITES_DOCUMENT.has(body.type)) inForce = { seq: body.seq, hash };
    return isRight ? [] : [`${body.type} on ${body.entity} #${body.seq}`];
  });
}

const remove = (person: string): object => patch({ op: 'remove', path: `/roster/people/${at(person)}` });

/** Why it was refused. */
const codeOf = (act: Promise<unknown>): Promise<unknown> =>
  act.then(
    () => 'accepted',
    (error: unknown) => (error as { readonly code?: unknown }).code,
  );

async function lend(fixture: GovernanceFixture): Promise<void> {
  const until = new Date(fixture.clock.now() + DAY_MS).toISOString();
  await fixture.governing.delegate(who('bob'), { to: 'carl', until, reason: 'away' });
}

describe('under', () => {
  it('V2: everything that rests on the policy names the entry that made it, and nothing else does', async () => {
    const fixture = createGovernanceFixture();
    await lend(fixture);
    const view = await fixture.propose();
    await fixture.approve(view, 'bob');
    await fixture.changes.revoke(who('bob'), view.id);
    await fixture.changes.withdraw(who('ann'), view.id);
    await fixture.carryOut(await fixture.propose(), 'bob', 'rita');
    const vetoed = await fixture.propose([put({ limit: 2 })]);
    await fixture.changes.decide(who('rita'), vetoed.id, { ...decision(vetoed), decision: 'reject', reason: 'no' });
    await fixture.carryOut(await fixture.propose([remove('sue')], onPolicy), 'bob', 'ralf', 'sue');
    await fixture.carryOut(await fixture.propose([put({ limit: 3 })]), 'carl', 'ralf');
    const log = await fixture.log();
    expect(misplaced(log)).toEqual([]);
    const types = new Set(log.map(({ body }) => body.type));
    for (const type of ['delegation.granted', 'change.withdrawn', 'change.rejected', 'change.claimed'])
      expect(types).toContain(type);
    expect(log.find(({ body }) => body.entity === POLICY)?.body.type).toBe('policy.adopted');
  });

  it('V2: an assessment names its clock reading and how many were before it', async () => {
    const fixture = createGovernanceFixture();
    await fixture.propose();
    await fixture.propose([put({ limit: 2 })], {}, 'bot');
    const assessed = (await fixture.chain(ENTITY)).filter(({ body }) => body.type === 'change.assessed');
    expect(assessed.map(({ body }) => body.data['turns'])).toEqual([
      { sponsor: 0, entity: 0 },
      { sponsor: 0, entity: 1 },
    ]);
    for (const { body } of assessed) expect(body.data['asOf']).toBe(body.at);
  });
});

it('a delegation adopts the policy, where none is recorded yet', async () => {
  const fixture = createGovernanceFixture();
  await lend(fixture);
  const [granted] = await fixture.chain(DELEGATIONS_CHAIN);
  expect(granted?.body.data['under']).toEqual({ seq: 0, hash: (await fixture.chain())[0]?.hash });
});

describe('the clock', () => {
  const past = (fixture: GovernanceFixture): void => fixture.clock.setBack(7 * DAY_MS);

  it('R1: a clock that steps back keeps nobody in who was removed', async () => {
    const fixture = createGovernanceFixture();
    const other = fixture.process();
    await fixture.propose();
    await other.governance.refresh(10_000);
    await fixture.carryOut(await fixture.propose([remove('pete')], onPolicy), 'bob', 'ralf', 'sue');
    past(fixture);
    await fixture.clock.advance(10_000);
    await other.governance.refresh(10_000);
    expect(other.governance.policy.principal('pete')).toBeUndefined();
  });

  it('R1: what a removed person proposes, revises, withdraws or lends commits nothing', async () => {
    const fixture = createGovernanceFixture();
    const other = fixture.process();
    const mine = await fixture.propose([put({ limit: 7 })], {}, 'pete');
    await other.governance.refresh();
    await fixture.carryOut(await fixture.propose([remove('pete')], onPolicy), 'bob', 'ralf', 'sue');
    past(fixture);
    const input = { entityId: ENTITY, title: 'Change it', rationale: 'It is time.', operations: [put({})] };
    const { entityId: _entity, ...revision } = input;
    const until = new Date(fixture.clock.now() + DAY_MS).toISOString();
    const recorded = async (): Promise<ChainEntry[]> =>
      (await fixture.log()).filter(({ body }) => !body.entity.startsWith('keys/'));
    const before = await recorded();
    for (const act of [
      other.changes.propose(who('pete'), input),
      other.changes.revise(who('pete'), mine.id, revision),
      other.governing.delegate(who('bob'), { to: 'pete', until, reason: 'away' }),
    ])
      expect(['FORBIDDEN', 'DELEGATION_INVALID']).toContain(await codeOf(act));
    expect(await recorded()).toEqual(before);
  });

  it('R1: a fresh ledger takes proposals with a clock that steps back', async () => {
    const fixture = createGovernanceFixture();
    await fixture.governance.refresh();
    past(fixture);
    expect((await fixture.propose()).state).toBe('pending');
  });

  it('is read again where another process adopts it between two reads', async () => {
    const fixture = createGovernanceFixture();
    const { configured, modules, proofs } = fixture.governance;
    let asked = 0;
    const items = {
      ...{ list: fixture.store.list.bind(fixture.store), write: fixture.store.write.bind(fixture.store) },
      get: async (key: Parameters<typeof fixture.store.get>[0]) => {
        const found = await fixture.store.get(key);
        if (asked === 0) await fixture.propose(); // by the other process, which adopts what both were configured with
        asked += 1;
        return found;
      },
    };
    const late = createGovernance({
      ...{ ledger: 'main', items, entries: fixture.store, configured, modules, proofs, clock: fixture.clock },
    });
    await late.refresh();
    expect(late.inForce()).toMatchObject({ source: 'ledger', version: 1 });
  });

  it('R1: a process that was frozen reads the policy again, although its own time stood still', async () => {
    const fixture = createGovernanceFixture();
    await fixture.propose();
    const { configured, modules, proofs, ...governance } = fixture.governance;
    const thawed = createGovernance({
      ...{ ledger: 'main', items: fixture.store, entries: fixture.store, configured, modules, proofs },
      clock: { now: () => fixture.clock.now(), monotonic: () => 0 },
    });
    await thawed.refresh();
    await fixture.carryOut(await fixture.propose([remove('pete')], onPolicy), 'bob', 'ralf', 'sue');
    await thawed.refresh(10_000);
    expect(thawed.inForce().entry).toEqual(governance.inForce().entry);
  });
});
