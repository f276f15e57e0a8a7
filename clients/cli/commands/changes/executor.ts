/** `nervous executor test`: the conformance kit on an author's own executor. docs/executors.md */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { testExecutor, type ExecutorSubject, type KitCheck } from '../../../sdk/index.ts';
import { EXIT } from '../../output/exit-codes.ts';
import { show, UsageError } from '../../output/output.ts';

export function testExecutorCommand(): Command {
  return new Command()
    .argument('<module>', 'file that exports "subject" (docs/executors.md)')
    .option('--json', 'write JSON for programs')
    .action(async (file: string, options: { readonly json?: boolean }) => {
      const subject = await loadSubject(file);
      const report = await testExecutor(subject);
      const { name, version } = subject;
      show(options, { executor: `${name}@${version}`, ...report }, () => tableOf(`${name}@${version}`, report.checks));
      if (!report.ok) process.exitCode = EXIT.problem;
    });
}

/** @throws UsageError */
async function loadSubject(file: string): Promise<ExecutorSubject> {
  const path = resolve(file);
  if (!existsSync(path)) throw new UsageError(`"${file}" is not there: name the file that exports "subject"`);
  const { subject } = (await import(pathToFileURL(path).href)) as { subject?: Partial<ExecutorSubject> };
  const isSubject =
    typeof subject?.open === 'function' &&
    typeof subject.name === 'string' &&
    typeof subject.version === 'string' &&
    Array.isArray(subject.inputs) &&
    Array.isArray(subject.invalidInputs);
  if (!isSubject)
    throw new UsageError(`"${file}" exports no "subject" with name, version, inputs, invalidInputs and open()`);
  return subject as ExecutorSubject;
}

function tableOf(executor: string, checks: readonly KitCheck[]): string {
  const lines = checks.map(({ name, ok, detail }) => {
    const line = `${ok ? 'pass' : 'FAIL'}  ${name}`;
    return detail === undefined ? line : `${line}\n      ${detail}`;
  });
  const failed = checks.filter(({ ok }) => !ok).length;
  return [
    ...lines,
    `${executor}: ${failed === 0 ? 'every check passes' : `${failed} of ${checks.length} checks fail`}`,
  ].join('\n');
}
