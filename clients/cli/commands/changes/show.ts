/** `nervous changes show`: one change-set with everything a decision rests on; `nervous changes diff`: only what it would change, in words. */
import type { Command } from 'commander';
import type { ChangeView } from '../../../../core/changes/index.ts';
import { wholeId } from '../../input/change-id.ts';
import { details } from '../../output/change-lines.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { previewLines } from '../../output/preview-lines.ts';
import { show } from '../../output/output.ts';

export function showChangeCommand(): Command {
  return connectedCommand('<id>').action(async (id: string, options: ConnectOptions) => {
    const change = await read(id, options);
    show(options, { change }, () => [details(change), ...ballotLines(change), ...historyLines(change)].join('\n'));
  });
}

export function diffChangeCommand(): Command {
  return connectedCommand('<id>').action(async (id: string, options: ConnectOptions) => {
    const { id: whole, entityId, state, preview } = await read(id, options);
    show(options, { id: whole, entityId, preview: preview ?? null }, () => {
      if (preview === undefined) return `${whole} is ${state}: it touched no document`;
      return preview.kind === 'preview'
        ? [`${whole} makes of ${entityId}`, ...previewLines(entityId, preview)].join('\n')
        : `does not fit the document as it is now: ${preview.reason}`;
    });
  });
}

async function read(id: string, options: ConnectOptions): Promise<ChangeView> {
  const client = connect(options);
  return client.changeSet(await wholeId(client, id));
}

function ballotLines({ state, mayVoteAs = [], mayNotVote }: ChangeView): string[] {
  if (state !== 'pending') return [];
  const own = mayNotVote === undefined ? [] : [`  you cannot decide: ${mayNotVote.message}`];
  const ballots = mayVoteAs.map(({ personId, delegation }) =>
    delegation === undefined ? '  your own vote counts' : `  with --for ${personId}, the vote of ${personId} counts`,
  );
  return [...own, ...ballots];
}

function historyLines({ entries }: ChangeView): string[] {
  return ['  steps:', ...entries.map(({ at, type, seq }) => `    #${seq}  ${at}  ${type.replace(/^change\./, '')}`)];
}
