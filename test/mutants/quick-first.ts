/** Which test file is asked first about a mutant: the one that mirrors its file, then the quickest. Most mutants end within a second of tests. */
import { existsSync, readFileSync } from 'node:fs';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import type { Mutation } from './mutations.ts';

interface JsonReport {
  readonly testResults: readonly { readonly name: string; readonly startTime: number; readonly endTime: number }[];
}

export class QuickFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const mutation = JSON.parse(process.env['MUTATION'] ?? 'null') as Mutation | null;
    const mirror = mutation === null ? '' : `/test/${mutation.file.replace(/\.ts$/, '.test.ts')}`;
    const took = durations();
    const rank = ({ moduleId }: TestSpecification): number =>
      mutation !== null && moduleId.endsWith(mirror) ? -1 : (took.get(moduleId) ?? Infinity);
    return Promise.resolve([...files].sort((a, b) => rank(a) - rank(b)));
  }
}

/** Milliseconds by path; nothing in the run that measures them. */
function durations(): Map<string, number> {
  const path = process.env['DURATIONS'];
  if (path === undefined || !existsSync(path)) return new Map();
  const { testResults } = JSON.parse(readFileSync(path, 'utf8')) as JsonReport;
  return new Map(testResults.map(({ name, startTime, endTime }) => [name, endTime - startTime]));
}
