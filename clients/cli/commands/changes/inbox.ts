/** `nervous changes inbox`: what waits for the caller's decision: how much, for how long, how risky; who has voted, who must, until when. */
import type { Command } from 'commander';
import type { ChangeView } from '../../../../core/changes/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { NO_PAGER, showList, type PagedOptions } from '../../output/pager.ts';
import { summary, voteLines } from '../../output/change-lines.ts';
import { previewLines } from '../../output/preview-lines.ts';
import { MS_PER_MINUTE } from '../../../../core/values/index.ts';

const PAGE = 100;

export function inboxCommand(): Command {
  return connectedCommand()
    .option(...NO_PAGER)
    .action(async (options: ConnectOptions & PagedOptions) => {
      const changes = await collectInbox(options);
      showList(options, { changes }, () => inboxText(changes, Date.now()));
    });
}

/** @param now ms since the Unix epoch */
export function inboxText(changes: readonly ChangeView[], now: number): string {
  if (changes.length === 0) return 'nothing waits for your decision';
  const age = now - Math.min(...changes.map(({ createdAt }) => Date.parse(createdAt)));
  const levels = changes.map(({ risk }) => risk?.level ?? 'unassessed');
  const counts = [...new Set(levels)].sort().map((level) => `${levels.filter((one) => one === level).length} ${level}`);
  const wait = changes.length === 1 ? '1 waits' : `${changes.length} wait`;
  const head = `${wait} for your decision (${counts.join(', ')}), the oldest for ${span(age)}`;
  return [head, ...changes.map((change) => entryText(change, now))].join('\n\n');
}

function entryText(change: ChangeView, now: number): string {
  const { createdAt, deadline, entityId, preview, votes, mayVoteAs = [] } = change;
  return [
    summary(change),
    ...(preview?.kind === 'preview' ? previewLines(entityId, preview) : []),
    `  waits for ${span(now - Date.parse(createdAt))}, expires in ${span(Date.parse(deadline) - now)}`,
    ...(votes.length === 0 ? ['  nobody has voted'] : voteLines(votes)),
    ...mayVoteAs.map(({ personId, delegation }) =>
      delegation === undefined ? '  your own vote counts' : `  with --for ${personId}, the vote of ${personId} counts`,
    ),
  ].join('\n');
}

/** In the two largest units: `3 d 4 h`. */
function span(ms: number): string {
  const minutes = Math.max(Math.floor(ms / MS_PER_MINUTE), 0);
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}

async function collectInbox(options: ConnectOptions): Promise<ChangeView[]> {
  const client = connect(options);
  const changes: ChangeView[] = [];
  let after: string | undefined;
  do {
    const cursor = after === undefined ? {} : { after };
    const page = await client.changeSets({ for: 'me', limit: PAGE, ...cursor });
    changes.push(...page.changes);
    after = page.next;
  } while (after !== undefined);
  return changes;
}
