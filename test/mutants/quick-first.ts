/** Which test file is asked first about a mutant: the one that mirrors its file, then the quickest. Most mutants end within a second of tests. */
import { existsSync, readFileSync } from 'node:fs';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

interface JsonReport {
  readonly testResults: readonly { readonly name: string; readonly startTime: number; readonly endTime: number }[];
}

export class QuickFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const mirror = `test/${(process.env['MUTATED'] ?? '').replace(/\.ts$/, '.test.ts')}`;
    const took = durations();
    const rank = ({ moduleId }: TestSpecification): number => {
      const name = inRepository(moduleId);
      return name === mirror ? -1 : (took.get(name) ?? Infinity);
    };
    return Promise.resolve([...files].sort((a, b) => rank(a) - rank(b)));
  }
}

/** Milliseconds by path in the repository; nothing in the run that measures them. */
function durations(): Map<string, number> {
  const path = process.env['DURATIONS'];
  if (path === undefined || !existsSync(path)) return new Map();
  const { testResults } = JSON.parse(readFileSync(path, 'utf8')) as JsonReport;
  return new Map(testResults.map(({ name, startTime, endTime }) => [inRepository(name), endTime - startTime]));
}

/** The same in the repository and in a copy of it. */
function inRepository(path: string): string {
  return path.slice(path.lastIndexOf('/test/') + 1);
}
