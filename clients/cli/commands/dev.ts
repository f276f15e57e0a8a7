/** `nervous dev`: the embedded engine in this process, until a signal or the end of who started it. */
import { Command, InvalidArgumentError } from 'commander';
import { failureReason } from '../../../core/events/index.ts';
import { DEFAULT_PORT } from '../connect.ts';
import { DEFAULT_CONFIG, loadConfig } from '../load-config.ts';
import { note, show } from '../output.ts';

interface DevOptions {
  readonly port: number;
  readonly host?: string;
  readonly data: string;
  readonly config: string;
  readonly json?: boolean;
}

const MAX_PORT = 65_535;
const PARENT_CHECK_MS = 200;

export function devCommand(): Command {
  return new Command('dev')
    .description('start the embedded engine')
    .option('--port <n>', 'port, 0 for any free one', parsePort, DEFAULT_PORT)
    .option('--host <address>', 'address to listen on (default 127.0.0.1: this machine only)')
    .option('--data <dir>', 'where the ledger is kept', '.data')
    .option('--config <file>', 'the configuration', DEFAULT_CONFIG)
    .option('--json', 'one line {"url","tokens"} when ready')
    .action(dev);
}

async function dev(options: DevOptions): Promise<void> {
  const { port, host, data, config: configPath } = options;
  const stop = stopRequest();
  const config = await loadConfig(configPath);
  const { startEngine } = await import('../../../adapters/embedded/index.ts');
  const engine = await startEngine({
    ...{ config, dataDir: data, port, ...(host === undefined ? {} : { host }) },
    onError: (error) => note(`nervous: internal error: ${failureReason(error)}`),
  });
  const { url, tokens } = engine;
  show(options, { url, tokens }, () => banner({ url, tokens, data, ledger: config.ledger }));
  await stop;
  await engine.close();
}

/** Listens from the start, so that a signal during startup is not lost. */
function stopRequest(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve());
    process.on('disconnect', () => resolve());
    process.channel?.unref(); // only to learn of the parent's end, not a reason to live
    if (process.env['npm_lifecycle_event'] !== undefined) onParentsEnd(resolve);
  });
}

/** npm that is killed outright passes no signal on: an engine nobody sees must not keep the data folder locked. */
function onParentsEnd(stop: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== parent) stop();
  }, PARENT_CHECK_MS);
  timer.unref();
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

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= MAX_PORT) return port;
  throw new InvalidArgumentError(`a port is 0-${MAX_PORT}.`);
}
