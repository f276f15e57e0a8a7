/** `nervous propose`, `tray`, `approve` and `reject`: a person sees what they decide on, and the vote binds to that. */
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { ChangeView, DecisionInput, ProposalInput } from '../../../core/changes/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../connect.ts';
import { note, printable, show } from '../output.ts';
import { readJsonFile } from '../read-json.ts';

interface ProposeOptions extends ConnectOptions {
  readonly key?: string;
}

interface DecideOptions extends ConnectOptions {
  readonly reason?: string;
  readonly yes?: boolean;
}

const PAGE = 100;

export function proposeCommand(): Command {
  return connectedCommand('propose <file>', 'propose the change-set in a JSON file (- for stdin)')
    .option('--key <key>', 'idempotency key: the same proposal again is the same change-set')
    .action(async (file: string, options: ProposeOptions) => {
      // The service checks it and says what is wrong, so the CLI need not.
      const proposal = readJsonFile(file) as unknown as ProposalInput;
      const key = options.key === undefined ? {} : { idempotencyKey: options.key };
      const proposed = await connect(options).propose(proposal, key);
      show(options, proposed, () => summary(proposed.change));
    });
}

export function trayCommand(): Command {
  return connectedCommand('tray', 'change-sets that wait for your decision').action(async (options: ConnectOptions) => {
    const changes = await collectTray(options);
    show(options, { changes }, () =>
      changes.length === 0 ? 'nothing waits for your decision' : changes.map(summary).join('\n\n'),
    );
  });
}

export function decideCommand(decision: DecisionInput['decision']): Command {
  const command = connectedCommand(`${decision} <id>`, `${decision} a change-set, exactly as it is shown`);
  const reason = ['--reason <text>', 'kept with the vote'] as const;
  return (decision === 'reject' ? command.requiredOption(...reason) : command.option(...reason))
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
  const decided = await client.decide(change, decision, reason);
  const { state, stillNeeded } = decided.change;
  const next = stillNeeded === undefined ? '' : `, ${stillNeeded.text} needed`;
  show(options, decided, () => `${decision} recorded as seq ${decided.vote.seq}: ${id} is ${state}${next}`);
}

/** Scripts are taken at their word; a person at a terminal is asked after they have seen it. */
async function isConfirmed(decision: string, options: DecideOptions): Promise<boolean> {
  if (options.yes === true || options.json === true || !process.stdin.isTTY || !process.stdout.isTTY) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${decision} this? [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

async function collectTray(options: ConnectOptions): Promise<ChangeView[]> {
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

function summary(change: ChangeView): string {
  const { id, entityId, title, proposer, state, risk, blocked, stillNeeded, deadline } = change;
  const needs = stillNeeded === undefined ? '' : `; needs ${stillNeeded.text}`;
  return [
    `${id}  ${title}`,
    `  ${entityId}, proposed by ${proposer.kind} ${proposer.id}, ${state}${risk === undefined ? '' : `, risk ${risk.level}`}${needs}`,
    `  decide before ${deadline}`,
    ...(blocked === undefined ? [] : [`  blocked: ${blocked.message}`]),
  ].join('\n');
}

function details(change: ChangeView): string {
  const { rationale, evidence, operations, preview, revision, contentHash, votes } = change;
  return [
    summary(change),
    `  why: ${rationale}`,
    ...evidence.map(({ url, title }) => `  evidence: ${title === undefined ? '' : `${title} `}${url}`),
    ...operations.map(({ type, payload }) => `  does: ${type} ${JSON.stringify(payload)}`),
    ...(preview?.kind === 'preview'
      ? [`  before: ${JSON.stringify(preview.before)}`, `  after:  ${JSON.stringify(preview.after)}`]
      : []),
    ...(preview?.kind === 'misfit' ? [`  does not fit the document as it is now: ${preview.reason}`] : []),
    ...votes.map(
      ({ personId, decision, reason }) => `  ${personId}: ${decision}${reason === undefined ? '' : ` (${reason})`}`,
    ),
    `  revision ${revision}, content ${contentHash}`,
  ].join('\n');
}
