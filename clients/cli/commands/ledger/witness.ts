/** `nervous witness`: cosigns the checkpoints of logs it is told about, as long as they never take anything back. */
import { Command } from 'commander';
import { failureReason } from '../../../../core/events/index.ts';
import { defined } from '../../../../core/values/index.ts';
import { note, show } from '../../output/output.ts';
import { parsePort } from '../../connection/port.ts';
import { stopRequest } from '../../connection/stop-request.ts';
import { addKey, keysOf } from '../../connection/verifier-keys.ts';

interface WitnessOptions {
  readonly data: string;
  readonly name: string;
  readonly logVkey: readonly string[];
  readonly port: number;
  readonly host?: string;
  readonly json?: boolean;
}

const DEFAULT_PORT = 4160;

export function witnessCommand(): Command {
  return new Command()
    .requiredOption('--data <dir>', 'where its key and its memory are kept')
    .requiredOption('--name <name>', 'its name in cosignatures, like a URL without a scheme')
    .requiredOption('--log-vkey <key-or-file>', 'verifier key of a log it serves; may be repeated', addKey)
    .option('--port <n>', 'port, 0 for any free one', parsePort, DEFAULT_PORT)
    .option('--host <address>', 'address to listen on (default 127.0.0.1: this machine only)')
    .option('--json', 'print one line {"url","verifierKey"} when ready')
    .action(witness);
}

async function witness(options: WitnessOptions): Promise<void> {
  const { data, name, logVkey, port, host } = options;
  const stop = stopRequest();
  const { startWitness } = await import('../../../../adapters/embedded/index.ts');
  const server = await startWitness({
    ...{ dataDir: data, name, logKeys: logVkey.flatMap(keysOf), port },
    ...defined({ host }),
    onError: (error) => note(`nervous: internal error: ${failureReason(error)}`),
  });
  const { url, verifierKey } = server;
  show(options, { url, verifierKey }, () =>
    [`Witness "${name}", listening on ${url}`, `verifier key: ${verifierKey}`, '', 'Ctrl-C stops it.'].join('\n'),
  );
  await stop;
  await server.close();
}
