/** Attacks by way of delegation, escalation, emergencies, the policy itself, and floods. */
import { expect } from 'vitest';
import { riskSchema } from '../../core/changes/index.ts';
import { createPolicy } from '../../core/policy/index.ts';
import {
  recordingFixture,
  by,
  overrideOf,
  pending as pendingActions,
  refused as refusedActions,
} from '../core/changes/recording/recording-fixture.ts';
import {
  at,
  createGovernanceFixture,
  DAY_MS,
  onPolicy,
  patch,
  POLICY,
  who as governed,
} from '../core/changes/governance-fixture.ts';
import {
  createFixture,
  decision,
  hours,
  modules,
  patchOf,
  proposal,
  risk,
  roster,
  who,
} from '../core/changes/fixture.ts';
import { attack, effects, refused, stateOf, vote } from './attack.ts';

attack(21, 'the approver is taken off the roster by a process that the voting one has not heard of', async () => {
  const fixture = createGovernanceFixture();
  const view = await fixture.propose();
  const stale = fixture.process();
  await stale.changes.list(governed('rita'));
  const removal = patch({ op: 'remove', path: `/roster/people/${at('rita')}` });
  await fixture.carryOut(await fixture.propose([removal], onPolicy), 'bob', 'ralf', 'sam');
  await expect(stale.changes.decide(governed('rita'), view.id, decision(view))).rejects.toMatchObject({
    code: 'NOT_ELIGIBLE',
  });
});

attack(
  22,
  'the policy is edited under rules of its own making: it is of the highest level, whatever the table says',
  async () => {
    const fixture = createGovernanceFixture(); // its table calls everything under registry: L0
    const change = await fixture.propose([patch({ op: 'replace', path: '/risk/version', value: '2' })], onPolicy);
    expect(change).toMatchObject({
      entityId: POLICY,
      state: 'pending',
      risk: { level: 'L4', approvals: 3, timelockMinutes: 1_440, enforcement: 'hard' },
    });
  },
);

attack(25, 'a delegated vote is cast twice, passed on, or used by who is excluded', async () => {
  const fixture = createGovernanceFixture();
  const view = await fixture.propose();
  const until = new Date(fixture.clock.now() + DAY_MS).toISOString();
  const lend = (from: string, to: string): Promise<unknown> =>
    fixture.governing.delegate(governed(from), { to, until, reason: 'on leave' });
  const vote = (account: string, onBehalfOf: string): Promise<unknown> =>
    fixture.changes.decide(governed(account), view.id, decision(view, 'approve', { onBehalfOf }));
  await lend('carl', 'pete');
  await lend('rita', 'pete');
  await lend('pete', 'ralf');
  await expect(vote('ralf', 'carl')).rejects.toMatchObject({ code: 'DELEGATION_INVALID' });
  await vote('pete', 'carl');
  await expect(vote('pete', 'rita')).rejects.toMatchObject({ code: 'ALREADY_VOTED' });
  await expect(fixture.changes.decide(governed('carl'), view.id, decision(view))).rejects.toMatchObject({
    code: 'ALREADY_VOTED',
  });
  expect((await fixture.record(view.id)).votes).toHaveLength(1);
});

attack(
  26,
  'one waits for the escalation: more people may help, as many are needed, and silence ends in nothing',
  async () => {
    const fixture = createFixture();
    const table = riskSchema.parse({
      ...{ ...risk, decisionHours: 48, escalation: { afterHours: 10, roles: { owner: ['proposer'] } } },
      // One more person than there are roles: filling the roles is not enough, neither before nor after.
      rules: risk.rules.map((rule) => ({ ...rule, approvals: 3 })),
    });
    const changes = fixture.other({ risk: table });
    const { change } = await changes.propose(who('ann'), proposal([patchOf('/balance', 10)]));
    await fixture.clock.advance(hours(10));
    await changes.advance(change.id);
    const view = await changes.get(who('aud'), change.id);
    await vote(changes, view, 'pete', 'rita');
    expect(await changes.get(who('aud'), change.id)).toMatchObject({
      ...{ state: 'pending', risk: { eligible: { owner: ['proposer'] } } },
      stillNeeded: { approvals: 1, roles: [] },
    });
    await refused(fixture, 'SELF_APPROVAL', () => changes.decide(who('ann'), change.id, decision(view)));
    await fixture.clock.advance(hours(38));
    expect(await changes.advance(change.id)).toEqual({ kind: 'end', state: 'expired' });
  },
);

