/** What holds for every pattern and event, against naive oracles. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchPattern, parsePattern, PatternError } from '../../../../core/events/pattern/index.ts';
import { rulerAnswer } from './ruler-oracle.ts';

const few = fc.string({ unit: fc.constantFrom('a', 'b', '*', '\\', 'Ž'), maxLength: 6 });
const scalar = fc.oneof(few, fc.integer({ min: -3, max: 3 }), fc.boolean(), fc.constant(null));

function accepts(value: unknown, leaf: unknown): boolean {
  return matchPattern(parsePattern({ f: [value] }), { f: leaf });
}

describe('texts', () => {
  it('prefix and suffix are startsWith and endsWith', () => {
    fc.assert(
      fc.property(few, few, (part, text) => {
        expect(accepts({ prefix: part }, text)).toBe(text.startsWith(part));
        expect(accepts({ suffix: part }, text)).toBe(text.endsWith(part));
      }),
    );
  });

  /** Tries every split: exponential, but plainly right. Parts are characters, `null` is the star. */
  function fits(parts: readonly (string | null)[], text: string): boolean {
    const [part, ...rest] = parts;
    if (part === undefined) return text === '';
    if (part !== null) return text.startsWith(part) && fits(rest, text.slice(1));
    return Array.from({ length: text.length + 1 }, (_, at) => at).some((at) => fits(rest, text.slice(at)));
  }

  it('a wildcard accepts what some split of the text accepts', () => {
    const parts = fc
      .array(fc.constantFrom('a', 'b', '*', '\\', null), { maxLength: 7 })
      .map((list) => list.filter((part, index) => part !== null || list[index - 1] !== null));
    fc.assert(
      fc.property(parts, few, (list, text) => {
        const wildcard = list.map((part) => (part === null ? '*' : part.replace(/[*\\]/, '\\$&'))).join('');
        expect(accepts({ wildcard }, text)).toBe(fits(list, text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('no letter has a form that begins its other form, so matching without case needs no choice', () => {
    for (let codePoint = 0; codePoint <= 0x10ffff; codePoint += 1) {
      const letter = String.fromCodePoint(codePoint);
      const lower = letter.toLowerCase();
      const upper = letter.toUpperCase();
      if (
        lower !== upper &&
        (lower.startsWith(upper) || upper.startsWith(lower) || lower.endsWith(upper) || upper.endsWith(lower))
      ) {
        expect.fail(`U+${codePoint.toString(16)}`);
      }
    }
  });

  it('ignoring case accepts every change of case', () => {
    fc.assert(
      fc.property(few, (text) => {
        for (const form of [text, text.toUpperCase(), text.toLowerCase()]) {
          expect(accepts({ 'equals-ignore-case': text }, form)).toBe(true);
          expect(accepts({ prefix: { 'equals-ignore-case': text } }, `${form}-`)).toBe(true);
          expect(accepts({ suffix: { 'equals-ignore-case': text } }, `-${form}`)).toBe(true);
        }
      }),
    );
  });
});

describe('values', () => {
  it('anything-but is the negation for a leaf that is there', () => {
    fc.assert(
      fc.property(fc.oneof(few, fc.integer({ min: -3, max: 3 })), scalar, (value, leaf) => {
        expect(accepts({ 'anything-but': value }, leaf)).toBe(
          !accepts(typeof value === 'string' ? { exactly: value } : value, leaf),
        );
      }),
    );
    const nonEmpty = few.filter((text) => text !== '');
    fc.assert(
      fc.property(fc.constantFrom('prefix', 'suffix', 'equals-ignore-case'), nonEmpty, scalar, (key, value, leaf) => {
        expect(accepts({ 'anything-but': { [key]: value } }, leaf)).toBe(!accepts({ [key]: value }, leaf));
      }),
    );
  });

  it('numeric bounds are the comparisons of numbers', () => {
    const number = fc.double({ min: -5e9, max: 5e9, noNaN: true });
    fc.assert(
      fc.property(number, fc.oneof(number, fc.double()), (bound, found) => {
        expect(accepts({ numeric: ['<', bound] }, found)).toBe(found < bound);
        expect(accepts({ numeric: ['<=', bound] }, found)).toBe(found <= bound);
        expect(accepts({ numeric: ['>', bound] }, found)).toBe(found > bound);
        expect(accepts({ numeric: ['>=', bound] }, found)).toBe(found >= bound);
        expect(accepts({ numeric: ['=', bound] }, found)).toBe(found === bound);
      }),
    );
  });

  it('a CIDR block is the addresses with its leading bits', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const address = fc.tuple(byte, byte, byte, byte);
    const bitsOf = (bytes: readonly number[]) => bytes.map((one) => one.toString(2).padStart(8, '0')).join('');
    fc.assert(
      fc.property(
        address,
        fc.integer({ min: 0, max: 31 }),
        address,
        fc.integer({ min: 0, max: 31 }),
        (base, mask, other, shared) => {
          // half of the other's leading bits come from the base, so that both answers occur
          const mixed = bitsOf(base).slice(0, shared) + bitsOf(other).slice(shared);
          const found = [0, 8, 16, 24].map((at) => parseInt(mixed.slice(at, at + 8), 2));
          const inside = mixed.slice(0, mask) === bitsOf(base).slice(0, mask);
          expect(accepts({ cidr: `${base.join('.')}/${mask}` }, found.join('.'))).toBe(inside);
          const asV6 = (bytes: readonly number[]) =>
            `2001:db8::${Buffer.from(bytes)
              .toString('hex')
              .replace(/^(....)/, '$1:')}`;
          expect(accepts({ cidr: `${asV6(base)}/${96 + mask}` }, asV6(found))).toBe(inside);
        },
      ),
    );
  });
});

describe('whole patterns', () => {
  /** Small alphabets, so that patterns and events meet often. */
  const key = fc.constantFrom('a', 'b', 'c');
  const leaf = fc.constantFrom(1, 2, 'x');
  const value = fc.oneof(leaf, fc.constantFrom({ exists: true }, { exists: false }, { 'anything-but': 'x' }));
  const rules = fc.letrec<{ node: Record<string, unknown>; any: unknown }>((tie) => ({
    node: fc.oneof(
      { weight: 4, arbitrary: fc.dictionary(key, tie('any'), { minKeys: 1, maxKeys: 3 }) },
      { weight: 1, arbitrary: fc.array(tie('node'), { minLength: 2, maxLength: 2 }).map(($or) => ({ $or })) },
    ),
    any: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'rule' },
      fc.array(value, { minLength: 1, maxLength: 2 }),
      tie('node'),
    ),
  }));
  const events = fc.letrec<{ object: Record<string, unknown>; any: unknown }>((tie) => ({
    object: fc.dictionary(key, tie('any'), { maxKeys: 3 }),
    any: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'event' },
      leaf,
      tie('object'),
      fc.array(tie('any'), { maxLength: 3 }),
    ),
  }));

  function parsed(rule: unknown) {
    try {
      return parsePattern(rule);
    } catch (error) {
      if (error instanceof PatternError) return undefined;
      throw error;
    }
  }

  it('answer as event-ruler’s own algorithm, searched exhaustively', () => {
    let matched = 0;
    fc.assert(
      fc.property(rules.node, events.object, (rule, event) => {
        const pattern = parsed(rule);
        fc.pre(pattern !== undefined);
        const answer = matchPattern(pattern, event);
        if (answer) matched += 1;
        expect(answer).toBe(rulerAnswer(rule, event));
      }),
      { numRuns: 20_000 },
    );
    expect(matched).toBeGreaterThan(1_000);
  });

  function reversedKeys(json: unknown): unknown {
    if (Array.isArray(json)) return json.map(reversedKeys);
    if (typeof json !== 'object' || json === null) return json;
    return Object.fromEntries(
      Object.entries(json)
        .reverse()
        .map(([name, inner]) => [name, reversedKeys(inner)]),
    );
  }

  it('do not depend on the order of keys, in the event or in the pattern', () => {
    fc.assert(
      fc.property(rules.node, events.object, (rule, event) => {
        const pattern = parsed(rule);
        fc.pre(pattern !== undefined);
        const answer = matchPattern(pattern, event);
        expect(matchPattern(pattern, reversedKeys(event))).toBe(answer);
        expect(matchPattern(parsePattern(reversedKeys(rule)), event)).toBe(answer);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never throw for any event, nor change it', () => {
    fc.assert(
      fc.property(
        rules.node,
        fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }),
        (rule, event) => {
          const pattern = parsed(rule);
          fc.pre(pattern !== undefined);
          expect(typeof matchPattern(pattern, event)).toBe('boolean');
        },
      ),
    );
    fc.assert(
      fc.property(rules.node, events.object, (rule, event) => {
        const before = JSON.stringify([rule, event]);
        const pattern = parsed(rule);
        if (pattern !== undefined) matchPattern(pattern, event);
        expect(JSON.stringify([rule, event])).toBe(before);
      }),
    );
  });

  it('are refused with PatternError and nothing else', () => {
    const word = fc.constantFrom(
      '$or',
      'prefix',
      'anything-but',
      'numeric',
      'exists',
      'wildcard',
      'cidr',
      '__proto__',
      'a',
    );
    const json = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 5 },
        fc.jsonValue(),
        word,
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(word, tie('any'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(fc.oneof(json.any, fc.anything()), (source) => {
        const pattern = parsed(source);
        if (pattern !== undefined) expect(pattern.source).toBe(source);
      }),
      { numRuns: 5_000 },
    );
  });
});
