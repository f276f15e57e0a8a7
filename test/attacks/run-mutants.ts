/** Switches off one control after the other, runs the attacks, and prints for each the first that succeeds. Fails if none does. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scriptOptions } from '../support/script-options.ts';
import { MUTANTS } from './mutants.ts';

interface Report {
  readonly numTotalTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly title: string }[];
  }[];
}

scriptOptions('npm run test:mutants: takes no options', {});
const folder = mkdtempSync(join(tmpdir(), 'nervous-mutants-'));
const survived: string[] = [];
if (firstFailing(-1) !== undefined)
  throw new Error('the attacks succeed with every control on: npx vitest run test/attacks');
for (const [i, { control, edits }] of MUTANTS.entries()) {
  const failing = firstFailing(i);
  if (failing === undefined) survived.push(control);
  process.stdout.write(
    `${failing === undefined ? 'SURVIVED' : 'caught  '} | ${control} (${[...new Set(edits.map(({ file }) => file))].join(', ')}) | ${failing ?? 'no test fails'}\n`,
  );
}
process.stdout.write(
  `\n${MUTANTS.length - survived.length} of ${MUTANTS.length} controls are missed when they are gone\n`,
);
rmSync(folder, { recursive: true });
process.exitCode = survived.length === 0 ? 0 : 1;

function firstFailing(mutant: number): string | undefined {
  const outputFile = join(folder, `${mutant}.json`);
  const options = ['--config', 'vitest.mutants.config.ts', '--reporter=json', `--outputFile=${outputFile}`, '--bail=1'];
  const env = { ...process.env, MUTANT: String(mutant) };
  const { stderr } = spawnSync('npx', ['vitest', 'run', ...options], { encoding: 'utf8', env });
  if (!existsSync(outputFile)) throw new Error(`no attack ran: ${stderr.slice(-2000)}`);
  const report = JSON.parse(readFileSync(outputFile, 'utf8')) as Report;
  const all = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  return all.find(({ status }) => status === 'failed')?.title;
}