attack(
  27,
  'the glass is broken without the right to it, for what is hard, by an agent or by the proposer',
  async () => {
    const fixture = recordingFixture();
    const soft = await pendingActions(fixture);
    await refusedActions(fixture, 'OVERRIDE_REFUSED', () =>
      fixture.changes.override(by('ann'), soft.id, overrideOf(soft)),
    );
    await refusedActions(fixture, 'AGENTS_CANNOT_DECIDE', () =>
      fixture.changes.override(by('advisor'), soft.id, overrideOf(soft)),
    );
    const hard = await pendingActions(fixture, [patchOf('/balance', 5000)]);
    await refusedActions(fixture, 'OVERRIDE_REFUSED', () =>
      fixture.changes.override(by('olga'), hard.id, overrideOf(hard)),
    );
    const { change: own } = await fixture.changes.propose(by('olga'), proposal([patchOf('/balance', 10)]));
    await refusedActions(fixture, 'SELF_APPROVAL', () =>
      fixture.changes.override(by('olga-mobile'), own.id, overrideOf(own)),
    );
  },
);

attack(27, 'who broke the glass reviews it too', async () => {
  const fixture = recordingFixture();
  const view = await pendingActions(fixture);
  await fixture.changes.override(by('olga'), view.id, overrideOf(view));
  await fixture.changes.advance(view.id);
  const review = { verdict: 'justified', reason: 'I know best' };
  for (const account of ['olga', 'olga-mobile', 'pete'])
    await refusedActions(fixture, 'REVIEW_REFUSED', () => fixture.changes.review(by(account), view.id, review));
  expect((await fixture.record(view.id)).postReview).toMatchObject({ kind: 'override', reviews: [] });
});

attack(27, 'the right to break the glass is taken away before it is claimed', async () => {
  const fixture = recordingFixture();
  const view = await pendingActions(fixture);
  await fixture.changes.override(by('olga'), view.id, overrideOf(view));
  const nobodyOnCall = createPolicy(roster, modules);
  await fixture.other({ policy: nobodyOnCall }).advance(view.id);
  expect(await effects(fixture, view.id)).toBe(0);
});

attack(29, 'approvers are flooded: a proposer has only so many waiting, under all accounts and agents', async () => {
  const fixture = createFixture();
  const changes = fixture.other({ risk: riskSchema.parse({ ...risk, maxOpen: 2 }) });
  await changes.propose(who('advisor'), proposal([patchOf('/a', 1)]));
  await changes.propose(who('bob'), proposal([patchOf('/b', 1)])); // bob answers for the advisor
  for (const account of ['advisor', 'bob'])
    await refused(fixture, 'TOO_MANY_OPEN', () => changes.propose(who(account), proposal([patchOf('/c', 1)])));
});

attack(29, 'much is approved with one click: a decision names one change-set and its hashes', async () => {
  const fixture = createFixture();
  const { change: one } = await fixture.changes.propose(who('pete'), proposal([patchOf('/a', 1)]));
  const { change: two } = await fixture.changes.propose(who('pete'), proposal([patchOf('/b', 1)]));
  await refused(fixture, 'CHANGE_INVALID', () =>
    fixture.changes.decide(who('ann'), one.id, [decision(one), decision(two)]),
  );
  await refused(fixture, 'DECISION_STALE', () => fixture.changes.decide(who('ann'), two.id, decision(one)));
  expect(await stateOf(fixture, two.id)).toBe('pending');
});
