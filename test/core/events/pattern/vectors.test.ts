/** Every answer of AWS's own engine (event-ruler), case by case; see the README of the shared vectors. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { matchPattern, parsePattern, PatternError } from '../../../../core/events/pattern/index.ts';

interface Case {
  readonly name: string;
  readonly rule: unknown;
  readonly event: unknown;
  readonly matches: boolean;
}

interface Refused {
  readonly rule: unknown;
  readonly error: string;
}

const repository = resolve(import.meta.dirname, '../../../..');
const folder = resolve(repository, process.env.NERVOUS_SHARED ?? '../shared', 'vectors/eventbridge-patterns');
const present = existsSync(folder);
if (!present) console.warn(`skipped: no vectors at ${folder}; set NERVOUS_SHARED to the shared folder`);

function read(file: string): unknown[] {
  if (!present) return [];
  const lines = readFileSync(resolve(folder, file), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as unknown);
}

const cases = read('cases.jsonl') as Case[];
const refused = read('invalid.jsonl') as Refused[];

describe.skipIf(!present)('event-ruler vectors', () => {
  it('are there', () => {
    expect(cases.length).toBeGreaterThanOrEqual(351);
    expect(refused.length).toBeGreaterThanOrEqual(10);
  });

  it.each(cases.map((one) => ({ ...one, shown: JSON.stringify(one.rule) })))(
    '$name $shown',
    ({ rule, event, matches }) => {
      expect(matchPattern(parsePattern(rule), event)).toBe(matches);
    },
  );

  it.each(refused.map((one) => ({ ...one, shown: JSON.stringify(one.rule) })))('refuses $shown: $error', ({ rule }) => {
    expect(() => parsePattern(rule)).toThrow(PatternError);
  });
});
