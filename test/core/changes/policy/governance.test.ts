/** Who governs: the ledger's own policy decides, changes only as it says itself, and nothing is decided under an old one. */
import { describe, expect, it } from 'vitest';
import type { IsoInstant, EntityId } from '../../../../core/brands/index.ts';
import { createItemRebuilder, reduceChange, verifyState } from '../../../../core/changes/index.ts';
import { MemoryStore } from '../../../../adapters/memory/index.ts';
import { createPolicy, modulesSchema, rosterSchema } from '../../../../core/policy/index.ts';
import {
  at,
  createGovernanceFixture,
  DAY_MS,
  ENTITY,
  onPolicy,
  patch,
  POLICY,
  put,
  RISK,
  ROSTER,
  who,
  type GovernanceFixture,
} from '../governance-fixture.ts';
import { contentsOf, decision } from '../fixture.ts';
import { NO_STEP, NOT_PLACED } from '../../../../core/changes/model/steps.ts';
import { checked } from '../../../support/checked.ts';

/** Roster without some people. */
const without = (...gone: string[]): object => ({
  ...ROSTER,
  people: ROSTER.people.filter(({ personId }) => !gone.includes(personId)),
});
const remove = (person: string): object => patch({ op: 'remove', path: `/roster/people/${at(person)}` });
/** Nothing happens to an account within two days of its approval. */
const LOCKED = { ...RISK, rules: [{ ...RISK.rules[0], when: { entity: [ENTITY] }, timelockMinutes: 2_880 }] };
const STRICTER = { ...RISK, version: '2', rules: [{ ...RISK.rules[0], approvals: 3 }] };

/** Ann proposes it; an owner, risk and security approve; a day later it is carried out. */
async function changePolicy(fixture: GovernanceFixture, ...operations: object[]): Promise<void> {
  const view = await fixture.carryOut(await fixture.propose(operations, onPolicy), 'bob', 'ralf', 'sue');
  expect(view.state).toBe('executed');
}

