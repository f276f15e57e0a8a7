/**
 * The corridor of a decision, walked: docs/life-of-a-change.md names every file that an approval enters, in that order, and the
 * other acts of people take the same way. Inside, nothing throws what is refused.
 */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY } from './pages.ts';
import type { Entered } from './corridor/trace.ts';

const PAGE = readFileSync(join(REPOSITORY, 'docs/life-of-a-change.md'), 'utf8');
const [, SECTION = ''] = PAGE.split('## The corridor of a decision\n');
const ROWS = [...SECTION.matchAll(/^\| (\d+) \| `(.+?)`( \(again\))? \|/gm)].map(([, line, file = '', again]) => ({
  ...{ line: Number(line), file, isAgain: again !== undefined },
}));
const [, ASKED_TEXT = ''] = /Asked on the way,([^]+?)\n\n/.exec(SECTION) ?? [];
const ASKED = [...ASKED_TEXT.matchAll(/`(.+?)`/g)].map(([, path = '']) => path);
/** Stands for the engine's. */
const STORE = 'adapters/memory';

const isTold = (file: string): boolean => ROWS.some((row) => row.file === file);
const isAsked = (file: string): boolean => [...ASKED, STORE].some((path) => file === path || file.startsWith(`${path}/`));

/** It goes on beside the answer, woken by the step. */
const WORKFLOW = 'core/changes/use-cases/workflow-use-cases.ts';

/** The files of the corridor as they are entered; one that goes on by itself is not entered again. */
function entered(walk: readonly Entered[], isCorridor: (file: string) => boolean): string[] {
  const seen = new Set<string>();
  return walk.flatMap(({ file, from }) => {
    const isOurs = isCorridor(file) && file !== WORKFLOW && from !== WORKFLOW;
    const isEntry = isOurs && (from !== undefined || !seen.has(file));
    seen.add(file);
    return isEntry ? [file] : [];
  });
}

let walks: Readonly<Record<string, readonly Entered[]>>;
beforeAll(() => {
  const folder = join(import.meta.dirname, 'corridor');
  const args = ['--import', join(folder, 'trace.ts'), join(folder, 'walk.ts')];
  walks = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as typeof walks;
});

describe('the corridor of a decision', () => {
  it('is walked as the page tells', () => {
    const walk = walks['approve'] ?? [];
    expect(entered(walk, isTold)).toEqual(ROWS.map(({ file }) => file));
    expect(ROWS.map(({ line }) => line)).toEqual(ROWS.map((_, i) => i + 1));
  });

  it('enters a file twice only where the page says so', () => {
    const twice = ROWS.filter(({ file }, i) => ROWS.findIndex((row) => row.file === file) < i);
    expect(ROWS.filter(({ isAgain }) => isAgain)).toEqual(twice);
  });

  it('goes nowhere else but to what is asked on the way', () => {
    const others = (walks['approve'] ?? []).map(({ file }) => file).filter((file) => !isTold(file));
    expect(others.filter((file) => !isAsked(file))).toEqual([]);
    const walked = Object.values(walks).flatMap((walk) => walk.map(({ file }) => file));
    expect(ASKED.filter((path) => !walked.some((file) => file === path || file.startsWith(`${path}/`)))).toEqual([]);
  });

  it.each(['reject', 'revoke', 'override', 'review', 'withdraw', 'revise', 'propose'])(
    'is the same for those who %s: one way, and no file twice but where the page says so',
    (act) => {
      const rooms = /^core\/changes\/(?:use-cases|recording|decisions|proposals)\//;
      const isCorridor = (file: string): boolean => rooms.test(file) && !isAsked(file);
      const walk = entered(walks[act] ?? [], isCorridor);
      // What is proposed rests on a policy of the ledger's own: that is asked before anything is assessed.
      if (act === 'propose') walk.splice(walk.indexOf('core/changes/recording/append-under.ts'), 1);
      expect(walk.length).toBeGreaterThan(5);
      const again = ROWS.filter(({ isAgain }) => isAgain).map(({ file }) => file);
      const twice = walk.filter((file, i) => walk.indexOf(file) < i);
      expect(twice.filter((file) => !again.includes(file))).toEqual([]);
      const order = ROWS.map(({ file }) => file).filter((file) => rooms.test(file) && walk.includes(file));
      expect(walk.filter((file) => order.includes(file))).toEqual(order);
    },
  );
});

describe('what is refused', () => {
  /** The ledger is damaged, or a caller of ours is wrong: no answer to anybody. */
  const DAMAGE = /cannot be read|is not what was recorded|has no operation/;

  it.each(globSync('core/changes/{decisions,proposals,recording,execution,workflow}/*.ts', { cwd: REPOSITORY }))(
    'is not thrown in %s',
    (file) => {
      const text = readFileSync(join(REPOSITORY, file), 'utf8');
      const thrown = [...text.matchAll(/\b(?:throw |refuse\()[^]*?;/g)].map(([statement]) => statement);
      expect(thrown.filter((statement) => !DAMAGE.test(statement))).toEqual([]);
    },
  );
});
