/** Anything may be sent: what is not understood is refused with a reason of ours, and nothing is written. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CanonicalError } from '../../../core/canonical/index.ts';
import { ChangeError } from '../../../core/changes/index.ts';
import { MAX_NOTE_BYTES } from '../../../core/ledger/index.ts';
import { PolicyError } from '../../../core/policy/index.ts';
import { contentsOf, createFixture, decision, patchOf, proposal, who } from './fixture.ts';

const isOurs = (error: unknown): boolean =>
  [ChangeError, PolicyError, CanonicalError].some((type) => error instanceof type);
const deep = (levels: number): unknown => JSON.parse('{"a":'.repeat(levels) + '1' + '}'.repeat(levels)) as unknown;
const put = (document: unknown): object => ({ type: 'state.put', payload: document });

describe('proposals', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a number', 1],
    ['an array', []],
    ['a function', () => 1],
    ['no operations', proposal([])],
    ['too many operations', proposal(Array.from({ length: 21 }, () => patchOf('/a', 1)))],
    ['an unknown type', proposal([{ type: 'state.drop', payload: {} }])],
    ['an inherited type', proposal([{ type: 'constructor', payload: {} }])],
    ['no payload', proposal([{ type: 'state.put' }])],
    ['an unknown field', proposal([patchOf('/a', 1)], { approved: true })],
    ['facts of its own', proposal([{ ...patchOf('/a', 1), facts: { money: 0 } }])],
    ['an executor of its own', proposal([{ ...patchOf('/a', 1), executor: 'evil@1' }])],
    ['a negative base version', proposal([{ ...patchOf('/a', 1), baseVersion: -1 }])],
    ['an empty title', proposal([patchOf('/a', 1)], { title: '  ' })],
    ['a long title', proposal([patchOf('/a', 1)], { title: 'x'.repeat(201) })],
    ['a title of two lines', proposal([patchOf('/a', 1)], { title: 'a\nb' })],
    ['a title that turns the text around', proposal([patchOf('/a', 1)], { title: 'a\u202eb' })],
    ['a rationale with an escape sequence', proposal([patchOf('/a', 1)], { rationale: '\u001b[2J' })],
    ['a long rationale', proposal([patchOf('/a', 1)], { rationale: 'x'.repeat(4001) })],
    ['evidence without hash', proposal([patchOf('/a', 1)], { evidence: [{ url: 'https://x' }] })],
    [
      'too much evidence',
      proposal([patchOf('/a', 1)], {
        evidence: Array.from({ length: 21 }, () => ({ url: 'x', hash: 'a'.repeat(64) })),
      }),
    ],
    ['a wrong entity id', proposal([patchOf('/a', 1)], { entityId: '../etc' })],
    ['a document that is an array', proposal([put([])])],
    ['a document that is null', proposal([put(null)])],
    ['a document with a fraction', proposal([put({ a: 1.5 })])],
    ['a document with 2^53', proposal([put({ a: 2 ** 53 })])],
    ['a document with NaN', proposal([put({ a: Number.NaN })])],
    ['a document with a lone surrogate', proposal([put({ a: '\ud800' })])],
    ['a document with a prototype key', proposal([put(JSON.parse('{"__proto__":{"x":1}}'))])],
    ['a document with a constructor', proposal([put({ a: { constructor: 1 } })])],
    ['a document too deep', proposal([put(deep(40))])],
    ['a document much too deep', proposal([put(deep(5000))])],
    ['a document too large', proposal([put({ a: 'x'.repeat(33_000) })])],
    ['a proposal too large', proposal([put({ a: 'x'.repeat(31_000) }), put({ a: 'x'.repeat(31_000) })])],
    ['a date', proposal([put({ a: new Date(0) })])],
  ])('refuse %s', async (_name, input) => {
    const fixture = createFixture();
    const error: unknown = await fixture.changes.propose(who('pete'), input).catch((caught: unknown) => caught);
    expect([isOurs(error), String(error)]).toEqual([true, expect.any(String)]);
    expect(contentsOf(fixture.store)).toBe(contentsOf(createFixture().store));
  });

  it('refuse hostile idempotency keys', async () => {
    const fixture = createFixture();
    for (const key of ['', 'x'.repeat(129), 'a b', 'a\n', 'é']) {
      await expect(fixture.changes.propose(who('pete'), proposal([patchOf('/a', 1)]), key)).rejects.toMatchObject({
        code: 'CHANGE_INVALID',
      });
    }
    expect(fixture.store.log).toHaveLength(0);
  });

  it('at every limit at once fit their entries, through execution and rollback', async () => {
    const fixture = createFixture();
    const evidence = Array.from({ length: 20 }, (_, i) => ({
      url: `https://x/${i}`,
      hash: 'a'.repeat(64),
      title: 'é'.repeat(20),
    }));
    const input = proposal([put({ a: '"'.repeat(16_000), b: 'x' }), patchOf('/b', 'y')], {
      ...{ title: '😀'.repeat(100), rationale: '"\n'.repeat(1990) + 'x', evidence },
    });
    const { change } = await fixture.changes.propose(who('pete'), input);
    await fixture.changes.decide(who('ann'), change.id, decision(change));
    for (const step of ['claim', 'intend', 'apply', 'intend', 'apply'] as const)
      await fixture.changes.runStep(step, change.id);
    await fixture.changes.abort(who('ann'), change.id, { reason: 'stop' });
    expect(await fixture.changes.advance(change.id)).toEqual({ kind: 'end', state: 'rolled_back' });
    expect(Math.max(...fixture.store.log.map(({ note }) => note.length))).toBeLessThan(MAX_NOTE_BYTES);
  });

  it('of any shape are refused with a reason of ours, or are proposals', async () => {
    const field = (good: unknown): fc.Arbitrary<unknown> =>
      fc.oneof({ weight: 12, arbitrary: fc.constant(good) }, { weight: 1, arbitrary: fc.anything() });
    const operation = fc.record(
      { type: field('state.patch'), payload: field([{ op: 'add', path: '/a', value: 1 }]), baseVersion: field(0) },
      { requiredKeys: ['type', 'payload'] },
    );
    const input = fc.oneof(
      fc.anything({ withNullPrototype: true, withDate: true, withMap: true, withBigInt: true }),
      fc.record(
        {
          entityId: field('account:1'),
          title: field('t'),
          rationale: field('r'),
          evidence: field([]),
          operations: fc.array(operation, { minLength: 1, maxLength: 2 }),
        },
        { requiredKeys: [] },
      ),
    );
    let created = 0;
    await fc.assert(
      fc.asyncProperty(input, async (value) => {
        const fixture = createFixture();
        const outcome: unknown = await fixture.changes.propose(who('pete'), value).catch((caught: unknown) => caught);
        if (outcome instanceof Error) {
          expect([isOurs(outcome), outcome.stack]).toEqual([true, expect.any(String)]);
          expect(fixture.store.log).toHaveLength(0);
        } else created += 1;
      }),
      { numRuns: 1500 },
    );
    expect(created).toBeGreaterThan(10);
  });
});

describe('decisions, reasons and revisions', () => {
  it('of any shape are refused with a reason of ours and write nothing', async () => {
    const fixture = createFixture();
    const { change } = await fixture.changes.propose(who('pete'), proposal([patchOf('/balance', 1)]));
    const good = decision(change) as Record<string, unknown>;
    const before = contentsOf(fixture.store);
    const wrong = fc.anything();
    const broken = fc
      .tuple(fc.constantFrom(...Object.keys(good)), wrong)
      .map(([key, value]) => ({ ...good, [key]: value }));
    const hostile = fc.oneof(
      fc.anything(),
      broken.filter((input) => JSON.stringify(input) !== JSON.stringify(good) && input['decision'] === 'approve'),
      fc.string().map((key) => ({ ...good, [`x${key}`]: 1 })),
    );
    await fc.assert(
      fc.asyncProperty(hostile, async (input) => {
        for (const attempt of [
          () => fixture.changes.decide(who('rita'), change.id, input),
          () => fixture.changes.revise(who('pete'), change.id, input),
          () =>
            fixture.changes.withdraw(who('pete'), change.id, input === undefined ? 1 : { ...(input as object), x: 1 }),
          () => fixture.changes.abort(who('rita'), change.id, input),
        ]) {
          const error: unknown = await attempt().catch((caught: unknown) => caught);
          expect([isOurs(error), String(error)]).toEqual([true, expect.any(String)]);
        }
        expect(contentsOf(fixture.store)).toBe(before);
      }),
      { numRuns: 500 },
    );
    expect((await fixture.changes.decide(who('rita'), change.id, good)).kind).toBe('decided');
  });

  it('refuse nonces that are too short, too long or of other characters', async () => {
    const fixture = createFixture();
    const { change } = await fixture.changes.propose(who('pete'), proposal([patchOf('/balance', 1)]));
    for (const nonce of ['short', 'x'.repeat(65), 'a#b'.repeat(8), 'é'.repeat(20), '']) {
      await expect(
        fixture.changes.decide(who('rita'), change.id, decision(change, 'approve', { nonce })),
      ).rejects.toMatchObject({ code: 'CHANGE_INVALID' });
    }
  });
});
