/** Attacks on who decides, on what, how often and when. */
import { expect } from 'vitest';
import { createPolicy } from '../../core/policy/index.ts';
import {
  contentsOf,
  createFixture,
  decision,
  entriesOf,
  hours,
  modules,
  patchOf,
  proposal,
  risk,
  roster,
  who,
} from '../core/changes/fixture.ts';
import { approved, attack, effects, pending, refused, stateOf, vote } from './attack.ts';

attack(1, 'the proposer approves, under another account, or the owner of the agent does, or an editor', async () => {
  const fixture = createFixture();
  const own = await pending(fixture, who('ann'));
  for (const account of ['ann', 'ann-admin'])
    await refused(fixture, 'SELF_APPROVAL', () => fixture.changes.decide(who(account), own.id, decision(own)));
  const agents = await pending(fixture, who('advisor'));
  await refused(fixture, 'SELF_APPROVAL', () => fixture.changes.decide(who('bob'), agents.id, decision(agents)));
  const { title, rationale, operations } = proposal([patchOf('/balance', 20)]) as Record<string, unknown>;
  const edited = await fixture.changes.revise(who('ann-admin'), own.id, { title, rationale, operations });
  await refused(fixture, 'SELF_APPROVAL', () => fixture.changes.decide(who('ann'), own.id, decision(edited)));
});

attack(1, 'a voter has become the owner of the agent by the time it is claimed', async () => {
  const fixture = createFixture();
  const view = await approved(fixture, who('advisor'));
  const agents = roster.agents.map((agent) => ({ ...agent, owner: 'ann' }));
  await fixture.other({ policy: createPolicy({ ...roster, agents }, modules) }).advance(view.id);
  expect(await effects(fixture, view.id)).toBe(0);
});

attack(2, 'one person votes twice with two accounts, or fills two slots with two roles', async () => {
  const fixture = createFixture();
  const view = await pending(fixture);
  await vote(fixture.changes, view, 'ann');
  await refused(fixture, 'ALREADY_VOTED', () => fixture.changes.decide(who('ann-admin'), view.id, decision(view)));
  const other = await pending(fixture);
  await vote(fixture.changes, other, 'otto'); // owner and risk in one person
  expect(await stateOf(fixture, other.id)).toBe('pending');
  const third = await pending(fixture);
  await vote(fixture.changes, third, 'ann', 'bob'); // two people, both owners
  expect(await stateOf(fixture, third.id)).toBe('pending');
});

attack(2, 'the two accounts vote at the same moment in two processes', async () => {
  const fixture = createFixture({ store: { exclusive: false } });
  const view = await pending(fixture);
  const answers = await Promise.allSettled([
    fixture.changes.decide(who('ann'), view.id, decision(view)),
    fixture.other().decide(who('ann-admin'), view.id, decision(view)),
  ]);
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect((await fixture.record(view.id)).votes).toHaveLength(1);
});

attack(3, 'an agent or a module votes', async () => {
  const fixture = createFixture();
  const view = await pending(fixture);
  for (const name of ['advisor', 'billing'])
    await refused(fixture, 'AGENTS_CANNOT_DECIDE', () => fixture.changes.decide(who(name), view.id, decision(view)));
});

attack(4, 'a decision says itself who the approver is', async () => {
  const fixture = createFixture();
  const view = await pending(fixture);
  for (const forged of [{ personId: 'rita' }, { roles: ['owner', 'risk'] }, { account: 'rita' }])
    await refused(fixture, 'CHANGE_INVALID', () =>
      fixture.changes.decide(who('pete'), view.id, { ...decision(view), ...forged }),
    );
});