describe('adoption', () => {
  it('records the configuration with the first proposal, root-signed, and once', async () => {
    const fixture = createGovernanceFixture();
    expect(fixture.governance.inForce().source).toBe('configuration');
    await fixture.propose();
    await fixture.propose();
    const [entry, ...more] = await fixture.chain();
    expect(more).toEqual([]);
    expect(entry?.body).toMatchObject({ type: 'policy.adopted', actor: { kind: 'service' }, data: { version: 1 } });
    expect(fixture.governance.inForce()).toMatchObject({ source: 'ledger', version: 1 });
    expect(await fixture.governing.policy(who('ann'))).toMatchObject({
      changed: { kind: 'adopted' },
      asConfigured: true,
    });
  });

  it('happens once, when two processes with different configurations propose at the same time', async () => {
    const fixture = createGovernanceFixture();
    const other = fixture.process({ roster: without('pete') });
    const input = { entityId: ENTITY, title: 'Change it', rationale: 'It is time.', operations: [put({})] };
    await Promise.all([fixture.propose(), other.changes.propose(who('carl'), input)]);
    expect((await fixture.chain()).map(({ body }) => body.type)).toEqual(['policy.adopted']);
    expect(fixture.governance.inForce().hash).toBe(other.governance.inForce().hash);
  });

  it('is done for good when the process dies before the proposal that asked for it', async () => {
    const fixture = createGovernanceFixture();
    let commits = 0;
    fixture.store.faults.before = (what) => {
      if (what === 'commit' && ++commits > 2) throw new Error('the process died'); // key, adoption, then nothing more
    };
    await expect(fixture.propose()).rejects.toThrow();
    delete fixture.store.faults.before;
    expect((await fixture.chain()).map(({ body }) => body.type)).toEqual(['policy.adopted']);
    const other = fixture.process({ roster: without('pete') });
    await other.governance.refresh();
    expect(other.governance.policy.rolesOf('pete')).toEqual(['peer']);
    await fixture.propose();
    expect((await fixture.chain()).length).toBe(1);
  });

  it('is not begun by what is refused', async () => {
    const fixture = createGovernanceFixture();
    const before = contentsOf(fixture.store);
    await expect(fixture.propose([put({})], {}, 'rita')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(contentsOf(fixture.store)).toBe(before);
  });

  it('is not done again over items that are gone: nobody may do anything then', async () => {
    const fixture = createGovernanceFixture();
    const view = await fixture.propose();
    const key = { pk: 'main#policy', sk: 'version' };
    await fixture.store.write([{ kind: 'delete', key, expect: 'any' }]);
    const redeployed = fixture.process({ risk: { version: '0', rules: [] } });
    await expect(redeployed.governance.refresh()).rejects.toMatchObject({ code: 'POLICY_UNREADABLE' });
    await expect(redeployed.changes.decide(who('bob'), view.id, decision(view))).rejects.toMatchObject({
      code: 'POLICY_UNREADABLE',
    });
  });

  it('keeps who somebody is, though a configuration names a module like them', () => {
    const policy = createPolicy(rosterSchema.parse(ROSTER), modulesSchema.parse({ rita: {}, extra: {} }));
    expect(policy.principal('rita')).toEqual({ kind: 'person', id: 'rita', personId: 'rita' });
    expect(policy.principal('extra')).toEqual({ kind: 'module', id: 'extra' });
  });

  it('holds against a redeployment: the ledger decides, the configuration is told that it says otherwise', async () => {
    const fixture = createGovernanceFixture();
    const view = await fixture.propose();
    const mallory = { personId: 'mallory', name: 'M', accounts: ['mallory'], roles: ['owner', 'risk'] };
    const redeployed = fixture.process({ roster: { ...ROSTER, people: [...ROSTER.people, mallory] } });
    await redeployed.governance.refresh();
    expect(redeployed.governance.policy.principal('mallory')).toBeUndefined();
    await expect(redeployed.changes.decide(who('mallory'), view.id, decision(view))).rejects.toMatchObject({
      code: 'NOT_ELIGIBLE',
    });
    expect(await redeployed.governing.policy(who('ann'))).toMatchObject({ asConfigured: false, version: 1 });
  });
});

describe('a policy that changes while something is decided', () => {
  it('evaluates a vote again when the roster changed between reading and recording it', async () => {
    const fixture = createGovernanceFixture();
    const view = await fixture.propose();
    const voter = fixture.process();
    await voter.governance.refresh(); // knows carl as an owner, and does not look again by itself
    await changePolicy(fixture, remove('carl'));
    await expect(voter.changes.decide(who('carl'), view.id, decision(view))).rejects.toMatchObject({
      code: 'NOT_ELIGIBLE',
    });
    expect((await fixture.record(view.id)).votes).toEqual([]);
  });

  it('is not forgotten when an older reading comes back later', async () => {
    const fixture = createGovernanceFixture();
    await fixture.propose();
    const get = fixture.store.get.bind(fixture.store);
    let comeBack = (): void => {};
    fixture.store.get = async (key) => {
      fixture.store.get = get;
      const item = await get(key);
      await new Promise<void>((resolve) => (comeBack = resolve));
      return item;
    };
    const slow = fixture.governance.refresh();
    await changePolicy(fixture, remove('pete'));
    comeBack();
    await slow;
    expect(fixture.governance.inForce().version).toBe(2);
  });

  it('lets a vote count that only the new roster allows', async () => {
    const fixture = createGovernanceFixture();
    const view = await fixture.propose();
    const voter = fixture.process();
    await voter.governance.refresh();
    await changePolicy(fixture, patch({ op: 'add', path: `/roster/people/${at('pete')}/roles/-`, value: 'risk' }));
    await voter.changes.decide(who('bob'), view.id, decision(view)); // meets the new version on the way
    await voter.changes.decide(who('pete'), view.id, decision(view));
    expect((await fixture.record(view.id)).votes.map(({ roles }) => roles)).toEqual([['owner'], ['peer', 'risk']]);
  });

  it('gives an approval back when an approver left before the claim', async () => {
    const fixture = createGovernanceFixture({ risk: LOCKED });
    const view = await fixture.approve(await fixture.propose(), 'bob', 'rita');
    expect(view.state).toBe('approved');
    const claimer = fixture.process();
    await claimer.governance.refresh();
    await changePolicy(fixture, remove('rita'));
    await fixture.clock.advance(DAY_MS);
    await claimer.changes.advance(view.id);
    const record = await fixture.record(view.id);
    expect([record.state, record.votes]).toEqual(['pending', []]);
    expect(record.entries.map(({ type }) => type)).toContain('change.returned');
  });

  it('assesses again under a table that became stricter, and old votes fall', async () => {
    const fixture = createGovernanceFixture({ risk: LOCKED });
    const view = await fixture.approve(await fixture.propose(), 'bob', 'rita');
    await changePolicy(fixture, patch({ op: 'replace', path: '/risk', value: STRICTER }));
    await fixture.clock.advance(DAY_MS);
    await fixture.changes.advance(view.id);
    const record = await fixture.record(view.id);
    expect([record.state, record.assessment?.approvals, record.votes.length]).toEqual(['pending', 3, 0]);
    expect(record.assessment?.policy.version).toBe('2');
  });

  it('widens nothing by an escalation that the policy in force no longer knows', async () => {
    const escalation = { afterHours: 25, roles: { owner: ['peer'], risk: ['peer'] } };
    const fixture = createGovernanceFixture({ risk: { ...RISK, escalation } });
    const stale = fixture.process();
    const view = await fixture.propose();
    await stale.changes.advance(view.id); // it knows the policy that has the escalation
    await changePolicy(fixture, patch({ op: 'remove', path: '/risk/escalation' }));
    await fixture.clock.advance(DAY_MS);
    await stale.changes.advance(view.id);
    expect((await fixture.record(view.id)).eligible).toBeUndefined();
  });

  it('does not claim what was approved under a policy that changed between reading and claiming', async () => {
    const fixture = createGovernanceFixture();
    const view = await fixture.approve(await fixture.propose(), 'bob', 'rita');
    const claimer = fixture.process();
    await claimer.governance.refresh();
    // The other process believes version 1; the ledger goes on to 2 without it.
    await changePolicy(fixture, patch({ op: 'replace', path: '/risk', value: STRICTER }));
    await claimer.changes.advance(view.id);
    expect((await fixture.record(view.id)).state).toBe('pending');
  });
});

describe('changing the policy', () => {
  it('takes an owner, risk and security, three people and a day, whatever the table says of it', async () => {
    const fixture = createGovernanceFixture();
    const view = await fixture.propose([remove('pete')], onPolicy);
    expect(view.risk).toMatchObject({ level: 'L4', approvals: 3, timelockMinutes: 1_440 });
    expect(view.risk?.roles).toEqual(['owner', 'risk', 'security']);
    await fixture.approve(view, 'bob', 'rita');
    await fixture.clock.advance(DAY_MS);
    await fixture.changes.advance(view.id);
    expect((await fixture.record(view.id)).state).toBe('pending');
    await fixture.approve(view, 'sam');
    await fixture.changes.advance(view.id);
    expect((await fixture.record(view.id)).state).toBe('approved');
    await fixture.clock.advance(DAY_MS);
    await fixture.changes.advance(view.id);
    expect((await fixture.record(view.id)).state).toBe('executed');
    expect(fixture.governance.policy.principal('pete')).toBeUndefined();
    expect(await fixture.governing.policy(who('ann'))).toMatchObject({
      ...{ version: 2, asConfigured: false },
      changed: { kind: 'changed', change: view.id, proposer: 'person:ann', approvers: ['bob', 'rita', 'sam'] },
    });
  });

  it.each([
    ['another entity of the registry', [put({ a: 1 })], { entityId: 'registry:keys' }],
    ['the whole policy at once', [put({ roster: ROSTER, risk: { version: '9', rules: [] } })], onPolicy],
  ])('has the same floor for %s', async (_, operations, entity) => {
    const fixture = createGovernanceFixture();
    const view = await fixture.propose(operations, entity);
    expect(view.risk).toMatchObject({ level: 'L4', approvals: 3, roles: ['owner', 'risk', 'security'] });
    expect((await fixture.record(view.id)).assessment?.enforcement ?? 'hard').toBe('hard');
  });

  it('lets nobody stand in for owner, risk or security, however long they take', async () => {
    const escalation = { afterHours: 1, roles: { owner: ['security'], risk: ['security'] } };
    const fixture = createGovernanceFixture({ risk: { ...RISK, escalation } });
    const [view, other] = [await fixture.propose([remove('pete')], onPolicy), await fixture.propose()];
    await fixture.clock.advance(DAY_MS);
    for (const { id } of [view, other]) await fixture.changes.advance(id);
    expect((await fixture.record(other.id)).eligible).toEqual({ owner: ['security'], risk: ['security'] });
    const record = await fixture.record(view.id);
    expect(record.eligible).toBeUndefined();
    const data = {
      change: view.id,
      revision: 1,
      assessment: record.assessment?.step ?? NO_STEP,
      eligible: { risk: ['peer'] },
    };
    const step = { type: 'change.escalated', actor: { kind: 'service', id: 'system' }, data } as const;
    const placed = {
      entity: checked<EntityId>(POLICY),
      seq: 99,
      hash: NOT_PLACED,
      at: checked<IsoInstant>(new Date(fixture.clock.now()).toISOString()),
    };
    expect(reduceChange(record, { ...step, ...placed })).toMatchObject({ kind: 'refused' });
  });

  it('does not let people approve what makes them approvers', async () => {
    const fixture = createGovernanceFixture();
    const roles = ['owner', 'risk', 'security'];
    const view = await fixture.propose(
      [patch({ op: 'replace', path: `/roster/people/${at('pete')}/roles`, value: roles })],
      onPolicy,
    );
    await expect(fixture.changes.decide(who('pete'), view.id, decision(view))).rejects.toMatchObject({
      code: 'NOT_ELIGIBLE',
    });
    await expect(fixture.changes.decide(who('ann'), view.id, decision(view))).rejects.toMatchObject({
      code: 'SELF_APPROVAL',
    });
    await expect(fixture.changes.decide(who('ann-2'), view.id, decision(view))).rejects.toMatchObject({
      code: 'SELF_APPROVAL',
    });
    expect((await fixture.record(view.id)).votes).toEqual([]);
  });

  it.each<[string, object, RegExp]>([
    ['is no policy', put({}), /not a policy/],
    ['has a roster of another shape', patch({ op: 'replace', path: '/roster/people', value: 7 }), /\/roster\/people/],
    ['is unreadable only on the way', patch({ op: 'remove', path: '/risk' }), /\/risk/],
    [
      'has a rule with an unknown role',
      patch({ op: 'add', path: '/risk/rules/0/roles/-', value: 'king' }),
      /"king" is not declared/,
    ],
    [
      'takes away the last who could approve',
      put({ roster: without('sam', 'sue'), risk: RISK }),
      /could never be changed/,
    ],
    [
      "leaves security only to the proposer's own",
      put({ roster: { ...without('sam', 'sue', 'rita', 'bob', 'carl'), agents: [] }, risk: RISK }),
      /could never be changed/,
    ],
    [
      'has a rule of its own that nobody could satisfy',
      patch({ op: 'add', path: '/risk/rules/-', value: { ...RISK.rules[0], name: 'trap', approvals: 10 } }),
      /no 10 people beside the proposer/,
    ],
    [
      'lets nobody propose',
      patch(
        { op: 'remove', path: '/roster/roles/owner/proposes' },
        { op: 'remove', path: '/roster/roles/peer/proposes' },
        { op: 'remove', path: '/roster/agents/0' },
      ),
      /could never be changed|may propose/,
    ],
    [
      'keeps roles apart that somebody holds',
      patch(
        { op: 'add', path: '/roster/separation', value: [['owner', 'risk']] },
        { op: 'add', path: `/roster/people/${at('ann')}/roles/-`, value: 'risk' },
      ),
      /"ann" holds "owner" and "risk"/,
    ],
    [
      'gives an account to two people',
      patch({ op: 'add', path: `/roster/people/${at('pete')}/accounts/-`, value: 'rita' }),
      /already names/,
    ],
    [
      'names an agent like a module',
      patch({ op: 'replace', path: '/roster/agents/0/id', value: 'billing' }),
      /already names/,
    ],
  ])('refuses at once a document that %s', async (name, operation, message) => {
    const fixture = createGovernanceFixture();
    await fixture.propose();
    const operations = name.endsWith('on the way')
      ? [operation, patch({ op: 'add', path: '/risk', value: RISK })]
      : [operation];
    const before = contentsOf(fixture.store);
    await expect(fixture.propose(operations, onPolicy)).rejects.toMatchObject({
      ...{ code: 'CHANGE_INVALID', message: expect.stringMatching(message) as string },
    });
    expect(contentsOf(fixture.store)).toBe(before);
  });

  it('refuses to delete it', async () => {
    const fixture = createGovernanceFixture();
    await expect(fixture.propose([{ type: 'state.delete', payload: {} }], onPolicy)).rejects.toMatchObject({
      code: 'CHANGE_INVALID',
    });
  });

  it('checks the document again when it is carried out, by what is known then', async () => {
    const fixture = createGovernanceFixture();
    const zed = { personId: 'zed', name: 'Zed', accounts: ['zed'], roles: ['peer'] };
    const view = await fixture.propose([patch({ op: 'add', path: '/roster/people/-', value: zed })], onPolicy);
    await fixture.approve(view, 'bob', 'rita', 'sam');
    // Meanwhile a release brings a module of that name.
    const released = fixture.process({});
    Object.assign(released.governance.modules as object, { zed: { proposes: [], reads: [], publishes: [] } });
    await fixture.clock.advance(DAY_MS);
    await released.changes.advance(view.id);
    delete (released.governance.modules as Record<string, unknown>)['zed'];
    const record = await fixture.record(view.id);
    expect([record.state, record.failure?.message]).toEqual(['failed', expect.stringMatching(/already names/)]);
    expect(fixture.governance.inForce().version).toBe(1);
  });

  it('is undone with what it changed, and the policy before it is in force again', async () => {
    const fixture = createGovernanceFixture();
    const view = await fixture.propose(
      [remove('pete'), patch({ op: 'test', path: '/risk/version', value: '1' })],
      onPolicy,
    );
    await fixture.approve(view, 'bob', 'rita', 'sam');
    await fixture.clock.advance(DAY_MS);
    for (const step of ['claim', 'intend', 'apply'] as const) await fixture.changes.runStep(step, view.id);
    expect(fixture.governance.inForce().version).toBe(2);
    await fixture.changes.abort(who('rita'), view.id, { reason: 'not like this' });
    await fixture.changes.advance(view.id);
    expect((await fixture.record(view.id)).state).toBe('rolled_back');
    expect(fixture.governance.inForce().version).toBe(3);
    expect(fixture.governance.policy.rolesOf('pete')).toEqual(['peer']);
  });

  it('gives no more than a day to those who like it short', async () => {
    const fixture = createGovernanceFixture({ risk: { ...RISK, decisionHours: 2 } });
    const changes = await Promise.all([fixture.propose(), fixture.propose([remove('pete')], onPolicy)]);
    const hours = changes.map(({ deadline, createdAt }) => (Date.parse(deadline) - Date.parse(createdAt)) / 3_600_000);
    expect(hours).toEqual([2, 168]);
  });
});

describe('the ledger proves it', () => {
  it('leads to a readable policy again after a resolution that jumped over versions', async () => {
    const fixture = createGovernanceFixture();
    const view = await fixture.approve(
      await fixture.propose([remove('pete'), patch({ op: 'replace', path: '/risk/version', value: '2' })], onPolicy),
      ...['bob', 'ralf', 'sue'],
    );
    await fixture.clock.advance(DAY_MS);
    for (const step of ['claim', 'intend', 'apply'] as const) await fixture.changes.runStep(step, view.id);
    const key = { pk: 'main#document', sk: POLICY };
    const { value } = (await fixture.store.get(key)) ?? {};
    for (let i = 0; i < 3; i++) await fixture.store.write([{ kind: 'put', key, value: value ?? null, expect: 'any' }]);
    expect(await fixture.changes.advance(view.id)).toEqual({ kind: 'end', state: 'rollback_failed' });
    const evidence = [{ url: 'https://case', hash: 'ab'.repeat(32) }];
    for (const person of ['bob', 'sue'])
      await fixture.changes.resolve(who(person), view.id, { outcome: 'rolled_back', reason: 'it is', evidence });

    const copy = new MemoryStore();
    const rebuild = createItemRebuilder({ ledger: 'main', items: copy, entries: fixture.store });
    for (const entry of await fixture.chain()) {
      const rebuilt = await rebuild(entry);
      if (rebuilt.kind !== 'writes') throw new Error(rebuilt.reason);
      expect((await copy.write(rebuilt.writes)).kind).toBe('written');
    }
    expect(await copy.get(key)).toEqual(await fixture.store.get(key));
    const version = { pk: 'main#policy', sk: 'version' };
    expect((await copy.get(version))?.value).toEqual((await fixture.store.get(version))?.value);
  });

  it('leads to the stored policy, and to the same items again', async () => {
    const fixture = createGovernanceFixture();
    await changePolicy(fixture, remove('pete'));
    const chain = await fixture.chain();
    const stored = await fixture.changes.document(who('ann'), POLICY);
    expect(verifyState(POLICY, chain)).toEqual({ kind: 'state', ...stored });

    const copy = new MemoryStore();
    const rebuild = createItemRebuilder({ ledger: 'main', items: copy, entries: fixture.store });
    for (const entry of chain) {
      const rebuilt = await rebuild(entry);
      if (rebuilt.kind !== 'writes') throw new Error(rebuilt.reason);
      expect((await copy.write(rebuilt.writes)).kind).toBe('written');
    }
    for (const key of [
      { pk: 'main#policy', sk: 'version' },
      { pk: 'main#document', sk: POLICY },
    ])
      expect(await copy.get(key)).toEqual(await fixture.store.get(key));
  });

  it.each<[string, (data: Record<string, unknown>) => object]>([
    ['claims another document', (data) => ({ ...data, document: { roster: 1 } })],
    ['claims another version', (data) => ({ ...data, version: 2 })],
    ['says more than it may', (data) => ({ ...data, also: true })],
  ])('does not believe an adoption that %s', async (_, forge) => {
    const fixture = createGovernanceFixture();
    await fixture.propose();
    const [entry] = await fixture.chain();
    if (entry === undefined) throw new Error('nothing was adopted');
    const forged = { ...entry, body: { ...entry.body, data: forge(entry.body.data) } } as typeof entry;
    expect(verifyState(POLICY, [forged])).toMatchObject({ kind: 'inconsistent', seq: 0 });
  });

  it('believes one adoption only, and only on the chain of the policy', async () => {
    const fixture = createGovernanceFixture();
    await fixture.propose();
    const [entry] = await fixture.chain();
    if (entry === undefined) throw new Error('nothing was adopted');
    const again = {
      ...entry,
      body: { ...entry.body, seq: 1, data: { ...entry.body.data, version: 2 } },
    } as typeof entry;
    expect(verifyState(POLICY, [entry, again])).toMatchObject({ kind: 'inconsistent', seq: 1 });
    const outside = { ...entry, body: { ...entry.body, entity: ENTITY } } as typeof entry;
    expect(verifyState(ENTITY, [outside])).toMatchObject({ kind: 'inconsistent' });
  });
});
