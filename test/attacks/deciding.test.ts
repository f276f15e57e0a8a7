/** Attacks on who decides, on what, how often and when. */
import { expect } from 'vitest';
import { createPolicy } from '../../core/policy/index.ts';
import {
  contentsOf,
  createWorld,
  decision,
  entriesOf,
  hours,
  modules,
  patchOf,
  proposal,
  risk,
  roster,
  who,
} from '../core/changes/world.ts';
import { approved, attack, effects, pending, refused, stateOf, vote } from './attack.ts';

attack(1, 'the proposer approves, under another account, or the owner of the agent does, or an editor', async () => {
  const world = createWorld();
  const own = await pending(world, who('ann'));
  for (const account of ['ann', 'ann-admin'])
    await refused(world, 'SELF_APPROVAL', () => world.changes.decide(who(account), own.id, decision(own)));
  const agents = await pending(world, who('advisor'));
  await refused(world, 'SELF_APPROVAL', () => world.changes.decide(who('bob'), agents.id, decision(agents)));
  const { title, rationale, operations } = proposal([patchOf('/balance', 20)]) as Record<string, unknown>;
  const edited = await world.changes.revise(who('ann-admin'), own.id, { title, rationale, operations });
  await refused(world, 'SELF_APPROVAL', () => world.changes.decide(who('ann'), own.id, decision(edited)));
});

attack(1, 'a voter has become the owner of the agent by the time it is claimed', async () => {
  const world = createWorld();
  const view = await approved(world, who('advisor'));
  const agents = roster.agents.map((agent) => ({ ...agent, owner: 'ann' }));
  await world.other({ policy: createPolicy({ ...roster, agents }, modules) }).advance(view.id);
  expect(await effects(world, view.id)).toBe(0);
});

attack(2, 'one person votes twice with two accounts, or fills two slots with two roles', async () => {
  const world = createWorld();
  const view = await pending(world);
  await vote(world.changes, view, 'ann');
  await refused(world, 'ALREADY_VOTED', () => world.changes.decide(who('ann-admin'), view.id, decision(view)));
  const other = await pending(world);
  await vote(world.changes, other, 'otto'); // owner and risk in one person
  expect(await stateOf(world, other.id)).toBe('pending');
  const third = await pending(world);
  await vote(world.changes, third, 'ann', 'bob'); // two people, both owners
  expect(await stateOf(world, third.id)).toBe('pending');
});

attack(2, 'the two accounts vote at the same moment in two processes', async () => {
  const world = createWorld({ store: { exclusive: false } });
  const view = await pending(world);
  const answers = await Promise.allSettled([
    world.changes.decide(who('ann'), view.id, decision(view)),
    world.other().decide(who('ann-admin'), view.id, decision(view)),
  ]);
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect((await world.record(view.id)).votes).toHaveLength(1);
});

attack(3, 'an agent or a module votes', async () => {
  const world = createWorld();
  const view = await pending(world);
  for (const name of ['advisor', 'billing'])
    await refused(world, 'AGENTS_CANNOT_DECIDE', () => world.changes.decide(who(name), view.id, decision(view)));
});

attack(4, 'a decision says itself who the approver is', async () => {
  const world = createWorld();
  const view = await pending(world);
  for (const forged of [{ personId: 'rita' }, { roles: ['owner', 'risk'] }, { account: 'rita' }])
    await refused(world, 'CHANGE_INVALID', () =>
      world.changes.decide(who('pete'), view.id, { ...decision(view), ...forged }),
    );
});

attack(
  6,
  'a decision is sent again: with its nonce by another person, on another change-set, after it became void',
  async () => {
    const world = createWorld();
    const [one, two] = [await pending(world), await pending(world)];
    const input = decision(one);
    await world.changes.decide(who('ann'), one.id, input);
    const { nonce: used } = input as { nonce: string };
    await refused(world, 'DECISION_REPLAYED', () => world.changes.decide(who('rita'), one.id, input));
    await refused(world, 'DECISION_REPLAYED', () =>
      world.changes.decide(who('rita'), two.id, { ...decision(two), nonce: used }),
    );
    const { title, rationale, operations } = proposal([patchOf('/balance', 20)]) as Record<string, unknown>;
    const revised = await world.changes.revise(who('pete'), one.id, { title, rationale, operations });
    await refused(world, 'DECISION_REPLAYED', () => world.changes.decide(who('ann'), one.id, input));
    await refused(world, 'DECISION_REPLAYED', () =>
      world.changes.decide(who('ann'), one.id, { ...decision(revised), nonce: used }),
    );
  },
);

attack(7, 'what was approved is edited: votes are void, and votes on the old text do not count', async () => {
  const world = createWorld();
  const view = await pending(world);
  await vote(world.changes, view, 'ann');
  const { title, rationale, operations } = proposal([patchOf('/balance', 999)]) as Record<string, unknown>;
  const revised = await world.changes.revise(who('pete'), view.id, { title, rationale, operations });
  expect(revised.votes).toEqual([]);
  await refused(world, 'DECISION_STALE', () => world.changes.decide(who('rita'), view.id, decision(view)));
  const mixed = { ...decision(revised), contentHash: view.contentHash };
  await refused(world, 'DECISION_STALE', () => world.changes.decide(who('rita'), view.id, mixed));
  await vote(world.changes, revised, 'rita');
  expect(await stateOf(world, view.id)).toBe('pending');
});

