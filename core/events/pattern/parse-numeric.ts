/**
 * The `numeric` expression: `["=", n]`, one bound, or a low and then a high bound. Numbers outside EventBridge's documented
 * range are refused, because the same pattern becomes a rule on AWS. Numbers of events are not limited.
 */
import { refuse, shown } from './errors.ts';
import type { NumericBounds } from './field-test.ts';

/** Both signs, included (AWS: "Comparison operators", numeric matching). */
const MAX_PATTERN_NUMBER = 5_000_000_000;

const LOW_OPERATORS = ['>', '>='];
const HIGH_OPERATORS = ['<', '<='];

export function parseNumeric(value: unknown, at: string): NumericBounds {
  if (!Array.isArray(value)) return refuse(at, `numeric takes an array such as [">", 0], got ${shown(value)}`);
  const terms: readonly unknown[] = value;
  const [operator, operand, ...rest] = terms;
  if (typeof operator !== 'string' || ![...LOW_OPERATORS, ...HIGH_OPERATORS, '='].includes(operator)) {
    return refuse(`${at}/0`, `numeric operator is one of = < <= > >=, got ${shown(operator)}`);
  }
  const number = requireNumber(operand, `${at}/1`);
  if (LOW_OPERATORS.includes(operator)) {
    const low = { low: number, lowIncluded: operator === '>=' };
    return rest.length === 0 ? { ...low, high: Infinity, highIncluded: true } : parseHigh(low, rest, at);
  }
  if (rest.length > 0) return refuse(`${at}/2`, `nothing may follow ${operator}: write a range low bound first`);
  if (operator === '=') return { low: number, lowIncluded: true, high: number, highIncluded: true };
  return { low: -Infinity, lowIncluded: true, high: number, highIncluded: operator === '<=' };
}

function parseHigh(
  low: Pick<NumericBounds, 'low' | 'lowIncluded'>,
  [operator, operand, ...rest]: readonly unknown[],
  at: string,
): NumericBounds {
  if (typeof operator !== 'string' || !HIGH_OPERATORS.includes(operator)) {
    return refuse(`${at}/2`, `a low bound is followed by < or <=, got ${shown(operator)}`);
  }
  const high = requireNumber(operand, `${at}/3`);
  if (rest.length > 0) return refuse(`${at}/4`, 'a numeric range has two bounds: remove the rest');
  if (low.low >= high) return refuse(at, `the low bound ${low.low} must be less than the high bound ${high}`);
  return { ...low, high, highIncluded: operator === '<=' };
}

export function requireNumber(value: unknown, at: string): number {
  if (typeof value !== 'number') return refuse(at, `takes a number, got ${shown(value)}`);
  if (!(Math.abs(value) <= MAX_PATTERN_NUMBER)) {
    return refuse(
      at,
      `${value} is outside ±${MAX_PATTERN_NUMBER}, the range EventBridge compares: use a smaller unit count`,
    );
  }
  return value;
}
