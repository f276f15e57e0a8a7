/** What the inbox tells a person: how much waits and for how long, how risky it is, who has voted, who must, until when. */
import { expect, it } from 'vitest';
import { inboxText } from '../../../../../clients/cli/commands/changes/inbox.ts';
import type { ChangeView } from '../../../../../core/changes/index.ts';
import { createGovernanceWorld, DAY_MS, who, type GovernanceWorld } from '../../../../core/changes/governance-world.ts';
import { decision } from '../../../../core/changes/world.ts';

const HOUR_MS = 3_600_000;

async function inbox(world: GovernanceWorld, account: string): Promise<string> {
  const { changes } = await world.changes.list(who(account), { for: 'me' });
  return inboxText(changes, world.clock.now());
}

it('says so when nothing waits', async () => {
  expect(await inbox(createGovernanceWorld(), 'bob')).toBe('nothing waits for your decision');
});

it('shows the queue and, of each, risk, votes, who is missing, and the time left', async () => {
  const world = createGovernanceWorld();
  const until = new Date(world.clock.now() + 3 * DAY_MS).toISOString();
  const first = await world.propose(undefined, { title: 'Raise the limit' });
  await world.governing.delegate(who('rita'), { to: 'pete', until, reason: 'on leave' });
  await world.changes.decide(who('pete'), first.id, decision(first, 'approve', { onBehalfOf: 'rita' }));
  await world.clock.advance(DAY_MS + 2 * HOUR_MS + 60_000);
  const second = await world.propose(undefined, { title: 'Note it', deadline: inAn(HOUR_MS, world) }, 'bot');
  await world.governing.delegate(who('carl'), { to: 'ralf', until, reason: 'on leave' });
  const now = world.clock.now();

  expect(await inbox(world, 'carl')).toBe(
    [
      '2 wait for your decision (2 L2), the oldest for 1 d 2 h',
      '',
      `${first.id}  Raise the limit`,
      '  account:1, proposed by person ann, pending, risk L2; needs 1 more approval: 1 owner',
      `  decide before ${first.deadline}`,
      '  on nothing: there is no document yet:',
      '    + /limit: 1',
      `  waits for 1 d 2 h, expires in ${daysLeft(first, now)}`,
      '  rita: approve by pete',
      '  your own vote counts',
      '',
      `${second.id}  Note it`,
      '  account:1, proposed by agent bot, pending, risk L2; needs 2 more approvals: 1 owner, 1 risk',
      `  decide before ${second.deadline}`,
      '  on nothing: there is no document yet:',
      '    + /limit: 1',
      '  waits for 0 min, expires in 1 h 0 min',
      '  nobody has voted',
      '  your own vote counts',
    ].join('\n'),
  );
  expect(await inbox(world, 'ralf')).toContain('  your own vote counts\n  with --for carl, the vote of carl counts');
});

function inAn(ms: number, { clock }: GovernanceWorld): string {
  return new Date(clock.now() + ms).toISOString();
}

function daysLeft({ deadline }: ChangeView, now: number): string {
  const hours = Math.floor((Date.parse(deadline) - now) / HOUR_MS);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
