/** `nervous propose`, `approve`, `reject` and `request-changes`: a person sees what they decide on, and the vote binds to that. */
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { JsonObject, JsonValue } from '../../../core/canonical/index.ts';
import {
  bindingProblems,
  type ChangeView,
  type DecisionInput,
  type ProposalInput,
} from '../../../core/changes/index.ts';
import { previewLines } from './preview-lines.ts';
import { connect, connectedCommand, type ConnectOptions } from '../connect.ts';
import { fileEvidence } from '../file-evidence.ts';
import { note, printable, show } from '../output.ts';
import { readJsonFile } from '../read-json.ts';
import { dryRunText, riskLines } from './risk-lines.ts';

interface ProposeOptions extends ConnectOptions {
  readonly key?: string;
  readonly dryRun?: boolean;
  readonly evidence?: readonly string[];
}

export interface ConfirmOptions extends ConnectOptions {
  readonly yes?: boolean;
}

interface DecideOptions extends ConfirmOptions {
  readonly for?: string;
  readonly reason?: string;
}

export function proposeCommand(): Command {
  return connectedCommand('propose <file>', 'propose the change-set in a JSON file (- for stdin)')
    .option('--key <key>', 'idempotency key: the same proposal again is the same change-set')
    .option(
      '--evidence <file...>',
      'files that show why: their names and hashes are added to the evidence of the proposal',
    )
    .option('--dry-run', 'record nothing: show the risk and why, who would have to approve, and what would change')
    .action(async (file: string, options: ProposeOptions) => {
      const proposal = withEvidence(readJsonFile(file), options.evidence ?? []);
      if (options.dryRun === true) {
        const assessed = await connect(options).assess(proposal);
        show(options, assessed, () => dryRunText(assessed));
        return;
      }
      const key = options.key === undefined ? {} : { idempotencyKey: options.key };
      const proposed = await connect(options).propose(proposal, key);
      show(options, proposed, () => summary(proposed.change));
    });
}

/** The service checks the proposal and says what is wrong with it, so the CLI need not. */
function withEvidence(proposal: JsonObject, files: readonly string[]): ProposalInput {
  const { evidence = [] } = proposal;
  const isExtended = files.length > 0 && Array.isArray(evidence);
  const all = isExtended
    ? { ...proposal, evidence: [...(evidence as readonly JsonValue[]), ...files.map(fileEvidence)] }
    : proposal;
  return all as unknown as ProposalInput;
}

export function decideCommand(decision: DecisionInput['decision']): Command {
  const command = connectedCommand(`${decision} <id>`, `${decision} a change-set, exactly as it is shown`);
  const reason = ['--reason <text>', 'kept with the vote'] as const;
  return (decision === 'approve' ? command.option(...reason) : command.requiredOption(...reason))
    .option('--for <person>', 'cast the vote that this person delegated to you')
    .option('--yes', 'do not ask on a terminal')
    .action((id: string, options: DecideOptions) => decide(id, decision, options));
}

async function decide(id: string, decision: DecisionInput['decision'], options: DecideOptions): Promise<void> {
  const client = connect(options);
  const change = await client.changeSet(id);
  if (options.json !== true) process.stdout.write(`${printable(details(change))}\n\n`);
  if (!(await isConfirmed(decision, options))) {
    note('nothing was decided');
    return;
  }
  const reason = options.reason === undefined ? {} : { reason: options.reason };
  const onBehalf = options.for === undefined ? {} : { onBehalfOf: options.for };
  const decided = await client.decide(change, decision, { ...reason, ...onBehalf });
  const { state, stillNeeded } = decided.change;
  const next = stillNeeded === undefined ? '' : `, ${stillNeeded.text} needed`;
  show(options, decided, () => `${decision} recorded as seq ${decided.vote.seq}: ${id} is ${state}${next}`);
}

/** Scripts are taken at their word; a person at a terminal is asked after they have seen it. */
export async function isConfirmed(decision: string, options: ConfirmOptions): Promise<boolean> {
  if (options.yes === true || options.json === true || !process.stdin.isTTY || !process.stdout.isTTY) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${decision} this? [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

export function summary(change: ChangeView): string {
  const { id, entityId, title, proposer, state, risk, blocked, stillNeeded, deadline } = change;
  const needs = stillNeeded === undefined ? '' : `; needs ${stillNeeded.text}`;
  return [
    `${id}  ${title}`,
    `  ${entityId}, proposed by ${proposer.kind} ${proposer.id}, ${state}${risk === undefined ? '' : `, risk ${risk.level}`}${needs}`,
    `  decide before ${deadline}`,
    ...(blocked === undefined ? [] : [`  blocked: ${blocked.message}`]),
  ].join('\n');
}

export function details(change: ChangeView): string {
  const { rationale, evidence, operations, preview, revision, contentHash, votes, risk } = change;
  return [
    summary(change),
    `  why: ${rationale}`,
    ...(risk === undefined ? [] : riskLines(risk)),
    ...evidence.map(({ url, title }) => `  evidence: ${title === undefined ? '' : `${title} `}${url}`),
    ...operations.map(({ type, payload }) => `  does: ${type} ${JSON.stringify(payload)}`),
    ...(preview?.kind === 'preview' ? previewLines(preview) : []),
    ...(preview?.kind === 'misfit' ? [`  does not fit the document as it is now: ${preview.reason}`] : []),
    ...voteLines(votes),
    `  revision ${revision}, content ${contentHash}`,
    ...bindingProblems(change).map((problem) => `  DO NOT APPROVE: ${problem}`),
  ].join('\n');
}

export function voteLines(votes: ChangeView['votes']): string[] {
  return votes.map(({ personId, account, decision, reason }) => {
    const by = account === personId ? '' : ` by ${account}`;
    return `  ${personId}: ${decision}${by}${reason === undefined ? '' : ` (${reason})`}`;
  });
}
