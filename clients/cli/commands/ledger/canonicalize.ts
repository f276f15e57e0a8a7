/** `nervous canonicalize`: JSON on stdin, its RFC 8785 bytes on stdout, or a refusal; for people who write verifiers. */
import { Command } from 'commander';
import { buffer } from 'node:stream/consumers';
import { canonicalize, CanonicalError, parseStrict } from '../../../../core/canonical/index.ts';

/** Half of what one string of this runtime can hold, so that the result fits too. */
const MAX_INPUT_BYTES = 256 * 2 ** 20;

export function canonicalizeCommand(): Command {
  return new Command().option('--json', 'write refusals as JSON').action(run);
}

async function run(): Promise<void> {
  const input = await buffer(process.stdin);
  if (input.length > MAX_INPUT_BYTES)
    throw new CanonicalError('NOT_I_JSON', '', `${input.length} bytes are more than the ${MAX_INPUT_BYTES} accepted`);
  const bytes = Buffer.from(canonicalize(parseStrict(input, { anyRfc8785: true })));
  await new Promise((resolve) => process.stdout.write(bytes, resolve));
}
