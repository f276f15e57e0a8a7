/** What the inbox tells a person: how much waits and for how long, how risky it is, who has voted, who must, until when. */
import { expect, it } from 'vitest';
import { inboxText } from '../../../../../clients/cli/commands/changes/inbox.ts';
import type { ChangeView } from '../../../../../core/changes/index.ts';
import {
  createGovernanceFixture,
  DAY_MS,
  who,
  type GovernanceFixture,
} from '../../../../core/changes/governance-fixture.ts';
import { decision } from '../../../../core/changes/fixture.ts';

const HOUR_MS = 3_600_000;

async function inbox(fixture: GovernanceFixture, account: string): Promise<string> {
  const { changes } = await fixture.changes.list(who(account), { for: 'me' });
  return inboxText(changes, fixture.clock.now());
}

it('says so when nothing waits', async () => {
  expect(await inbox(createGovernanceFixture(), 'bob')).toBe('nothing waits for your decision');
});

it('shows the queue and, of each, risk, votes, who is missing, and the time left', async () => {
  const fixture = createGovernanceFixture();
  const until = new Date(fixture.clock.now() + 3 * DAY_MS).toISOString();
  const first = await fixture.propose(undefined, { title: 'Raise the limit' });
  await fixture.governing.delegate(who('rita'), { to: 'pete', until, reason: 'on leave' });
  await fixture.changes.decide(who('pete'), first.id, decision(first, 'approve', { onBehalfOf: 'rita' }));
  await fixture.clock.advance(DAY_MS + 2 * HOUR_MS + 60_000);
  const second = await fixture.propose(undefined, { title: 'Note it', deadline: inAn(HOUR_MS, fixture) }, 'bot');
  await fixture.governing.delegate(who('carl'), { to: 'ralf', until, reason: 'on leave' });
  const now = fixture.clock.now();

  expect(await inbox(fixture, 'carl')).toBe(
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
  expect(await inbox(fixture, 'ralf')).toContain('  your own vote counts\n  with --for carl, the vote of carl counts');
});

function inAn(ms: number, { clock }: GovernanceFixture): string {
  return new Date(clock.now() + ms).toISOString();
}

function daysLeft({ deadline }: ChangeView, now: number): string {
  const hours = Math.floor((Date.parse(deadline) - now) / HOUR_MS);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
