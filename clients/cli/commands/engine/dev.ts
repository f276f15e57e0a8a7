/** `nervous dev`: the embedded engine in this process, until a signal, the end of who started it, or of the thread that writes. */
import { existsSync, readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { EngineOptions } from '../../../../adapters/embedded/index.ts';
import { withCauses } from '../../../../core/errors/index.ts';
import { defined } from '../../../../core/values/index.ts';
import { DEFAULT_PORT, isLoopback, tokensFile } from '../../connection/connect.ts';
import { DEFAULT_CONFIG, loadConfig } from '../../connection/load-config.ts';
import { loadExecutors } from '../../connection/load-executors.ts';
import { loadFunctions } from '../../connection/load-functions.ts';
import { note, show, UsageError } from '../../output/output.ts';
import { policyNote } from '../../output/policy-note.ts';
import { parsePort } from '../../connection/port.ts';
import { stopRequest } from '../../connection/stop-request.ts';
import { keysOf } from '../../connection/verifier-keys.ts';

interface DevOptions {
  readonly port: number;
  readonly host?: string;
  readonly data: string;
  readonly config: string;
  readonly executors?: string;
  readonly functions?: string;
  readonly witness?: string;
  readonly witnessVkey?: string;
  readonly printTokens?: boolean;
  readonly json?: boolean;
}

export function devCommand(): Command {
  return new Command()
    .option('--port <n>', 'port, 0 for any free one', parsePort, DEFAULT_PORT)
    .option('--host <address>', 'address to listen on (default 127.0.0.1: this machine only)')
    .option('--data <dir>', 'folder that holds the ledger', '.data')
    .option('--config <file>', 'the configuration', DEFAULT_CONFIG)
    .option('--executors <file>', 'a module whose "createExecutors" makes the executors of the configuration')
    .option('--functions <file>', 'a module whose "createFunctions" makes the functions that subscriptions name')
    .option('--witness <url>', 'an external witness that cosigns the log, in addition to the one in the data folder')
    .option('--witness-vkey <key-or-file>', 'verifier key of that witness')
    .option('--print-tokens', 'print every token, not only the new ones')
    .option('--json', 'print one line {"url","tokensFile","tokens"} when ready; tokens holds the new ones')
    .action(dev);
}

async function dev(options: DevOptions): Promise<void> {
  const { port, host, data, config: configPath } = options;
  const stop = stopRequest();
  const unwritable = Promise.withResolvers<Error>();
  const config = await loadConfig(configPath);
  const before = existsSync(tokensFile(data)) ? readFileSync(tokensFile(data), 'utf8') : '';
  const { startEngine } = await import('../../../../adapters/embedded/index.ts');
  const executors = options.executors === undefined ? {} : await loadExecutors(options.executors, data);
  const functions = options.functions === undefined ? {} : await loadFunctions(options.functions);
  const engine = await startEngine({
    ...{ config, executors, functions, dataDir: data, port, ...defined({ host }), ...witnessOf(options) },
    ...defined({ smtp: process.env['NERVOUS_SMTP_URL'] }),
    onError: (error) => note(`nervous: internal error: ${withCauses(error)}`),
    onUnwritable: unwritable.resolve,
  });
  const { url } = engine;
  const tokens = options.printTokens === true ? engine.tokens : madeSince(before, engine.tokens);
  const made = Object.keys(tokens).length === 0 ? {} : { tokens };
  show(options, { url, tokensFile: tokensFile(data), ...made }, () =>
    banner({ url, tokens, data, ledger: config.ledger }),
  );
  if (host !== undefined && !isLoopback(host))
    note(
      `nervous: warning: ${url} can be reached from other machines, and tokens travel unencrypted: put a proxy with TLS before it`,
    );
  const differs = await policyNote(engine.system, config, { config: configPath, data });
  if (differs !== undefined) note(differs);
  const failure = await Promise.race([stop, unwritable.promise]);
  if (failure !== undefined) note(`nervous: the engine ends: ${withCauses(failure)}`); // whoever supervises it starts another
  await engine.close();
  if (failure !== undefined) throw failure;
}

/** @throws UsageError */
function witnessOf({ witness, witnessVkey }: DevOptions): Pick<EngineOptions, 'witness'> {
  if (witness === undefined && witnessVkey === undefined) return {};
  const [verifierKey, ...more] = witnessVkey === undefined ? [] : keysOf(witnessVkey);
  if (witness === undefined || verifierKey === undefined || more.length > 0 || !/^https?:\/\/./i.test(witness))
    throw new UsageError('--witness takes an http(s) URL, and --witness-vkey the one key of that witness: give both');
  return { witness: { url: witness, verifierKey } };
}

/** Tokens are printed once, so that no journal collects them. @param before the token file as it was */
function madeSince(before: string, tokens: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(tokens).filter(([, token]) => !before.includes(token)));
}

function banner(started: {
  readonly url: string;
  readonly tokens: Readonly<Record<string, string>>;
  readonly data: string;
  readonly ledger: string;
}): string {
  const { url, tokens, data, ledger } = started;
  const width = Math.max(0, ...Object.keys(tokens).map((id) => id.length));
  const printed = Object.entries(tokens).map(([id, token]) => `  ${id.padEnd(width)}  ${token}`);
  return [
    `Nervous System: ledger "${ledger}" in ${data}, listening on ${url}`,
    '',
    ...(printed.length === 0 ? [] : ['Tokens (printed once):', ...printed, '']),
    `Say who you are with --as <principal> --data ${data}, or take a token: nervous token <principal> --data ${data}`,
    '',
    'Ctrl-C stops it.',
  ].join('\n');
}
