/** The transition table is total, the reducer follows it, and the diagram in the docs is the table. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EntityId, IsoInstant } from '../../../../core/brands/index.ts';
import {
  CHANGE_STATES,
  foldChange,
  isTerminal,
  lifecycleDiagram,
  reduceChange,
  STEP_TYPES,
} from '../../../../core/changes/index.ts';
import { nextState, TRANSITIONS } from '../../../../core/changes/model/lifecycle.ts';
import { NOT_PLACED, parseStep, type ChangeStep } from '../../../../core/changes/model/steps.ts';
import { createFixture, decision, entriesOf, patchOf, proposal, who } from '../fixture.ts';
import { checked } from '../../../support/checked.ts';

describe('the transition table', () => {
  it('answers for every state and step: a state, or a refusal', () => {
    fc.assert(
      fc.property(fc.constantFrom(undefined, ...CHANGE_STATES), fc.constantFrom(...STEP_TYPES), (state, step) => {
        const next = nextState(state, step);
        expect(next === undefined || CHANGE_STATES.includes(next)).toBe(true);
        // An end is an end: a review of it changes nothing.
        if (state !== undefined && isTerminal(state)) expect([undefined, state]).toContain(next);
      }),
    );
  });

  it('uses every step, reaches every state from the beginning, and leaves every one that is not an end', () => {
    const used = new Set(Object.values(TRANSITIONS).flatMap((row) => Object.keys(row)));
    expect([...used].sort()).toEqual([...STEP_TYPES].sort());
    const reached = new Set<string>(['none']);
    for (const state of reached)
      for (const next of Object.values(TRANSITIONS[state as never])) reached.add(next as string);
    expect([...reached].sort()).toEqual(['none', ...CHANGE_STATES].sort());
    const leaves = (state: (typeof CHANGE_STATES)[number]): boolean =>
      Object.values(TRANSITIONS[state]).some((next) => next !== state);
    expect(CHANGE_STATES.filter((state) => leaves(state) === isTerminal(state))).toEqual([]);
  });

  it('is the diagram in docs/life-of-a-change.md', () => {
    const doc = readFileSync(new URL('../../../../docs/life-of-a-change.md', import.meta.url), 'utf8');
    expect(doc).toContain('```mermaid\n' + lifecycleDiagram() + '```');
  });
});

describe('the reducer', () => {
  const steps = async (): Promise<ChangeStep[]> => {
    const fixture = createFixture();
    const { change } = await fixture.changes.propose(
      who('pete'),
      proposal([patchOf('/balance', 5), patchOf('/note', 1)]),
    );
    for (const name of ['ann', 'rita']) await fixture.changes.decide(who(name), change.id, decision(change));
    await fixture.changes.advance(change.id);
    return (await entriesOf(fixture, change.id)).map((entry) => parseStep(entry) as ChangeStep);
  };
  const fold = (all: readonly ChangeStep[]): string => {
    let record: Parameters<typeof reduceChange>[0];
    for (const step of all) {
      const reduced = reduceChange(record, step);
      if (reduced.kind === 'refused') return 'refused';
      record = reduced.record;
    }
    return record?.state ?? 'none';
  };

  it('refuses a history with one step left out, doubled or swapped, up to the end', async () => {
    const all = await steps();
    expect(fold(all)).toBe('executed');
    for (let i = 0; i < all.length - 1; i++) {
      expect([i, fold(all.toSpliced(i, 1))]).toEqual([i, 'refused']);
      expect([i, fold(all.toSpliced(i, 0, all[i] as ChangeStep))]).toEqual([i, 'refused']);
      const swapped = all.with(i, all[i + 1] as ChangeStep).with(i + 1, all[i] as ChangeStep);
      expect([i, fold(swapped)]).toEqual([i, 'refused']);
    }
  });

  it('refuses a history in which any hash, number or name that something rests on is changed', async () => {
    const all = await steps();
    const changed = (value: unknown): unknown => {
      if (typeof value === 'number') return value + 1;
      if (typeof value === 'string')
        return /^[0-9a-f]{64}$/.test(value) ? value.replace(/^./, (c) => (c === '0' ? '1' : '0')) : `${value}x`;
      return undefined;
    };
    for (const [i, step] of all.entries()) {
      for (const [key, value] of Object.entries(step.data)) {
        const other = changed(value);
        // what the last step says of itself, and free text and deadlines that are nobody's condition, can be anything here
        if (other === undefined || ['title', 'rationale', 'deadline', 'nonce', 'initiator'].includes(key)) continue;
        const forged = { ...step, data: { ...step.data, [key]: other } } as ChangeStep;
        expect([step.type, key, fold(all.with(i, forged))]).toEqual([step.type, key, 'refused']);
      }
    }
  });

  it('folds hostile entries to a refusal, never an exception', () => {
    const body = {
      v: 1,
      ledger: 'main',
      entity: checked<EntityId>('a'),
      seq: 0,
      prev: NOT_PLACED,
      at: checked<IsoInstant>('2026-01-01T00:00:00.000Z'),
      actor: { kind: 'person', id: 'x' },
      idem: '',
    } as const;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...STEP_TYPES, 'event'), fc.dictionary(fc.string(), fc.jsonValue()))),
        (all) => {
          const entries = all.map(([type, data], seq) => ({
            hash: NOT_PLACED,
            body: { ...body, seq, type, data: data as never },
          }));
          expect(foldChange(entries).kind).toBe('refused');
        },
      ),
    );
  });
});
