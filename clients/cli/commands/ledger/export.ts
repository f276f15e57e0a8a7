/** `nervous export`: a ledger as a folder that can be verified offline and restored. */
import { Command } from 'commander';
import { defined } from '../../../../core/values/index.ts';
import { show } from '../../output/output.ts';
import { whileWaiting } from '../../output/waiting.ts';

interface ExportOptions {
  readonly data: string;
  readonly out: string;
  readonly anchors?: string;
  readonly withSensitive?: boolean;
  readonly json?: boolean;
}

export function exportCommand(): Command {
  return new Command()
    .requiredOption('--data <dir>', 'data folder')
    .requiredOption('--out <dir>', 'folder to make')
    .option('--anchors <dir>', 'folder of the anchors, if they are not in the data folder')
    .option('--with-sensitive', 'include confidential fields, encrypted as they are stored')
    .option('--json', 'write JSON for programs')
    .action(exportLedger);
}

async function exportLedger(options: ExportOptions): Promise<void> {
  const { data, out, anchors, withSensitive } = options;
  const { exportDataDir } = await import('../../../../adapters/embedded/index.ts');
  let far = '';
  const exporting = exportDataDir({
    ...{ dataDir: data, out, withSensitive: withSensitive === true },
    ...defined({ anchorsDir: anchors }),
    onProgress: ({ entries, of }) => (far = `${entries} of ${of} entries`),
  });
  const manifest = await whileWaiting({ what: 'exporting the ledger', far: () => far, json: options.json }, exporting);
  show(options, { out, ...manifest }, () => {
    const { origin, size, root, files, bytes } = manifest;
    const beside = withSensitive === true ? 'with confidential fields, encrypted' : 'without confidential fields';
    return [
      `${out}: ${origin}, ${size} entries, root ${root}`,
      `  ${files} files, ${bytes} bytes, ${beside}`,
      '  no private key is in it: keep root.key (and field.key) elsewhere',
      `  verify it: nervous verify export ${out} --vkey <the root key you trust>`,
    ].join('\n');
  });
}
