/** `nervous policy`: roster and risk rules in force, how the configuration differs, and the proposal to make them the same. */
import { Command } from 'commander';
import {
  diffDocuments,
  lintPolicy,
  policyJson,
  POLICY_ENTITY,
  type LintReport,
  type PolicyDocument,
  type PolicyView,
} from '../../../../core/changes/index.ts';
import { defined } from '../../../../core/values/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { EXIT } from '../../output/exit-codes.ts';
import { DEFAULT_CONFIG, loadConfig } from '../../connection/load-config.ts';
import { createSigningKey } from '../../input/signing-key.ts';
import { show, UsageError } from '../../output/output.ts';
import { summary } from '../../output/change-lines.ts';
import { differenceLines } from '../../output/words.ts';

interface PolicyOptions extends ConnectOptions {
  readonly config: string;
}

interface LintOptions {
  readonly config: string;
  readonly seed: number;
  readonly runs: number;
  readonly json?: true;
}

/** Of a witness: the rest is like them. */
const SHOWN_STEPS = 4;

interface ProposeOptions extends PolicyOptions {
  readonly title: string;
  readonly rationale: string;
}

export function showPolicyCommand(): Command {
  return connectedCommand().action(async (options: ConnectOptions) => {
    const policy = await connect(options).policy();
    show(options, policy, () => textOf(policy));
  });
}

export function diffPolicyCommand(): Command {
  return withConfig().action(async (options: PolicyOptions) => {
    const policy = await connect(options).policy();
    const wanted = policyJson(await configured(options));
    const patch = diffDocuments(policyJson(policy.document), wanted);
    show(options, { version: policy.version, patch }, () =>
      patch.length === 0
        ? `${options.config} is the policy in force (version ${policy.version})`
        : differenceLines(POLICY_ENTITY, policyJson(policy.document), wanted).join('\n'),
    );
    if (patch.length > 0) process.exitCode = EXIT.problem;
  });
}

export function proposePolicyCommand(): Command {
  return withConfig()
    .requiredOption('--rationale <text>', 'the reason, which is shown to those who decide')
    .option('--title <text>', 'one line for people', 'Change roster and risk rules')
    .action(async (options: ProposeOptions) => {
      const client = connect(options);
      const policy = await client.policy();
      const payload = policyJson(await configured(options));
      const patch = diffDocuments(policyJson(policy.document), payload);
      if (patch.length === 0)
        throw new Error(`${options.config} is the policy in force already: there is nothing to propose`);
      const { title, rationale } = options;
      // What is not recorded yet becomes version 1 with this very proposal.
      const operations = [{ type: 'state.put', payload, baseVersion: Math.max(policy.version, 1) }];
      const proposed = await client.propose({ entityId: POLICY_ENTITY, title, rationale, operations });
      show(options, proposed, () => summary(proposed.change));
    });
}

interface CreateKeyOptions {
  readonly out: string;
  readonly json?: true;
}

export function createKeyCommand(): Command {
  return new Command()
    .argument('<person>', 'personId of the roster, whose key it is')
    .requiredOption('--out <file>', 'a new file for the private half, which only its owner may read')
    .option('--json', 'write JSON for programs')
    .action((personId: string, { out, ...options }: CreateKeyOptions) => {
      const credential = createSigningKey(out, personId);
      show(options, credential, () =>
        [
          `${out} holds the private half: keep it where only ${personId} gets at it`,
          'list the public half under `credentials` of the configuration, then run "nervous policy propose":',
          JSON.stringify(credential),
        ].join('\n'),
      );
    });
}

export function lintPolicyCommand(): Command {
  return new Command()
    .option('--config <file>', 'the configuration', DEFAULT_CONFIG)
    .option('--seed <n>', 'seed of the random amounts: the same seed repeats the same search', wholeNumber, 1)
    .option('--runs <n>', 'how many random amounts to try, in addition to those that the rules name', wholeNumber, 20)
    .option('--json', 'write JSON for programs')
    .action(async ({ config, seed, runs, ...options }: LintOptions) => {
      const report = lintPolicy(await configured({ config }), { seed, runs });
      show(options, report, () => lintLines(config, report).join('\n'));
      if (report.findings.length > 0) process.exitCode = EXIT.problem;
    });
}

function lintLines(config: string, { findings, compared, seed }: LintReport): string[] {
  if (findings.length === 0)
    return [`${config}: no way around the risk rules found among ${compared} pairs of change-sets (seed ${seed})`];
  return findings.flatMap(({ kind, stricter, weaker, add }) => [
    `${kind}: what is ${stricter.level} this way`,
    ...stricter.steps.slice(0, SHOWN_STEPS).map((step) => `    ${step}`),
    `  is ${weaker.level} that way`,
    ...weaker.steps.slice(0, SHOWN_STEPS).map((step) => `    ${step}`),
    ...(weaker.steps.length > SHOWN_STEPS ? [`    and ${weaker.steps.length - SHOWN_STEPS} more`] : []),
    `  add ${add}`,
  ]);
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`"${text}" is not a whole number`);
}

function withConfig(): Command {
  return connectedCommand().option('--config <file>', 'the configuration', DEFAULT_CONFIG);
}

async function configured({ config }: Pick<PolicyOptions, 'config'>): Promise<PolicyDocument> {
  const { roster, risk, webauthn, credentials, access } = await loadConfig(config);
  return { roster, risk, ...defined({ webauthn, credentials, access }) };
}

function textOf({ source, version, hash, document, changed, asConfigured }: PolicyView): string {
  const { roster, risk } = document;
  return [
    source === 'configuration'
      ? 'as configured; the first proposal will record it'
      : `version ${version}  ${hash}${asConfigured ? '' : '; the configuration of the service differs, which changes nothing'}`,
    ...(changed === undefined ? [] : [changeText(changed)]),
    '',
    ...roster.people.map(
      ({ personId, roles, accounts }) => `${personId}  ${roles.join(', ')}  (${accounts.join(', ')})`,
    ),
    ...roster.agents.map(({ id, owner }) => `${id}  agent of ${owner}`),
    ...roster.separation.map(([one, other]) => `nobody is both ${one} and ${other}`),
    '',
    `risk table ${risk.version}`,
    ...risk.rules.map(({ name, level, approvals, roles }) => `${level}  ${name}: ${approvals} of ${roles.join(', ')}`),
  ].join('\n');
}

function changeText(changed: NonNullable<PolicyView['changed']>): string {
  if (changed.kind === 'adopted') return `adopted from the configuration ${changed.at}`;
  const { at, change, proposer, approvers } = changed;
  return `changed ${at} by ${change}: proposed by ${proposer}, approved by ${approvers.join(', ')}`;
}
