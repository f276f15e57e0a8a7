import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../api/errors.ts';
import { problemResponse, problemSchema, type ProblemDetails } from '../../api/index.ts';
import { isErrorCode, PROBLEMS } from '../../api/problem-table.ts';
import { problemType } from '../../api/problem.ts';
import { NervousError } from '../../core/errors/index.ts';

const ROOT = join(import.meta.dirname, '../..');
const codes = Object.keys(PROBLEMS) as ErrorCode[];

/** Every code a core area or the API declares, read from the sources so that none can be forgotten. */
function declaredCodes(): string[] {
  const files = [...globSync('core/**/*.ts', { cwd: ROOT }), 'api/errors.ts'];
  return files.flatMap((file) => {
    const source = readFileSync(join(ROOT, file), 'utf8');
    const unions = [
      ...source.matchAll(/type \w+ErrorCode\s*=([^;]+);/g),
      ...source.matchAll(/NervousError<('[^>]+')>/g),
    ];
    return unions.flatMap(([, union = '']) => [...union.matchAll(/'([A-Z0-9_]+)'/g)].map(([, code = '']) => code));
  });
}

const SAFE = 'Sending the same request again is safe: with the same id or Idempotency-Key it counts once';

describe('the table of problems', () => {
  it('has every declared code and no other', () => {
    const declared = declaredCodes();
    expect(declared).toContain('PATTERN_INVALID');
    expect(declared).toContain('CONFIG_INVALID');
    expect(declared).toContain('ROUTE_NOT_FOUND');
    expect([...new Set(declared)].sort()).toEqual([...codes].sort());
  });

  it('does not compile without a code', () => {
    const { FORBIDDEN: _missing, ...rest } = PROBLEMS;
    // @ts-expect-error -- the check of types is the proof: a table without FORBIDDEN is no table
    const incomplete: typeof PROBLEMS = rest;
    expect(Object.keys(incomplete)).toHaveLength(codes.length - 1);
  });

  it.each(codes)('%s becomes problem details with its status and a URI of its own', (code) => {
    const error = new NervousError({ code, message: 'the message', problems: [{ pointer: '/a', detail: 'wrong' }] });
    const { status, headers, body } = problemResponse(error, '/v1/x', () => {});
    const problem: ProblemDetails = problemSchema.parse(JSON.parse(body));
    expect(status).toBe(PROBLEMS[code].status);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(problem).toMatchObject({ status, code, title: PROBLEMS[code].title, instance: '/v1/x' });
    if (status < 500) expect(problem.detail).toBe('the message');
    else expect(problem.detail).toBe(status === 503 ? `${PROBLEMS[code].title}. ${SAFE}` : PROBLEMS[code].title);
    expect(problem.errors).toEqual(status >= 500 ? [] : [{ pointer: '/a', detail: 'wrong' }]);
  });

  it('gives every code another type', () => {
    expect(new Set(codes.map(problemType)).size).toBe(codes.length);
  });

  it.each(['toString', '__proto__', 'NOBODY_KNOWS'])('does not take %j for a code', (code) => {
    expect(isErrorCode(code)).toBe(false);
    const reported: unknown[] = [];
    const error = new NervousError({ code, message: 'internal' });
    expect(problemResponse(error, '/', (one) => void reported.push(one)).status).toBe(500);
    expect(reported).toEqual([error]);
  });
});
