/**
 * The lists of the random mutants name files by path. A list that names none is silent: its mutants look unnoticed, or are excused for nothing.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { AREAS } from './areas.ts';
import { mutationsOf } from './mutations.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const equivalents = JSON.parse(readFileSync(join(import.meta.dirname, 'equivalent.json'), 'utf8')) as {
  readonly file: string;
  readonly was: string;
  readonly became: string;
}[];

it.each(
  Object.entries(AREAS).flatMap(([area, { mirror, engine }]) => [...mirror, ...engine].map((glob) => [area, glob])),
)('%s: %s names tests that exist', (_, glob = '') => {
  const alternatives = /\{(.*)\}/.exec(glob)?.[1]?.split(',') ?? [''];
  for (const one of alternatives)
    expect(globSync(glob.replace(/\{.*\}/, one), { cwd: REPOSITORY }), one).not.toEqual([]);
});

it.each(equivalents)('a mutant that changes nothing is one of $file: $became', ({ file, was, became }) => {
  const path = join(REPOSITORY, file);
  expect(existsSync(path)).toBe(true);
  const mutations = mutationsOf(file, readFileSync(path, 'utf8'));
  expect(mutations.filter((one) => one.was === was && one.became === became)).toHaveLength(1);
});
