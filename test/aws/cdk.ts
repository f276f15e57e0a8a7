/**
 * Runs the real CDK command line against a target: bootstrap, deploy, destroy. What it says goes to a log file; a failure
 * becomes one sentence. Decides nothing about stacks.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HarnessError } from './support/harness-error.ts';
import type { AwsTarget } from './support/target.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const CLI = join(ROOT, 'node_modules', 'aws-cdk', 'bin', 'cdk');
const COLOUR = /\u001b\[[0-9;]*m/g;
const QUIET = ['--no-notices', '--no-version-reporting', '--no-path-metadata', '--no-color'];
const KEPT_OF_CALLER = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'HTTPS_PROXY', 'HTTP_PROXY', 'NODE_EXTRA_CA_CERTS'];

export interface CdkOptions {
  readonly target: AwsTarget;
  /** where this run's log, assembly and outputs go */
  readonly runDir: string;
  /** the command that synthesizes; else NERVOUS_CDK_APP, else the one in cdk.json */
  readonly app?: string;
  readonly context?: Readonly<Record<string, string>>;
  /** for the app, beside what reaches the target */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Output name to value, by stack name. */
export type StackOutputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

export async function bootstrap(options: CdkOptions): Promise<void> {
  await cdk(options, ['bootstrap']);
}

/** Deploys every stack and returns what they output. Call it again to update: data stays. */
export async function deploy(options: CdkOptions): Promise<StackOutputs> {
  const file = join(options.runDir, 'outputs.json');
  await cdk(options, ['deploy', '--all', '--require-approval', 'never', '--outputs-file', file]);
  return JSON.parse(readFileSync(file, 'utf8')) as StackOutputs;
}

export async function destroy(options: CdkOptions): Promise<void> {
  await cdk(options, ['destroy', '--all', '--force']);
}

/** For a process that is about to end: goes on without it. */
export function destroyInBackground(options: CdkOptions): void {
  const log = openSync(join(options.runDir, 'cdk.log'), 'a');
  const args = commandLine(options, ['destroy', '--all', '--force']);
  const env = environment(options);
  spawn(process.execPath, args, { cwd: ROOT, env, detached: true, stdio: ['ignore', log, log] }).unref();
}

async function cdk(options: CdkOptions, command: readonly string[]): Promise<void> {
  if (appOf(options) === undefined && !existsSync(join(ROOT, 'cdk.json')))
    throw new HarnessError('There is no cdk.json, so the CDK does not know which app to deploy.');
  const log = join(options.runDir, 'cdk.log');
  const { code, said } = await run(commandLine(options, command), options);
  appendFileSync(log, `$ cdk ${command.join(' ')}\n${said}\n`);
  if (code !== 0) throw new HarnessError(`cdk ${command[0] ?? ''} failed (log: ${log}): ${reason(said)}`);
}

function appOf(options: CdkOptions): string | undefined {
  return options.app ?? process.env.NERVOUS_CDK_APP;
}

function commandLine(options: CdkOptions, command: readonly string[]): string[] {
  const synth = appOf(options);
  const app = synth === undefined ? [] : ['--app', synth];
  const context = Object.entries({ ...emulated(options.target), ...options.context });
  const flags = context.flatMap(([key, value]) => ['--context', `${key}=${value}`]);
  return [CLI, ...command, ...app, ...flags, '--output', join(options.runDir, 'cdk.out'), ...QUIET];
}

/** The resource types an emulator does not know are left out: see docs/testing.md. */
function emulated(target: AwsTarget): Record<string, string> {
  return target.kind === 'account' ? {} : { emulated: 'true' };
}

async function run(args: string[], options: CdkOptions): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: environment(options),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text.replaceAll(COLOUR, '');
    });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}

function environment({ target, environment: more }: CdkOptions): NodeJS.ProcessEnv {
  const kept = Object.fromEntries(KEPT_OF_CALLER.map((name) => [name, process.env[name]]));
  const node = dirname(process.execPath); // `node bin/app.ts` must be a Node that strips types
  const cdk = { CI: 'true', CDK_DISABLE_CLI_TELEMETRY: 'true', PATH: `${node}:${process.env.PATH ?? ''}` };
  return { ...kept, ...target.environment, ...more, ...cdk };
}

/** The line that says why: CloudFormation's reason, else the app's error, else the last thing said. */
function reason(said: string): string {
  const lines = said
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('at '));
  const telling = [/(CREATE|UPDATE|DELETE)_FAILED/, /^❌/, /^Template format error/, /^\S*Error: /, /Unable to|Cannot/];
  for (const pattern of telling) {
    const line = lines.find((candidate) => pattern.test(candidate));
    if (line !== undefined) return line;
  }
  return lines.at(-1) ?? 'it said nothing';
}
