/** `nervous guards list`: which topics protection stopped; `nervous guards reset <topic>` opens one. */
import type { Command } from 'commander';
import type { GuardState, TopicStop } from '../../../../core/events/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { show } from '../../output/output.ts';

interface ResetOptions extends ConnectOptions {
  readonly reason?: string;
}

export function listGuardsCommand(): Command {
  return connectedCommand().action(async (options: ConnectOptions) => {
    const guards = await connect(options).guards();
    show(options, { guards }, () =>
      guards.length === 0 ? 'no topics of yours' : guards.map((guard) => linesOf(guard)).join('\n'),
    );
  });
}

export function resetGuardCommand(): Command {
  return connectedCommand('<topic>')
    .option('--reason <text>', 'what you found; it is recorded')
    .action(async (topic: string, { reason, ...options }: ResetOptions) => {
      const guard = await connect(options).resetGuard(topic, reason);
      show(options, guard, () => linesOf(guard));
    });
}

function linesOf({ topic, state, perSecond, stops }: GuardState): string {
  const limit = perSecond === undefined ? '' : `  at most ${perSecond}/s`;
  return [`${topic}  ${state}${limit}`, ...stops.map(lineOf)].join('\n');
}

function lineOf({ cause, reason, correlationId, stoppedAt, resetAt, eventId, source }: TopicStop): string {
  const what = correlationId === undefined ? cause : `${cause} of correlation ${correlationId}`;
  const end = resetAt === undefined ? '' : `, until ${resetAt}`;
  return `  ${what} since ${stoppedAt}${end}: ${reason}; decided by ${eventId} of ${source}`;
}
