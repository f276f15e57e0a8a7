/** `nervous revoke`, `override`, `review`, `resolve` and `revert`: what people do about a change-set beside voting on it. */
import { Option, type Command } from 'commander';
import type { ActResult, ResolutionInput, ReviewInput } from '../../../core/changes/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../connect.ts';
import { fileEvidence } from '../file-evidence.ts';
import { note, printable, show } from '../output.ts';
import { details, isConfirmed, summary, type ConfirmOptions } from './changes.ts';

const REASON = ['--reason <text>', 'kept in the ledger'] as const;
const YES = ['--yes', 'do not ask on a terminal'] as const;

interface RevokeOptions extends ConnectOptions {
  readonly vote?: string;
  readonly reason?: string;
}

export function revokeCommand(): Command {
  return connectedCommand('revoke <id>', 'take your own vote back before the change-set runs')
    .option('--vote <hash>', 'this vote and no later one')
    .option(...REASON)
    .action(async (id: string, options: RevokeOptions) => {
      const { vote, reason } = options;
      const named = { ...(vote === undefined ? {} : { vote }), ...(reason === undefined ? {} : { reason }) };
      showAct(options, 'your vote is revoked', await connect(options).revoke(id, named));
    });
}

interface OverrideOptions extends ConfirmOptions {
  readonly ticket: string;
  readonly reason: string;
}

export function overrideCommand(): Command {
  return connectedCommand('override <id>', 'break-glass: approve alone, at once, to be reviewed by two others')
    .requiredOption('--ticket <id>', 'the incident that makes it an emergency')
    .requiredOption(...REASON)
    .option(...YES)
    .action(async (id: string, options: OverrideOptions) => {
      const client = connect(options);
      const change = await client.changeSet(id);
      if (options.json !== true) process.stdout.write(`${printable(details(change))}\n\n`);
      if (!(await isConfirmed('override', options))) {
        note('nothing was decided');
        return;
      }
      const { ticket, reason } = options;
      showAct(options, 'overridden', await client.override(change, { ticket, reason }));
    });
}

interface ReviewOptions extends ConnectOptions {
  readonly verdict: ReviewInput['verdict'];
  readonly reason: string;
}

export function reviewCommand(): Command {
  return connectedCommand('review <id>', 'say whether what ran without the usual approval was justified')
    .addOption(verdictOption())
    .requiredOption(...REASON)
    .action(async (id: string, options: ReviewOptions) => {
      const { verdict, reason } = options;
      showAct(options, `your review is recorded: ${verdict}`, await connect(options).review(id, { verdict, reason }));
    });
}

interface ResolveOptions extends ConnectOptions {
  readonly outcome: ResolutionInput['outcome'];
  readonly reason: string;
  readonly evidence: readonly string[];
}

export function resolveCommand(): Command {
  return connectedCommand('resolve <id>', 'say what became of a failed rollback; two people who agree end it')
    .addOption(outcomeOption())
    .requiredOption(...REASON)
    .requiredOption('--evidence <file...>', 'files that show it: their names and hashes are kept')
    .action(async (id: string, options: ResolveOptions) => {
      const { outcome, reason } = options;
      const evidence = options.evidence.map(fileEvidence);
      const acted = await connect(options).resolve(id, { outcome, reason, evidence });
      showAct(options, `your statement is recorded: ${outcome}`, acted);
    });
}

interface RevertOptions extends ConnectOptions {
  readonly rationale: string;
  readonly key?: string;
}

export function revertCommand(): Command {
  return connectedCommand('revert <id>', 'propose, as a new change-set, to take an executed one back')
    .requiredOption('--rationale <text>', 'why')
    .option('--key <key>', 'idempotency key: the same revert again is the same change-set')
    .action(async (id: string, options: RevertOptions) => {
      const key = options.key === undefined ? {} : { idempotencyKey: options.key };
      const proposed = await connect(options).revert(id, options.rationale, key);
      show(options, proposed, () => summary(proposed.change));
    });
}

function verdictOption(): Option {
  const option = new Option('--verdict <verdict>', 'what you think of it').choices(['justified', 'unjustified']);
  return option.makeOptionMandatory();
}

function outcomeOption(): Option {
  const option = new Option('--outcome <outcome>', 'what it amounts to').choices(['executed', 'rolled_back']);
  return option.makeOptionMandatory();
}

function showAct(options: ConnectOptions, what: string, acted: ActResult): void {
  const { id, state, stillNeeded } = acted.change;
  const next = stillNeeded === undefined ? '' : `, ${stillNeeded.text} needed`;
  const before = acted.kind === 'recorded' ? ' (it was before)' : '';
  show(options, acted, () => `${what}${before}: ${id} is ${state}${next}`);
}
