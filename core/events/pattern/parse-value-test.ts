/**
 * One entry of a field's list of values, read: an exact value or a match expression such as `{"prefix": "a"}`. Refuses
 * what event-ruler refuses, with the position. Does not know fields, `$or` or how tests are evaluated.
 */
import { refuse, shown } from './errors.ts';
import { exactTextTest, type Leaf, type TextTest, type ValueTest } from './field-test.ts';
import { parseCidr } from './ip-range.ts';
import { lettersOf } from './letter-case.ts';
import { parseNumeric, requireNumber } from './parse-numeric.ts';
import { onlyEntry, type JsonObject } from './json-object.ts';
import { isObject } from '../../values/index.ts';
import { parseWildcard } from './wildcard.ts';

const EXPRESSIONS = 'prefix, suffix, equals-ignore-case, wildcard, anything-but, numeric, cidr, exists, exactly';

/** Entries of one list of values: bounds what one leaf of an event can cost. */
const MAX_VALUES = 1000;

export function parseValueTests(values: readonly unknown[], at: string): readonly ValueTest[] {
  return entriesOf(values, at).map(({ entry, pointer }) => parseValueTest(entry, pointer));
}

function parseValueTest(value: unknown, at: string): ValueTest {
  if (isObject(value)) return parseExpression(value, at);
  if (typeof value === 'string') return exactTextTest(value);
  if (value === null || typeof value === 'boolean') return { kind: 'exactly', value };
  if (typeof value === 'number' && Number.isFinite(value)) return { kind: 'exactly', value };
  return refuse(
    at,
    `${shown(value)} is not a value to match: write a string, number, true, false, null or an expression object`,
  );
}

function parseExpression(expression: JsonObject, at: string): ValueTest {
  const { key, value, pointer } = onlyEntry(expression, at, `one of ${EXPRESSIONS}`);
  switch (key) {
    case 'exactly':
      return { kind: 'exactly', value: text(value, pointer) };
    case 'prefix':
    case 'suffix':
      return isObject(value) ? parseFolded(key, value, pointer) : { kind: key, text: text(value, pointer) };
    case 'equals-ignore-case':
    case 'wildcard':
      return parseText(key, value, pointer);
    case 'numeric':
      return { kind: 'numeric', bounds: parseNumeric(value, pointer) };
    case 'cidr':
      return parseCidrTest(value, pointer);
    case 'exists':
      if (typeof value !== 'boolean') return refuse(pointer, `exists takes true or false, got ${shown(value)}`);
      return { kind: value ? 'present' : 'absent' };
    case 'anything-but':
      return isObject(value) ? parseAnythingButTexts(value, pointer) : parseAnythingButValues(value, pointer);
    default:
      return refuse(pointer, `unknown match expression ${shown(key)}: use one of ${EXPRESSIONS}`);
  }
}

type TextKey = 'prefix' | 'suffix' | 'equals-ignore-case' | 'wildcard';

function parseText(key: TextKey, value: unknown, at: string): TextTest {
  const pattern = text(value, at);
  switch (key) {
    case 'prefix':
    case 'suffix':
      return { kind: key, text: pattern };
    case 'equals-ignore-case':
      return { kind: key, letters: lettersOf(pattern) };
    case 'wildcard': {
      const parsed = parseWildcard(pattern);
      return parsed.kind === 'refused' ? refuse(at, parsed.reason) : { kind: key, parts: parsed.parts };
    }
  }
}

function parseFolded(key: 'prefix' | 'suffix', expression: JsonObject, at: string): TextTest {
  const inner = onlyEntry(expression, at, 'equals-ignore-case');
  if (inner.key !== 'equals-ignore-case') {
    return refuse(inner.pointer, `${key} takes a string or {"equals-ignore-case": string}, got ${shown(inner.key)}`);
  }
  return { kind: `${key}-ignore-case`, letters: lettersOf(text(inner.value, inner.pointer)) };
}

function parseCidrTest(value: unknown, at: string): ValueTest {
  const parsed = parseCidr(text(value, at));
  if (parsed.kind === 'refused') return refuse(at, `${shown(value)} is not a CIDR block: ${parsed.reason}`);
  return { kind: 'ip', range: parsed.range };
}

function parseAnythingButValues(value: unknown, at: string): ValueTest {
  const values = new Set<Leaf>();
  for (const { entry, pointer } of oneOrMany(value, at)) {
    if (typeof entry === 'string') values.add(entry);
    else if (typeof entry === 'number') values.add(requireNumber(entry, pointer));
    else return refuse(pointer, `anything-but takes strings or numbers, got ${shown(entry)}`);
  }
  if (new Set(Array.from(values, (entry) => typeof entry)).size > 1) {
    return refuse(at, 'anything-but mixes strings and numbers: write two fields or one kind only');
  }
  return { kind: 'anything-but', values, texts: [] };
}

function parseAnythingButTexts(expression: JsonObject, at: string): ValueTest {
  const { key, value, pointer } = onlyEntry(expression, at, 'prefix, suffix, equals-ignore-case or wildcard');
  if (key !== 'prefix' && key !== 'suffix' && key !== 'equals-ignore-case' && key !== 'wildcard') {
    return refuse(pointer, `anything-but takes prefix, suffix, equals-ignore-case or wildcard, got ${shown(key)}`);
  }
  const texts = oneOrMany(value, pointer).map((one) => {
    if (one.entry === '' && (key === 'prefix' || key === 'suffix')) {
      return refuse(one.pointer, `an empty ${key} excludes every string: write at least one character`);
    }
    return parseText(key, one.entry, one.pointer);
  });
  return { kind: 'anything-but', values: new Set(), texts };
}

function oneOrMany(value: unknown, at: string): readonly ListEntry[] {
  return Array.isArray(value) ? entriesOf(value, at) : [{ entry: value, pointer: at }];
}

interface ListEntry {
  readonly entry: unknown;
  readonly pointer: string;
}

function entriesOf(values: readonly unknown[], at: string): readonly ListEntry[] {
  if (values.length === 0) return refuse(at, 'an empty array is not allowed: write at least one value');
  if (values.length > MAX_VALUES) {
    return refuse(at, `has ${values.length} values, more than ${MAX_VALUES}: split the pattern`);
  }
  return values.map((entry, index) => ({ entry, pointer: `${at}/${index}` }));
}

function text(value: unknown, at: string): string {
  return typeof value === 'string' ? value : refuse(at, `takes a string, got ${shown(value)}`);
}
