/** `nervous delegations list`: whom you let vote for you, and who lets you; `nervous delegations create` and `nervous delegations end`. */
import type { Command } from 'commander';
import type { Delegation, DelegationInput } from '../../../../core/changes/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { show } from '../../output/output.ts';
import { idAmong } from '../../input/short-id.ts';
import { tableText } from '../../output/table.ts';
import { parseTime } from '../../input/times.ts';

const COLUMNS = ['id', 'vote', 'time', 'reason'] as const;

interface DelegateOptions extends ConnectOptions {
  readonly until: string;
  readonly reason: string;
  readonly role?: readonly string[];
}

export function listDelegationsCommand(): Command {
  return connectedCommand().action(async (options: ConnectOptions) => {
    const delegations = await connect(options).delegations();
    const { given, received } = delegations;
    show(options, delegations, () =>
      given.length + received.length === 0 ? 'none' : tableText(COLUMNS, [...given, ...received].map(rowOf)),
    );
  });
}

export function createDelegationCommand(): Command {
  return connectedCommand('<person>')
    .requiredOption('--until <time>', 'when it ends: 7d, 24h (from now), 2026-12-01 or a full time')
    .requiredOption('--reason <text>', 'kept with it')
    .option('--role <role...>', 'only for these of your roles')
    .action(async (to: string, { until, reason, role, ...options }: DelegateOptions) => {
      const end = parseTime(until, { option: '--until', direction: 'future' });
      const input: DelegationInput = { to, until: end, reason, ...(role === undefined ? {} : { roles: [...role] }) };
      const delegation = await connect(options).delegate(input);
      show(options, delegation, () => rowOf(delegation).join('  '));
    });
}

export function endDelegationCommand(): Command {
  return connectedCommand('<id>').action(async (id: string, options: ConnectOptions) => {
    const client = connect(options);
    const { given } = await client.delegations();
    const named = given.map((one) => ({ id: one.id, about: `to ${one.to}, ${one.reason}` }));
    const delegation = await client.endDelegation(idAmong(id, named, 'delegations'));
    show(options, delegation, () => rowOf(delegation).join('  '));
  });
}

function rowOf({ id, from, to, roles, until, reason, revokedAt }: Delegation): string[] {
  const as = roles === undefined ? '' : ` as ${roles.join(', ')}`;
  const end = revokedAt === undefined ? `until ${until}` : `revoked ${revokedAt}`;
  return [id, `${from} → ${to}${as}`, end, reason];
}