attack(8, 'approve and reject race: the first that ends it wins, the other is told, whatever the order', async () => {
  for (let turns = 0; turns < 12; turns++) {
    const world = createWorld({ store: { exclusive: false } });
    const view = await pending(world);
    await vote(world.changes, view, 'ann');
    const second = world.other();
    const answers = await Promise.allSettled([
      world.changes.decide(who('rita'), view.id, decision(view)),
      (async () => {
        for (let i = 0; i < turns; i++) await Promise.resolve();
        return second.decide(who('otto'), view.id, decision(view, 'reject'));
      })(),
    ]);
    const steps = (await entriesOf(world, view.id)).map(({ body }) => body.type);
    const ends = steps.filter((type) => type === 'change.approved' || type === 'change.rejected');
    // A veto still counts while nothing runs; an approval after a rejection never does.
    expect([['change.approved'], ['change.rejected'], ['change.approved', 'change.rejected']]).toContainEqual(ends);
    expect(answers.some(({ status }) => status === 'fulfilled')).toBe(true);
  }
});

attack(20, 'the deadline has passed but no timer fired: votes and claims are refused by server time', async () => {
  const world = createWorld();
  const [open, ready] = [await pending(world, who('pete'), '/limits'), await approved(world)];
  await world.clock.advance(hours(168));
  await refused(world, 'DECISION_EXPIRED', () => world.changes.decide(who('ann'), open.id, decision(open)));
  await world.changes.runStep('claim', ready.id);
  expect(await effects(world, ready.id)).toBe(0);
  expect(await world.changes.advance(ready.id)).toEqual({ kind: 'end', state: 'expired' });
});

attack(20, 'the client lies about the time', async () => {
  const world = createWorld();
  const view = await pending(world);
  const past = new Date(world.clock.now() - 1).toISOString();
  await refused(world, 'DECISION_EXPIRED', () =>
    world.changes.decide(who('ann'), view.id, decision(view, 'approve', { expiresAt: past })),
  );
  await refused(world, 'CHANGE_INVALID', () =>
    world.changes.decide(who('ann'), view.id, decision(view, 'approve', { at: '2020-01-01T00:00:00Z' })),
  );
});

attack(20, 'the time lock is jumped by a callback', async () => {
  const world = createWorld();
  const { change } = await world.changes.propose(who('pete'), proposal([patchOf('/balance', 5000)]));
  await vote(world.changes, change, 'rita', 'otto');
  const third = await world.changes.get(who('aud'), change.id);
  if (third.state === 'pending') await vote(world.changes, third, 'ann');
  for (const step of ['timelock', 'claim', 'intend', 'apply', 'finish'] as const)
    await world.changes.runStep(step, change.id);
  expect(await effects(world, change.id)).toBe(0);
});

attack(21, 'an approver has left before it is claimed', async () => {
  const world = createWorld();
  const view = await approved(world);
  const people = roster.people.filter(({ personId }) => personId !== 'rita');
  const later = world.other({ policy: createPolicy({ ...roster, people }, modules) });
  await later.advance(view.id);
  expect(await effects(world, view.id)).toBe(0);
  expect(await stateOf(world, view.id)).toBe('pending');
});

attack(22, 'the rules have become stricter before it is claimed', async () => {
  const world = createWorld();
  const view = await approved(world);
  const strict = { ...risk, version: 'strict', rules: risk.rules.map((rule) => ({ ...rule, approvals: 3 })) };
  await world.other({ risk: strict }).advance(view.id);
  expect(await effects(world, view.id)).toBe(0);
  expect(await stateOf(world, view.id)).toBe('pending');
});

attack(23, 'the proposer states facts, levels or hashes of its own', async () => {
  const world = createWorld();
  const lies = [
    { level: 'L0' },
    { facts: { money: { moved: 0 } } },
    { risk: { approvals: 0 } },
    { contentHash: '0'.repeat(64) },
  ];
  for (const lie of lies)
    await refused(world, 'CHANGE_INVALID', () =>
      world.changes.propose(who('advisor'), { ...proposal([patchOf('/balance', 5000)]), ...lie }),
    );
});

attack(23, 'money is moved by another operation, there and back, or as text', async () => {
  const world = createWorld();
  const large = { level: 'L3' };
  const put = { type: 'state.put', payload: { balance: '5000.00' } };
  const { change: byPut } = await world.changes.propose(who('pete'), proposal([put]));
  expect(byPut.risk).toMatchObject(large);
  const andBack = [patchOf('/balance', 5000), patchOf('/balance', 0, 'replace')];
  const { change: backAgain } = await world.changes.propose(who('pete'), proposal(andBack));
  expect(backAgain.risk).toMatchObject(large);
});

attack(23, 'one large change is split into many small ones', async () => {
  const world = createWorld();
  for (let i = 0; i < 2; i++) await world.changes.propose(who('advisor'), proposal([patchOf(`/note${i}`, i)]));
  const { change } = await world.changes.propose(who('advisor'), proposal([patchOf('/note3', 3)]));
  expect(change.risk).toMatchObject({ level: 'L3' });
});

attack(23, 'the risk cannot be assessed: nobody can approve it', async () => {
  const world = createWorld();
  await refused(world, 'RISK_BLOCKED', () =>
    world.changes.propose(who('pete'), proposal([patchOf('/balance', 'a lot')])),
  );
});

attack(30, 'text reorders or hides what is shown to the approver', async () => {
  const world = createWorld();
  for (const hidden of ['\u202e', '\u2066', '\u0000', '\u001b[2J', '\u2028'])
    await refused(world, 'CHANGE_INVALID', () =>
      world.changes.propose(who('pete'), { ...proposal([patchOf('/note', 1)]), title: `Raise${hidden}the limit` }),
    );
});

attack(14, 'links are fetched ahead: reading decides nothing', async () => {
  const world = createWorld();
  const view = await pending(world);
  const before = contentsOf(world.store);
  await world.changes.get(who('rita'), view.id);
  await world.changes.list(who('rita'), { for: 'me' });
  await world.changes.document(who('rita'), 'account:1695');
  expect(contentsOf(world.store)).toBe(before);
});
