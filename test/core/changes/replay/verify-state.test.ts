/** Documents recomputed from the chain alone: equal to the store on any history, and any meddling with either is seen. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChainHash } from '../../../../core/brands/index.ts';
import { canonicalize } from '../../../../core/canonical/index.ts';
import { foldChange, operationTypes, stepHash, verifyState, type ChainEntry } from '../../../../core/changes/index.ts';
import { documentHash } from '../../../../core/changes/model/document.ts';
import { effectOf } from '../../../../core/changes/replay/verify-state.ts';
import { isStepType, parseStep } from '../../../../core/changes/model/steps.ts';
import { createFixture, decision, ENTITY, entriesOf, hours, patchOf, proposal, who, type Fixture } from '../fixture.ts';
import { checked } from '../../../support/checked.ts';

type Action =
  | { readonly kind: 'propose'; readonly key: string; readonly value: number; readonly by: string }
  | { readonly kind: 'decide'; readonly pick: number; readonly by: string; readonly decision: 'approve' | 'reject' }
  | {
      readonly kind: 'revise' | 'withdraw' | 'advance' | 'abort' | 'step';
      readonly pick: number;
      readonly value: number;
    }
  | { readonly kind: 'wait'; readonly hours: number };

const pick = fc.nat(5);
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('propose' as const),
      key: fc.constantFrom('/a', '/b', '/balance'),
      value: fc.nat(2000),
      by: fc.constantFrom('pete', 'advisor', 'ann'),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('decide' as const),
      pick,
      by: fc.constantFrom('ann', 'bob', 'rita', 'otto'),
      decision: fc.constantFrom('approve' as const, 'approve' as const, 'approve' as const, 'reject' as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'revise' as const,
        'withdraw' as const,
        'advance' as const,
        'advance' as const,
        'abort' as const,
        'step' as const,
      ),
      pick,
      value: fc.nat(50),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), hours: fc.constantFrom(1, 200) }) },
);
const STEPS = ['claim', 'intend', 'apply', 'intend', 'apply', 'finish', 'undo'] as const;

async function play(fixture: Fixture, actions: readonly Action[]): Promise<string[]> {
  const ids: string[] = [];
  const { changes } = fixture;
  const take = async (one: Action): Promise<unknown> => {
    if (one.kind === 'wait') return fixture.clock.advance(hours(one.hours));
    if (one.kind === 'propose') {
      const { change } = await changes.propose(
        who(one.by),
        proposal([patchOf(one.key, one.value), patchOf('/last', one.value)]),
      );
      return ids.push(change.id);
    }
    const id = ids[one.pick % Math.max(ids.length, 1)] ?? 'none';
    switch (one.kind) {
      case 'decide':
        return changes.decide(who(one.by), id, decision(await changes.get(who('aud'), id), one.decision));
      case 'revise':
        return changes.revise(who('pete'), id, { title: 't', rationale: 'r', operations: [patchOf('/c', one.value)] });
      case 'withdraw':
        return changes.withdraw(who('pete'), id);
      case 'abort':
        return changes.abort(who('otto'), id, { reason: 'stop' });
      case 'advance':
        return changes.advance(id);
      case 'step':
        for (const step of STEPS.slice(0, one.value % STEPS.length)) await changes.runStep(step, id);
    }
    return undefined;
  };
  for (const one of actions) await take(one).catch(() => undefined); // most are refused: that is part of it
  return ids;
}

describe('verifyState', () => {
  it('equals the store, and every record equals its fold, on any history', async () => {
    const ends = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 40 }), async (actions) => {
        const fixture = createFixture();
        const ids = await play(fixture, actions);
        const { document, version, hash } = await fixture.changes.document(who('aud'), ENTITY);
        expect(verifyState(ENTITY, await fixture.chain())).toEqual({ kind: 'state', document, version, hash });
        for (const id of ids) {
          const folded = foldChange(await entriesOf(fixture, id));
          expect(folded.kind === 'record' && canonicalize(folded.record)).toBe(canonicalize(await fixture.record(id)));
          ends.add((await fixture.record(id)).state);
        }
      }),
      { numRuns: 150 },
    );
    expect([...ends]).toEqual(expect.arrayContaining(['executed', 'rejected', 'cancelled', 'pending']));
  });

  async function history(): Promise<ChainEntry[]> {
    const fixture = createFixture();
    for (const value of [1, 2]) {
      const { change } = await fixture.changes.propose(
        who('pete'),
        proposal([patchOf('/a', value), patchOf('/b', value)]),
      );
      await fixture.changes.decide(who('ann'), change.id, decision(change));
      for (const step of ['claim', 'intend', 'apply'] as const) await fixture.changes.runStep(step, change.id);
      if (value === 2) await fixture.changes.abort(who('ann'), change.id, { reason: 'stop' });
      await fixture.changes.advance(change.id);
    }
    return fixture.chain();
  }

  it('names the first entry that does not follow when any of them is missing or doubled', async () => {
    const chain = await history();
    expect(verifyState(ENTITY, chain)).toMatchObject({ kind: 'state', document: { a: 1, b: 1 }, version: 4 });
    const ends = new Set(['change.executed', 'change.rolled-back']);
    chain.forEach((entry, i) => {
      if (ends.has(entry.body.type)) return; // nothing of its change-set follows that could miss it
      expect([entry.body.type, verifyState(ENTITY, chain.toSpliced(i, 1)).kind]).toEqual([
        entry.body.type,
        'inconsistent',
      ]);
    });
    chain.forEach((entry, i) => expect(verifyState(ENTITY, chain.toSpliced(i, 0, entry)).kind).toBe('inconsistent'));
    expect(verifyState('account:2', chain)).toMatchObject({ kind: 'inconsistent', seq: 0 });
  });

  it('sees an operation, a before-image or a result that is not what was approved', async () => {
    const chain = await history();
    const change = (type: string, edit: (data: Record<string, unknown>) => object): ChainEntry[] => {
      const i = chain.findIndex(({ body }) => body.type === type);
      const entry = chain[i] as ChainEntry;
      return chain.with(i, {
        ...entry,
        body: { ...entry.body, data: { ...entry.body.data, ...edit(entry.body.data) } },
      });
    };
    const forgeries = [
      change('change.proposed', () => ({
        operations: [{ ...patchOf('/evil', 1), executor: 'state.patch@1', inverse: 'restore-before-image' }],
      })),
      change('change.intent', (data) => ({ before: { ...(data['before'] as object), document: { evil: 1 } } })),
      change('change.applied', () => ({ hash: 'f'.repeat(64) })),
      change('change.undone', () => ({ version: 9 })),
    ];
    for (const forged of forgeries) expect(verifyState(ENTITY, forged).kind).toBe('inconsistent');
  });

  it('sees a consistent forgery of the before-image too: it must be the document the chain leads to', async () => {
    const chain = await history();
    const i = chain.findIndex(({ body }) => body.type === 'change.intent' && body.seq > 12);
    const entry = chain[i] as ChainEntry;
    const before = { ...(entry.body.data['before'] as object), document: { evil: 1 } };
    const forged = { ...entry, body: { ...entry.body, data: { ...entry.body.data, before } as never } };
    expect(verifyState(ENTITY, chain.slice(0, i).concat(forged))).toMatchObject({
      kind: 'inconsistent',
      seq: entry.body.seq,
    });
    expect(verifyState(ENTITY, chain.slice(0, i + 1)).kind).toBe('state');
  });

  it('passes over what is no step, and names steps by what they say', async () => {
    const chain = await history();
    const event = {
      hash: checked<ChainHash>(''),
      body: { ...(chain[0] as ChainEntry).body, type: 'event', data: { topic: 'x' } },
    };
    expect(verifyState(ENTITY, [event, ...chain])).toEqual(verifyState(ENTITY, chain));
    const steps = chain.filter(({ body }) => isStepType(body.type)).map((entry) => parseStep(entry));
    const hashes = steps.map((step) => (step === undefined ? '' : stepHash(step)));
    expect(new Set(hashes).size).toBe(chain.length);
  });
});

describe('the effect of a step', () => {
  const DOCUMENT = { a: 1 };
  const current = { document: DOCUMENT, version: 3, hash: documentHash(DOCUMENT) };
  const operation = { ...patchOf('/b', 2), executor: 'state.patch@1', inverse: 'restore-before-image' };
  const record = { content: { operations: [operation] }, progress: [{ intent: 'i' }] };
  const effect = (type: string, data: object): unknown => {
    const images = new Map([['i', DOCUMENT]]);
    const step = { type, actor: { kind: 'service', id: 'nervous-system' }, data };
    return effectOf(step as never, { record, current, types: operationTypes(), images } as never);
  };
  const after = { a: 1, b: 2 };
  const OTHER = 'f'.repeat(64);

  it('of an intent is nothing, and the document before it is the one the chain leads to: version, hash and content', () => {
    const intent = (more: object): unknown => effect('change.intent', { index: 0, before: { ...current, ...more } });
    expect(intent({})).toBe(current);
    const other = { document: { a: 2 }, hash: documentHash({ a: 2 }) };
    for (const more of [{ version: 2 }, { version: 4 }, { hash: OTHER }, { document: { a: 2 } }, other])
      expect(intent(more)).toBe('the document before operation 0 is not the one the chain leads to');
  });

  it('of an operation is what it makes of the document, at the next version', () => {
    const applied = (more: object = {}, index = 0): unknown =>
      effect('change.applied', { index, version: 4, hash: documentHash(after), ...more });
    expect(applied()).toEqual({ document: after, version: 4, hash: documentHash(after) });
    for (const version of [3, 5]) expect(applied({ version })).toContain(`claims version ${version} (`);
    expect(applied({ hash: OTHER })).toContain(`claims version 4 (${OTHER})`);
    expect(applied({}, 1)).toBe('there is no operation 1');
  });

  it('of an undone operation is the document before it, at the next version', () => {
    const undone = (more: object = {}): unknown =>
      effect('change.undone', { index: 0, version: 4, hash: current.hash, ...more });
    expect(undone()).toEqual({ ...current, version: 4 });
    expect(undone({ version: 5 })).toContain('claims version 5');
    expect(undone({ hash: OTHER })).toContain(OTHER);
    expect(undone({ index: 1 })).toBe('nothing was intended that could be undone');
  });

  it('of a resolution is the document before or after all operations, at whatever later version', () => {
    const resolved = (what: string, document: object): unknown => effect(`change.resolved-${what}`, { document });
    for (const version of [4, 9]) {
      const [executed, back] = [after, DOCUMENT].map((document) => ({ version, hash: documentHash(document) }));
      expect(resolved('executed', executed as object)).toEqual({ document: after, ...executed });
      expect(resolved('rolled-back', back as object)).toEqual({ document: DOCUMENT, ...back });
      expect(resolved('executed', back as object)).toContain('the operations lead to');
      expect(resolved('rolled-back', executed as object)).toContain('the operations lead to');
    }
  });

  it('of everything else is none', () => {
    expect(effect('change.voted', {})).toBe(current);
  });
});

describe('an adopted policy', () => {
  it('is the document of its entity from then on, once', () => {
    const document = { any: 'policy' };
    const adopted = (seq: number): ChainEntry =>
      ({
        hash: '',
        body: {
          ...{ type: 'policy.adopted', entity: 'registry:policy', seq },
          data: { version: seq + 1, hash: documentHash(document), document },
        },
      }) as unknown as ChainEntry;
    const state = { kind: 'state', document, version: 1, hash: documentHash(document) };
    expect(verifyState('registry:policy', [adopted(0)])).toEqual(state);
    expect(verifyState('registry:policy', [adopted(0), adopted(1)])).toEqual({
      ...{ kind: 'inconsistent', seq: 1, reason: 'a policy is adopted once' },
    });
  });
});