attack(
  6,
  'a decision is sent again: with its nonce by another person, on another change-set, after it became void',
  async () => {
    const fixture = createFixture();
    const [one, two] = [await pending(fixture), await pending(fixture)];
    const input = decision(one);
    await fixture.changes.decide(who('ann'), one.id, input);
    const { nonce: used } = input as { nonce: string };
    await refused(fixture, 'DECISION_REPLAYED', () => fixture.changes.decide(who('rita'), one.id, input));
    await refused(fixture, 'DECISION_REPLAYED', () =>
      fixture.changes.decide(who('rita'), two.id, { ...decision(two), nonce: used }),
    );
    const { title, rationale, operations } = proposal([patchOf('/balance', 20)]) as Record<string, unknown>;
    const revised = await fixture.changes.revise(who('pete'), one.id, { title, rationale, operations });
    await refused(fixture, 'DECISION_REPLAYED', () => fixture.changes.decide(who('ann'), one.id, input));
    await refused(fixture, 'DECISION_REPLAYED', () =>
      fixture.changes.decide(who('ann'), one.id, { ...decision(revised), nonce: used }),
    );
  },
);

attack(7, 'what was approved is edited: votes are void, and votes on the old text do not count', async () => {
  const fixture = createFixture();
  const view = await pending(fixture);
  await vote(fixture.changes, view, 'ann');
  const { title, rationale, operations } = proposal([patchOf('/balance', 999)]) as Record<string, unknown>;
  const revised = await fixture.changes.revise(who('pete'), view.id, { title, rationale, operations });
  expect(revised.votes).toEqual([]);
  await refused(fixture, 'DECISION_STALE', () => fixture.changes.decide(who('rita'), view.id, decision(view)));
  const mixed = { ...decision(revised), contentHash: view.contentHash };
  await refused(fixture, 'DECISION_STALE', () => fixture.changes.decide(who('rita'), view.id, mixed));
  await vote(fixture.changes, revised, 'rita');
  expect(await stateOf(fixture, view.id)).toBe('pending');
});

attack(8, 'approve and reject race: the first that ends it wins, the other is told, whatever the order', async () => {
  for (let turns = 0; turns < 12; turns++) {
    const fixture = createFixture({ store: { exclusive: false } });
    const view = await pending(fixture);
    await vote(fixture.changes, view, 'ann');
    const second = fixture.other();
    const answers = await Promise.allSettled([
      fixture.changes.decide(who('rita'), view.id, decision(view)),
      (async () => {
        for (let i = 0; i < turns; i++) await Promise.resolve();
        return second.decide(who('otto'), view.id, decision(view, 'reject'));
      })(),
    ]);
    const steps = (await entriesOf(fixture, view.id)).map(({ body }) => body.type);
    const ends = steps.filter((type) => type === 'change.approved' || type === 'change.rejected');
    // A veto still counts while nothing runs; an approval after a rejection never does.
    expect([['change.approved'], ['change.rejected'], ['change.approved', 'change.rejected']]).toContainEqual(ends);
    expect(answers.some(({ status }) => status === 'fulfilled')).toBe(true);
  }
});

attack(20, 'the deadline has passed but no timer fired: votes and claims are refused by server time', async () => {
  const fixture = createFixture();
  const [open, ready] = [await pending(fixture, who('pete'), '/limits'), await approved(fixture)];
  await fixture.clock.advance(hours(168));
  await refused(fixture, 'DECISION_EXPIRED', () => fixture.changes.decide(who('ann'), open.id, decision(open)));
  await fixture.changes.runStep('claim', ready.id);
  expect(await effects(fixture, ready.id)).toBe(0);
  expect(await fixture.changes.advance(ready.id)).toEqual({ kind: 'end', state: 'expired' });
});

attack(20, 'the client lies about the time', async () => {
  const fixture = createFixture();
  const view = await pending(fixture);
  const past = new Date(fixture.clock.now() - 1).toISOString();
  await refused(fixture, 'DECISION_EXPIRED', () =>
    fixture.changes.decide(who('ann'), view.id, decision(view, 'approve', { expiresAt: past })),
  );
  await refused(fixture, 'CHANGE_INVALID', () =>
    fixture.changes.decide(who('ann'), view.id, decision(view, 'approve', { at: '2020-01-01T00:00:00Z' })),
  );
});

