/** `nervous delegations`: whom you let vote for you, and who lets you; `nervous delegate` and `nervous undelegate`. */
import type { Command } from 'commander';
import type { Delegation, DelegationInput } from '../../../../core/changes/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { show } from '../../output/output.ts';
import { parseTime } from '../../input/times.ts';

interface DelegateOptions extends ConnectOptions {
  readonly until: string;
  readonly reason: string;
  readonly role?: readonly string[];
}

export function delegationsCommand(): Command {
  return connectedCommand(
    'delegations',
    'list the votes that you let others cast, and those that others let you cast',
  ).action(async (options: ConnectOptions) => {
    const delegations = await connect(options).delegations();
    const { given, received } = delegations;
    show(options, delegations, () =>
      given.length + received.length === 0 ? 'none' : [...given, ...received].map(lineOf).join('\n'),
    );
  });
}

export function delegateCommand(): Command {
  return connectedCommand('delegate <person>', 'let another person cast your vote for at most 30 days')
    .requiredOption('--until <time>', 'when it ends: 7d, 24h (from now), 2026-12-01 or a full time')
    .requiredOption('--reason <text>', 'kept with it')
    .option('--role <role...>', 'only for these of your roles')
    .action(async (to: string, { until, reason, role, ...options }: DelegateOptions) => {
      const end = parseTime(until, { option: '--until', direction: 'future' });
      const input: DelegationInput = { to, until: end, reason, ...(role === undefined ? {} : { roles: [...role] }) };
      const delegation = await connect(options).delegate(input);
      show(options, delegation, () => lineOf(delegation));
    });
}

export function undelegateCommand(): Command {
  return connectedCommand('undelegate <id>', 'end a delegation, so that only you cast your vote').action(
    async (id: string, options: ConnectOptions) => {
      const delegation = await connect(options).endDelegation(id);
      show(options, delegation, () => lineOf(delegation));
    },
  );
}

function lineOf({ id, from, to, roles, until, reason, revokedAt }: Delegation): string {
  const as = roles === undefined ? '' : ` as ${roles.join(', ')}`;
  const end = revokedAt === undefined ? `until ${until}` : `revoked ${revokedAt}`;
  return `${id}  ${from} → ${to}${as}, ${end}: ${reason}`;
}
