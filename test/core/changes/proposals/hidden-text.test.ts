/** R9: what people read when they decide holds nothing that hides or lies about itself. */
import { describe, expect, it } from 'vitest';
import { ChangeError } from '../../../../core/changes/index.ts';
import { createFixture, decision, nonce, patchOf, proposal, who } from '../fixture.ts';

const HASH = 'ab'.repeat(32);
const HIDING = [
  '\u200b',
  '\u200e',
  '\u061c',
  '\u2060',
  '\ufeff',
  '\u00ad',
  '\u{e0041}',
  '\u3164',
  '\u115f',
  '\uffa0',
  '\u202e',
  '\ufe0f',
];

async function problemOf(work: Promise<unknown>): Promise<ChangeError> {
  const caught: unknown = await work.then(
    () => 'it was accepted',
    (error: unknown) => error,
  );
  if (caught instanceof ChangeError) return caught;
  throw new Error(String(caught));
}

const put = (payload: unknown): object => ({ type: 'state.put', payload });
const evidence = (one: object): object => ({ evidence: [{ url: 'https://bank.test/77', hash: HASH, ...one }] });

describe('R9: a proposal', () => {
  it.each<[string, (hidden: string) => object, RegExp]>([
    ['title', (h) => proposal([patchOf('/a', 1)], { title: `Pay${h}ment` }), /^\/title$/],
    ['rationale', (h) => proposal([patchOf('/a', 1)], { rationale: `because${h} so` }), /^\/rationale$/],
    [
      'title of evidence',
      (h) => proposal([patchOf('/a', 1)], evidence({ title: `case${h}7` })),
      /^\/evidence\/0\/title$/,
    ],
    [
      'path of a patch',
      (h) => proposal([patchOf('/a', 1), patchOf(`/li${h}mit`, 1)]),
      /^\/operations\/1\/payload\/0\/path$/,
    ],
    [
      'key of a document',
      (h) => proposal([put({ a: { [`li${h}mit`]: 1 } })]),
      /^\/operations\/0\/payload\/a\/li.+mit$/,
    ],
    ['key of a value', (h) => proposal([patchOf('/a', { [`b${h}`]: 1 })]), /^\/operations\/0\/payload\/0\/value\/b.+$/],
  ])('R9: is refused with hidden text in its %s, by code point and pointer', async (_, make, pointer) => {
    const { changes } = createFixture();
    for (const hidden of HIDING) {
      const error = await problemOf(changes.propose(who('pete'), make(hidden)));
      const code = (hidden.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
      expect(error.code).toBe('CHANGE_INVALID');
      expect(error.message).toContain(`U+${code}`);
      expect(error.problems[0]?.pointer).toMatch(pointer);
    }
  });

  it('R9: may have anything as a value: it is shown escaped', async () => {
    const { changes } = createFixture();
    const { change } = await changes.propose(who('pete'), proposal([patchOf('/path', { from: 'a\u202eb' })]));
    expect(change.operations[0]?.payload).toEqual([{ op: 'add', path: '/path', value: { from: 'a\u202eb' } }]);
  });

  it.each([
    'javascript:alert(1)',
    'http://bank.test/77',
    'data:text/html,x',
    'https://eve:secret@bank.test/',
    'https://bank.test@evil.test/',
    'https:bank.test',
    'https://',
    'https://bänk.test/',
    '//bank.test',
    'file:///etc/passwd',
    'https://bank.test:99999/',
    'https://bank.test/\u200b',
  ])('R9: is refused with %s as evidence', async (url) => {
    const { changes } = createFixture();
    const error = await problemOf(changes.propose(who('pete'), proposal([patchOf('/a', 1)], evidence({ url }))));
    expect(error.problems[0]?.pointer).toBe('/evidence/0/url');
  });

  it('R9: takes https addresses, and names of files that the CLI has hashed', async () => {
    const { changes } = createFixture();
    for (const url of ['https://bank.test', 'https://bank.test:8443/a?b=c#d', 'file:bank%20statement.txt'])
      await changes.propose(who('pete'), proposal([patchOf('/a', 1)], evidence({ url })));
  });
});

it('R9: reasons of decisions, delegations, withdrawals and tickets are refused with hidden text', async () => {
  const fixture = createFixture();
  const { change } = await fixture.changes.propose(who('pete'), proposal([patchOf('/a', 1)]));
  const hidden = { reason: 'no\u200bt now' };
  const vote = decision(change, 'reject', hidden);
  const { revision, contentHash, assessmentHash = '' } = change;
  const bound = { revision, contentHash, assessmentHash, nonce: nonce() };
  for (const work of [
    fixture.changes.decide(who('ann'), change.id, vote),
    fixture.changes.withdraw(who('pete'), change.id, hidden),
    fixture.changes.override(who('ann'), change.id, { ...bound, ticket: 'INC\u200b7', reason: 'x' }),
  ])
    expect((await problemOf(work)).message).toContain('U+200B');
});
