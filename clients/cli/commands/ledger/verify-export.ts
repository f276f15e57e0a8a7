/** `nervous verify export`: the verdict on an exported ledger, offline. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { defined } from '../../../../core/values/index.ts';
import { VERDICT_EXIT } from '../../output/exit-codes.ts';
import { show, UsageError } from '../../output/output.ts';
import { addKey, keysOf } from '../../connection/verifier-keys.ts';
import { textOf } from './verify.ts';

interface VerifyOptions {
  readonly vkey: readonly string[];
  readonly anchors?: string;
  readonly since?: string;
  readonly hashOnly?: boolean;
  readonly json?: boolean;
}

export function verifyExportCommand(): Command {
  return new Command()
    .argument('<dir>')
    .requiredOption('--vkey <key-or-file>', 'the root key you trust (and witnesses), not the one in the export', addKey)
    .option('--anchors <dir>', 'anchors kept outside the export, instead of those in it')
    .option('--since <file>', 'a checkpoint that you kept: the export must begin with it')
    .option('--hash-only', 'check hashes and links, but no signatures')
    .option('--json', 'write JSON for programs')
    .action(verify);
}

async function verify(folder: string, options: VerifyOptions): Promise<void> {
  const { vkey, since, hashOnly, anchors } = options;
  const { verifyExport } = await import('../../../../adapters/embedded/index.ts');
  const report = await verifyExport(folder, {
    verifierKeys: vkey.flatMap(keysOf),
    signatures: hashOnly !== true,
    ...defined({ anchorsDir: anchors }),
    ...(since === undefined ? {} : { remembered: bytesIn(since) }),
  });
  show(options, report, () => textOf(report));
  process.exitCode = VERDICT_EXIT[report.verdict];
}

function bytesIn(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new UsageError(`"${path}" cannot be read: ${(cause as Error).message}`, { cause });
  }
}
