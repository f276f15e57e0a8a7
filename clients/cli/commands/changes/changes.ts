/** `nervous changes propose` and `revise`; `approve`, `reject` and `request-changes`: a person sees what they decide on, and the vote binds to that. */
import type { Command } from 'commander';
import type { JsonObject, JsonValue } from '../../../../core/canonical/index.ts';
import type { ChangeView, DecisionInput, ProposalInput, RevisionInput } from '../../../../core/changes/index.ts';
import { defined } from '../../../../core/values/index.ts';
import type { DecisionSigner } from '../../../sdk/index.ts';
import { wholeId } from '../../input/change-id.ts';
import { details, summary } from '../../output/change-lines.ts';
import { isConfirmed, requireAnswerable, YES, type ConfirmOptions } from '../../input/confirm.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { fileEvidence } from '../../input/file-evidence.ts';
import { show, tell, UsageError } from '../../output/output.ts';
import { readJsonFile } from '../../input/read-json.ts';
import { readSigningKey, SIGN_WITH } from '../../input/signing-key.ts';
import { dryRunText } from '../../output/risk-lines.ts';

interface ReviseOptions extends ConnectOptions {
  readonly evidence?: readonly string[];
}

interface ProposeOptions extends ReviseOptions {
  readonly key?: string;
  readonly dryRun?: boolean;
}

interface DecideOptions extends ConnectOptions, ConfirmOptions {
  readonly for?: string;
  readonly reason?: string;
  readonly signWith?: string;
}

const EVIDENCE = [
  '--evidence <file...>',
  'files that support it: their names and hashes become part of its evidence',
] as const;

export function proposeCommand(): Command {
  return connectedCommand('<file>')
    .option('--key <key>', 'idempotency key: repeating the proposal with it makes no second change-set')
    .option(...EVIDENCE)
    .option(
      '--dry-run',
      'record nothing; show the risk and its reasons, who would have to approve, and what would change',
    )
    .action(propose);
}

async function propose(file: string, options: ProposeOptions): Promise<void> {
  const proposal = withEvidence(readJsonFile(file), options.evidence ?? []) as unknown as ProposalInput;
  if (options.dryRun === true) {
    const assessed = await connect(options).assess(proposal);
    show(options, assessed, () => dryRunText(assessed));
    return;
  }
  const key = options.key === undefined ? {} : { idempotencyKey: options.key };
  const proposed = await connect(options).propose(proposal, key);
  show(options, proposed, () => summary(proposed.change));
}

export function reviseCommand(): Command {
  return connectedCommand('<id> <file>')
    .option(...EVIDENCE)
    .action(async (id: string, file: string, options: ReviseOptions) => {
      const given = withEvidence(readJsonFile(file), options.evidence ?? []);
      const client = connect(options);
      const whole = await wholeId(client, id);
      const change = await client.revise(whole, await revisionFrom(given, () => client.changeSet(whole)));
      show(options, { change }, () => summary(change));
    });
}

/** The file that was proposed will do: what a revision cannot change must only be as it was. @throws UsageError */
async function revisionFrom(given: JsonObject, read: () => Promise<ChangeView>): Promise<RevisionInput> {
  const { entityId, supersedes, ...revision } = given;
  if (entityId === undefined && supersedes === undefined) return revision as unknown as RevisionInput;
  const change = await read();
  if (entityId !== undefined && entityId !== change.entityId)
    throw new UsageError(
      `the file is about ${JSON.stringify(entityId)}, ${change.id} about "${change.entityId}": propose it instead`,
    );
  if (supersedes !== undefined && supersedes !== change.supersedes)
    throw new UsageError(
      `the file supersedes ${JSON.stringify(supersedes)}, ${change.id} does not: propose it instead`,
    );
  return revision as unknown as RevisionInput;
}

/** The service checks it and says what is wrong with it, so the CLI need not. */
function withEvidence(given: JsonObject, files: readonly string[]): JsonObject {
  const { evidence = [] } = given;
  if (files.length === 0 || !Array.isArray(evidence)) return given;
  return { ...given, evidence: [...(evidence as readonly JsonValue[]), ...files.map(fileEvidence)] };
}

export function decideCommand(decision: DecisionInput['decision']): Command {
  const command = connectedCommand('<id>');
  const reason = ['--reason <text>', 'reason, which is recorded with the vote'] as const;
  return (decision === 'approve' ? command.option(...reason) : command.requiredOption(...reason))
    .option('--for <person>', 'cast the vote that this person delegated to you')
    .option(...SIGN_WITH)
    .option(...YES)
    .action((id: string, options: DecideOptions) => decide(id, decision, options));
}

async function decide(id: string, decision: DecisionInput['decision'], options: DecideOptions): Promise<void> {
  requireAnswerable(decision, options);
  const signer = options.signWith === undefined ? undefined : readSigningKey(options.signWith);
  const client = connect(options);
  const change = await client.changeSet(await wholeId(client, id));
  const refusal = refusalOf(change, decision, options.for) ?? unsigned(change, signer);
  if (options.json !== true) tell(`${details(change)}\n`);
  // Nobody is asked about what would be refused anyway.
  if (refusal !== undefined && options.yes !== true) throw new Error(refusal);
  if (!(await isConfirmed(decision, options, details(change)))) return;
  const reason = options.reason === undefined ? {} : { reason: options.reason };
  const onBehalf = options.for === undefined ? {} : { onBehalfOf: options.for };
  const decided = await client.decide(change, decision, { ...reason, ...onBehalf, ...defined({ signer }) });
  const { state, stillNeeded } = decided.change;
  const next = stillNeeded === undefined ? '' : `, ${stillNeeded.text} needed`;
  show(options, decided, () => `${decision} recorded as seq ${decided.vote.seq}: ${change.id} is ${state}${next}`);
}

/** What the service says of the caller's vote beforehand; with `--yes` it says so itself, with its own code. */
function refusalOf(
  { id, state, mayVoteAs = [], mayNotVote }: ChangeView,
  decision: DecisionInput['decision'],
  onBehalfOf: string | undefined,
): string | undefined {
  if (state !== 'pending' && !(state === 'approved' && decision === 'reject'))
    return `${id} is ${state}: nobody can ${decision} it`;
  if (onBehalfOf === undefined) return mayNotVote?.message;
  const isLent = mayVoteAs.some(({ personId, delegation }) => personId === onBehalfOf && delegation !== undefined);
  return isLent || state === 'approved' ? undefined : `${onBehalfOf} has lent you no vote that counts on ${id}`;
}

/** What the rules ask for and was not given. */
function unsigned({ id, risk }: ChangeView, signer: DecisionSigner | undefined): string | undefined {
  return risk?.assertion === undefined || signer !== undefined
    ? undefined
    : `${id} must be decided on with a key of your own (${risk.assertion}): say --sign-with <file>, or use a passkey in the console`;
}
