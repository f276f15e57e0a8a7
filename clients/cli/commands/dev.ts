/** `nervous dev`: the embedded engine in this process, until a signal or the end of who started it. */
import { Command } from 'commander';
import type { EngineOptions } from '../../../adapters/embedded/index.ts';
import { withCauses } from '../../../core/errors/index.ts';
import { DEFAULT_PORT } from '../connect.ts';
import { DEFAULT_CONFIG, loadConfig } from '../load-config.ts';
import { note, show, UsageError } from '../output.ts';
import { parsePort } from '../port.ts';
import { stopRequest } from '../stop-request.ts';
import { keysOf } from '../verifier-keys.ts';

interface DevOptions {
  readonly port: number;
  readonly host?: string;
  readonly data: string;
  readonly config: string;
  readonly witness?: string;
  readonly witnessVkey?: string;
  readonly json?: boolean;
}

export function devCommand(): Command {
  return new Command('dev')
    .description('start the embedded engine')
    .option('--port <n>', 'port, 0 for any free one', parsePort, DEFAULT_PORT)
    .option('--host <address>', 'address to listen on (default 127.0.0.1: this machine only)')
    .option('--data <dir>', 'where the ledger is kept', '.data')
    .option('--config <file>', 'the configuration', DEFAULT_CONFIG)
    .option('--witness <url>', 'a witness elsewhere that cosigns the log, beside the one in the data folder')
    .option('--witness-vkey <key-or-file>', 'its verifier key')
    .option('--json', 'one line {"url","tokens"} when ready')
    .action(dev);
}

async function dev(options: DevOptions): Promise<void> {
  const { port, host, data, config: configPath } = options;
  const stop = stopRequest();
  const config = await loadConfig(configPath);
  const { startEngine } = await import('../../../adapters/embedded/index.ts');
  const engine = await startEngine({
    ...{ config, dataDir: data, port, ...(host === undefined ? {} : { host }), ...witnessOf(options) },
    onError: (error) => note(`nervous: internal error: ${withCauses(error)}`),
  });
  const { url, tokens } = engine;
  show(options, { url, tokens }, () => banner({ url, tokens, data, ledger: config.ledger }));
  await stop;
  await engine.close();
}

/** @throws UsageError */
function witnessOf({ witness, witnessVkey }: DevOptions): Pick<EngineOptions, 'witness'> {
  if (witness === undefined && witnessVkey === undefined) return {};
  const [verifierKey, ...more] = witnessVkey === undefined ? [] : keysOf(witnessVkey);
  if (witness === undefined || verifierKey === undefined || more.length > 0 || !/^https?:\/\/./i.test(witness))
    throw new UsageError('--witness takes an http(s) URL, and --witness-vkey the one key of that witness: give both');
  return { witness: { url: witness, verifierKey } };
}

function banner(started: {
  readonly url: string;
  readonly tokens: Readonly<Record<string, string>>;
  readonly data: string;
  readonly ledger: string;
}): string {
  const width = Math.max(0, ...Object.keys(started.tokens).map((id) => id.length));
  return [
    `Nervous System: ledger "${started.ledger}" in ${started.data}, listening on ${started.url}`,
    '',
    'Tokens (Authorization: Bearer …, or NERVOUS_TOKEN):',
    ...Object.entries(started.tokens).map(([id, token]) => `  ${id.padEnd(width)}  ${token}`),
    '',
    'Ctrl-C stops it.',
  ].join('\n');
}
