/** `nervous entities proof`: shows, to whoever has the public root key and nothing else, that an entry is in the log. */
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { openSource, sourceCommand, type SourceOptions } from '../../connection/ledger-source.ts';
import { show, UsageError } from '../../output/output.ts';
import { parseSeq } from '../../input/seq.ts';

interface ProofOptions extends SourceOptions {
  readonly out?: string;
}

export function proofCommand(): Command {
  return sourceCommand('<entity> <seq>')
    .option('--out <file>', 'write into this file, which must not exist yet')
    .action(async (entity: string, seqText: string, options: ProofOptions) => {
      const seq = parseSeq(seqText);
      const source = await openSource(options);
      try {
        const proof = await source.proof(entity, seq);
        if (proof === undefined) throw new Error(`"${entity}" has no entry #${seq} in ${source.name}`);
        write(proof, options, { entity, seq });
      } finally {
        source.close();
      }
    });
}

function write(proof: Uint8Array, options: ProofOptions, of: { readonly entity: string; readonly seq: number }): void {
  const { out } = options;
  if (out !== undefined) {
    try {
      writeFileSync(out, proof, { flag: 'wx' });
    } catch (cause) {
      throw new UsageError(`"${out}" cannot be written: ${(cause as Error).message}`, { cause });
    }
    show(
      options,
      { ...of, out },
      () => `${out}: verify it with "nervous verify proof ${out} --vkey <the root key you trust>"`,
    );
  } else if (options.json === true) show(options, { ...of, proof: Buffer.from(proof).toString('utf8') }, () => '');
  else process.stdout.write(proof);
}
