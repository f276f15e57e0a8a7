/** Every answer of AWS's own engine (event-ruler), case by case; see test/vectors/README.md. */
import { readFileSync } from 'node:fs';
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

const folder = resolve(import.meta.dirname, '../../../vectors/eventbridge-patterns');

function read(file: string): unknown[] {
  const lines = readFileSync(resolve(folder, file), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as unknown);
}

const cases = read('cases.jsonl') as Case[];
const refused = read('invalid.jsonl') as Refused[];

describe('event-ruler vectors', () => {
  it('are there', () => {
    expect(cases.length).toBe(351);
    expect(refused.length).toBe(10);
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
