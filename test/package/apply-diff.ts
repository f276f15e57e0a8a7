/** What a reader does who is shown `+` and `-` lines of a file: finds the others in it, and writes. Hunks are apart by `@@`. On stdin; the file is argv[2]. */
import { readFileSync, writeFileSync } from 'node:fs';

const [, , file = ''] = process.argv;
const hunks = readFileSync(0, 'utf8')
  .trimEnd()
  .split(/^@@.*\n/m);
let text = readFileSync(file, 'utf8');
for (const hunk of hunks) {
  const lines = hunk.trimEnd().split('\n');
  const without = (sign: string): string =>
    lines
      .filter((line) => !line.startsWith(sign))
      .map((line) => line.slice(1))
      .join('\n');
  const parts = text.split(without('+'));
  if (parts.length !== 2) throw new Error(`${file} has these lines ${parts.length - 1} times:\n${without('+')}`);
  text = parts.join(without('-'));
}
writeFileSync(file, text);