attack(20, 'the time lock is jumped by a callback', async () => {
  const fixture = createFixture();
  const { change } = await fixture.changes.propose(who('pete'), proposal([patchOf('/balance', 5000)]));
  await vote(fixture.changes, change, 'rita', 'otto');
  const third = await fixture.changes.get(who('aud'), change.id);
  if (third.state === 'pending') await vote(fixture.changes, third, 'ann');
  for (const step of ['timelock', 'claim', 'intend', 'apply', 'finish'] as const)
    await fixture.changes.runStep(step, change.id);
  expect(await effects(fixture, change.id)).toBe(0);
});

attack(21, 'an approver has left before it is claimed', async () => {
  const fixture = createFixture();
  const view = await approved(fixture);
  const people = roster.people.filter(({ personId }) => personId !== 'rita');
  const later = fixture.other({ policy: createPolicy({ ...roster, people }, modules) });
  await later.advance(view.id);
  expect(await effects(fixture, view.id)).toBe(0);
  expect(await stateOf(fixture, view.id)).toBe('pending');
});

attack(22, 'the rules have become stricter before it is claimed', async () => {
  const fixture = createFixture();
  const view = await approved(fixture);
  const strict = { ...risk, version: 'strict', rules: risk.rules.map((rule) => ({ ...rule, approvals: 3 })) };
  await fixture.other({ risk: strict }).advance(view.id);
  expect(await effects(fixture, view.id)).toBe(0);
  expect(await stateOf(fixture, view.id)).toBe('pending');
});

attack(23, 'the proposer states facts, levels or hashes of its own', async () => {
  const fixture = createFixture();
  const lies = [
    { level: 'L0' },
    { facts: { money: { moved: 0 } } },
    { risk: { approvals: 0 } },
    { contentHash: '0'.repeat(64) },
  ];
  for (const lie of lies)
    await refused(fixture, 'CHANGE_INVALID', () =>
      fixture.changes.propose(who('advisor'), { ...proposal([patchOf('/balance', 5000)]), ...lie }),
    );
});

attack(23, 'money is moved by another operation, there and back, or as text', async () => {
  const fixture = createFixture();
  const large = { level: 'L3' };
  const put = { type: 'state.put', payload: { balance: '5000.00' } };
  const { change: byPut } = await fixture.changes.propose(who('pete'), proposal([put]));
  expect(byPut.risk).toMatchObject(large);
  const andBack = [patchOf('/balance', 5000), patchOf('/balance', 0, 'replace')];
  const { change: backAgain } = await fixture.changes.propose(who('pete'), proposal(andBack));
  expect(backAgain.risk).toMatchObject(large);
});

attack(23, 'one large change is split into many small ones', async () => {
  const fixture = createFixture();
  for (let i = 0; i < 2; i++) await fixture.changes.propose(who('advisor'), proposal([patchOf(`/note${i}`, i)]));
  const { change } = await fixture.changes.propose(who('advisor'), proposal([patchOf('/note3', 3)]));
  expect(change.risk).toMatchObject({ level: 'L3' });
});

attack(23, 'the risk cannot be assessed: nobody can approve it', async () => {
  const fixture = createFixture();
  await refused(fixture, 'RISK_BLOCKED', () =>
    fixture.changes.propose(who('pete'), proposal([patchOf('/balance', 'a lot')])),
  );
});

attack(30, 'text reorders or hides what is shown to the approver', async () => {
  const fixture = createFixture();
  for (const hidden of ['\u202e', '\u2066', '\u0000', '\u001b[2J', '\u2028'])
    await refused(fixture, 'CHANGE_INVALID', () =>
      fixture.changes.propose(who('pete'), { ...proposal([patchOf('/note', 1)]), title: `Raise${hidden}the limit` }),
    );
});

attack(14, 'links are fetched ahead: reading decides nothing', async () => {
  const fixture = createFixture();
  const view = await pending(fixture);
  const before = contentsOf(fixture.store);
  await fixture.changes.get(who('rita'), view.id);
  await fixture.changes.list(who('rita'), { for: 'me' });
  await fixture.changes.document(who('rita'), 'account:1695');
  expect(contentsOf(fixture.store)).toBe(before);
});
