/**
 * `nervous changes revoke`, `override`, `review`, `resolve`, `withdraw`, `abort` and `revert`: what people do about a change-set beside
 * voting on it. Whatever decides something is shown and asked about first.
 */
import { Option, type Command } from 'commander';
import type { ActResult, ChangeView, ResolutionInput, ReviewInput } from '../../../../core/changes/index.ts';
import { defined } from '../../../../core/values/index.ts';
import type { Client } from '../../../sdk/index.ts';
import { wholeId } from '../../input/change-id.ts';
import { details, summary } from '../../output/change-lines.ts';
import { isConfirmed, requireAnswerable, YES, type ConfirmOptions } from '../../input/confirm.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { fileEvidence } from '../../input/file-evidence.ts';
import { readSigningKey, SIGN_WITH } from '../../input/signing-key.ts';
import { show, tell } from '../../output/output.ts';

const REASON = ['--reason <text>', 'reason, which is recorded in the ledger'] as const;

interface ActionOptions extends ConnectOptions, ConfirmOptions {}

interface RevokeOptions extends ActionOptions {
  readonly vote?: string;
  readonly reason?: string;
}

export function revokeVoteCommand(): Command {
  return actionCommand()
    .option('--vote <hash>', 'revoke this vote and no later one')
    .option(...REASON)
    .action((id: string, options: RevokeOptions) =>
      runAction('revoke', { id, options }, async (client, change) => {
        const { vote, reason } = options;
        const named = { ...defined({ vote, reason }) };
        showAction(options, 'your vote is revoked', await client.revoke(change.id, named));
      }),
    );
}

interface OverrideOptions extends ActionOptions {
  readonly ticket: string;
  readonly reason: string;
  readonly signWith?: string;
}

export function overrideCommand(): Command {
  return actionCommand()
    .requiredOption('--ticket <id>', 'the incident that is the emergency')
    .requiredOption(...REASON)
    .option(...SIGN_WITH)
    .action((id: string, options: OverrideOptions) =>
      runAction('override', { id, options }, async (client, change) => {
        const { ticket, reason, signWith } = options;
        const signer = signWith === undefined ? undefined : readSigningKey(signWith);
        showAction(options, 'overridden', await client.override(change, { ticket, reason, ...defined({ signer }) }));
      }),
    );
}

interface ReviewOptions extends ActionOptions {
  readonly verdict: ReviewInput['verdict'];
  readonly reason: string;
}

export function reviewCommand(): Command {
  return actionCommand()
    .addOption(verdictOption())
    .requiredOption(...REASON)
    .action((id: string, options: ReviewOptions) =>
      runAction('review', { id, options }, async (client, change) => {
        const { verdict, reason } = options;
        showAction(options, `your review is recorded: ${verdict}`, await client.review(change.id, { verdict, reason }));
      }),
    );
}

interface ResolveOptions extends ActionOptions {
  readonly outcome: ResolutionInput['outcome'];
  readonly reason: string;
  readonly evidence: readonly string[];
}

export function resolveCommand(): Command {
  return actionCommand()
    .addOption(outcomeOption())
    .requiredOption(...REASON)
    .requiredOption('--evidence <file...>', 'files that prove it: the ledger keeps their names and hashes')
    .action((id: string, options: ResolveOptions) => {
      const { outcome, reason } = options;
      const evidence = options.evidence.map(fileEvidence);
      return runAction('resolve', { id, options }, async (client, change) => {
        const result = await client.resolve(change.id, { outcome, reason, evidence });
        showAction(options, `your statement is recorded: ${outcome}`, result);
      });
    });
}

interface WithdrawOptions extends ActionOptions {
  readonly reason?: string;
}

export function withdrawCommand(): Command {
  return actionCommand()
    .option(...REASON)
    .action((id: string, options: WithdrawOptions) =>
      runAction('withdraw', { id, options }, async (client, { id: whole }) => {
        const reason = options.reason === undefined ? {} : { reason: options.reason };
        const change = await client.withdraw(whole, reason);
        show(options, { change }, () => `withdrawn: ${change.id} is ${change.state}`);
      }),
    );
}

interface AbortOptions extends ActionOptions {
  readonly reason: string;
}

export function abortCommand(): Command {
  return actionCommand()
    .requiredOption(...REASON)
    .action((id: string, options: AbortOptions) =>
      runAction('abort', { id, options }, async (client, { id: whole }) => {
        const change = await client.abort(whole, options.reason);
        show(options, { change }, () => `aborted: ${change.id} is ${change.state}`);
      }),
    );
}

interface RevertOptions extends ConnectOptions {
  readonly rationale: string;
  readonly key?: string;
}

export function revertCommand(): Command {
  return connectedCommand('<id>')
    .requiredOption('--rationale <text>', 'the reason')
    .option('--key <key>', 'idempotency key: repeating the revert with it makes no second change-set')
    .action(async (id: string, options: RevertOptions) => {
      const key = options.key === undefined ? {} : { idempotencyKey: options.key };
      const client = connect(options);
      const proposed = await client.revert(await wholeId(client, id), options.rationale, key);
      show(options, proposed, () => summary(proposed.change));
    });
}

function actionCommand(): Command {
  return connectedCommand('<id>').option(...YES);
}

/** Shows what it is about, asks, and then does it. */
async function runAction(
  name: string,
  { id, options }: { readonly id: string; readonly options: ActionOptions },
  work: (client: Client, change: ChangeView) => Promise<void>,
): Promise<void> {
  requireAnswerable(name, options);
  const client = connect(options);
  const change = await client.changeSet(await wholeId(client, id));
  if (options.json !== true) tell(`${details(change)}\n`);
  if (await isConfirmed(name, options, details(change))) await work(client, change);
}

function verdictOption(): Option {
  const option = new Option('--verdict <verdict>', 'your verdict').choices(['justified', 'unjustified']);
  return option.makeOptionMandatory();
}

function outcomeOption(): Option {
  const option = new Option('--outcome <outcome>', 'what the outcome amounts to').choices(['executed', 'rolled_back']);
  return option.makeOptionMandatory();
}

function showAction(options: ConnectOptions, what: string, result: ActResult): void {
  const { id, state, stillNeeded } = result.change;
  const next = stillNeeded === undefined ? '' : `, ${stillNeeded.text} needed`;
  const before = result.kind === 'recorded' ? ' (it was before)' : '';
  show(options, result, () => `${what}${before}: ${id} is ${state}${next}`);
}
