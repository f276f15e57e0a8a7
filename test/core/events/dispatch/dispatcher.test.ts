/** What is delivered when to a pushed subscription. */
import { describe, expect, it } from 'vitest';
import type { EpochMs } from '../../../../core/brands/index.ts';
import { Dispatcher, type DispatchRules } from '../../../../core/events/dispatch/dispatcher.ts';
import {
  claimRun,
  dispatchCodec,
  MAX_PENDING,
  type DispatchState,
} from '../../../../core/events/dispatch/dispatch-state.ts';
import { checked } from '../../../support/checked.ts';

const NOW = checked<EpochMs>(1_000_000);
const at = (ms: number): EpochMs => checked<EpochMs>(NOW + ms);
const RULES: DispatchRules = {
  ordered: false,
  breaker: { failures: 100, probeAfterMs: 30_000 },
  schedule: [0, 100, 1_000],
};
const NEW: DispatchState = { cursor: 0, pending: [] };
const positionsOf = (sent: readonly { readonly position: number }[]): number[] => sent.map(({ position }) => position);
const FAILED = { kind: 'failed', reason: 'no' } as const;
const DELIVERED = { kind: 'delivered' } as const;

function taking(rules: Partial<DispatchRules>, ...entities: string[]): Dispatcher {
  const dispatcher = new Dispatcher({ ...RULES, ...rules }, NEW);
  entities.forEach((entity, position) => dispatcher.take(position, entity, NOW));
  return dispatcher;
}

describe('sending', () => {
  it('sends what is due, in the order of the log, once', () => {
    const dispatcher = taking({}, 'a', 'b', 'a');
    expect(positionsOf(dispatcher.send(NOW, 2))).toEqual([0, 1]);
    expect(positionsOf(dispatcher.send(NOW, 2))).toEqual([2]);
    expect(dispatcher.send(NOW, 2)).toEqual([]);
  });

  it('tries again when it is due, then gives up', () => {
    const dispatcher = taking({}, 'a');
    dispatcher.send(NOW, 1);
    expect(dispatcher.settle(0, FAILED, NOW, 0)).toMatchObject({ kind: 'retry', attempts: 1, dueAt: at(100) });
    expect(dispatcher.dueAt(NOW)).toBe(at(100));
    expect(dispatcher.send(at(99), 1)).toEqual([]);
    expect(dispatcher.send(at(100), 1)).toMatchObject([{ position: 0, attempt: 2 }]);
    expect(dispatcher.settle(0, FAILED, at(100), 0.5)).toMatchObject({ kind: 'retry', dueAt: at(1_200) });
    dispatcher.send(at(1_200), 1);
    expect(dispatcher.settle(0, FAILED, at(1_200), 0)).toMatchObject({ kind: 'dead-letter', attempts: 3 });
    expect(dispatcher.state()).toMatchObject({ cursor: 1, pending: [] });
  });

  it('gives up at once what is never wanted', () => {
    const dispatcher = taking({}, 'a');
    dispatcher.send(NOW, 1);
    expect(dispatcher.settle(0, { kind: 'failed', reason: 'no', isFinal: true }, NOW, 0).kind).toBe('dead-letter');
  });

  it('leaves a busy receiver alone, as long as it asks for', () => {
    const dispatcher = taking({}, 'a', 'b');
    dispatcher.send(NOW, 1);
    dispatcher.settle(0, { kind: 'failed', reason: 'no', slow: true, retryAfterMs: 5_000 }, NOW, 0);
    expect(dispatcher.dueAt(NOW)).toBe(at(5_000));
    expect(dispatcher.send(at(4_999), 2)).toEqual([]);
    expect(positionsOf(dispatcher.send(at(5_000), 2))).toEqual([0, 1]);
  });

  it('what was withdrawn is due as before, and counts for nothing', () => {
    const dispatcher = taking({}, 'a');
    dispatcher.send(NOW, 1);
    expect(dispatcher.settle(0, { kind: 'withdrawn' }, NOW, 0)).toMatchObject({ kind: 'retry', attempts: 0 });
    expect(dispatcher.send(NOW, 1)).toMatchObject([{ position: 0, attempt: 1 }]);
  });

  it('an answer nobody waits for changes nothing', () => {
    const dispatcher = taking({}, 'a');
    expect(dispatcher.settle(0, FAILED, NOW, 0).kind).toBe('stale');
    expect(dispatcher.settle(7, DELIVERED, NOW, 0).kind).toBe('stale');
  });
});

describe('order', () => {
  it('holds the later events of an entity until the earlier one is delivered', () => {
    const dispatcher = taking({ ordered: true }, 'a', 'a', 'b', 'a');
    expect(positionsOf(dispatcher.send(NOW, 9))).toEqual([0, 2]);
    dispatcher.settle(0, FAILED, NOW, 0);
    expect(dispatcher.send(NOW, 9)).toEqual([]);
    expect(dispatcher.isPending(1)).toBe('pending');
    dispatcher.send(at(100), 9);
    dispatcher.settle(0, DELIVERED, at(100), 0);
    expect(positionsOf(dispatcher.send(at(100), 9))).toEqual([1]);
    dispatcher.settle(1, DELIVERED, at(100), 0);
    expect(positionsOf(dispatcher.send(at(100), 9))).toEqual([3]);
  });

  it('a dead letter frees its entity', () => {
    const dispatcher = taking({ ordered: true }, 'a', 'a');
    dispatcher.send(NOW, 9);
    dispatcher.settle(0, { kind: 'failed', reason: 'no', isFinal: true }, NOW, 0);
    expect(positionsOf(dispatcher.send(NOW, 9))).toEqual([1]);
  });

  it('what is redriven is out of order, holds nothing and is marked', () => {
    const dispatcher = taking({ ordered: true }, 'a', 'a');
    dispatcher.send(NOW, 9);
    dispatcher.settle(0, { kind: 'failed', reason: 'no', isFinal: true }, NOW, 0);
    expect(dispatcher.redrive(0, 'a', NOW)).toBe(true);
    expect(dispatcher.send(NOW, 9)).toMatchObject([
      { position: 0, attempt: 1, isRedriven: true },
      { position: 1, isRedriven: false },
    ]);
  });
});

describe('bounds', () => {
  it('a full list stops the cursor, and those who wait for others count', () => {
    const dispatcher = new Dispatcher({ ...RULES, ordered: true }, NEW);
    for (let i = 0; i < MAX_PENDING; i++) expect(dispatcher.take(i, `e${i % 2}`, NOW)).toBe(true);
    expect(dispatcher.take(MAX_PENDING, 'x', NOW)).toBe(false);
    expect(dispatcher.redrive(MAX_PENDING + 5, 'x', NOW)).toBe(false);
    expect(dispatcher.cursor).toBe(MAX_PENDING);
    dispatcher.send(NOW, 1);
    dispatcher.settle(0, DELIVERED, NOW, 0);
    expect(dispatcher.take(MAX_PENDING, 'x', NOW)).toBe(true);
  });

  it('a full state with the longest names fits into an item of DynamoDB, and reads back', () => {
    const dispatcher = new Dispatcher({ ...RULES, ordered: true }, NEW);
    for (let i = 0; i < MAX_PENDING; i++) dispatcher.take(9_000_000_000 + i, `${i}`.padEnd(128, 'x'), NOW);
    const state = dispatcher.state();
    expect(JSON.stringify(state).length).toBeLessThan(400_000);
    const value = dispatchCodec.encode(state);
    expect(dispatchCodec.decode({ pk: 'p', sk: 's', value })).toEqual(state);
  });
});

describe('the breaker', () => {
  const rules = { breaker: { failures: 2, probeAfterMs: 10_000 } };

  it('holds everything back but one probe at a time, and prefers what never failed', () => {
    const dispatcher = taking(rules, 'a', 'b', 'c', 'd');
    dispatcher.send(NOW, 2);
    dispatcher.settle(0, FAILED, NOW, 0);
    dispatcher.settle(1, FAILED, NOW, 0);
    expect(dispatcher.breakerState).toBe('open');
    expect(dispatcher.send(at(9_999), 9)).toEqual([]);
    expect(dispatcher.dueAt(at(200))).toBe(at(10_000));
    expect(positionsOf(dispatcher.send(at(10_000), 9))).toEqual([2]);
    expect(dispatcher.send(at(10_001), 9)).toEqual([]);
    dispatcher.settle(2, DELIVERED, at(10_001), 0);
    expect(positionsOf(dispatcher.send(at(10_001), 9))).toEqual([0, 1, 3]);
  });

  it('is kept, and somebody may close it', () => {
    const dispatcher = taking(rules, 'a', 'b', 'c');
    dispatcher.send(NOW, 2);
    dispatcher.settle(0, FAILED, NOW, 0);
    dispatcher.settle(1, FAILED, NOW, 0);
    const again = new Dispatcher({ ...RULES, ...rules }, dispatcher.state());
    expect(again.breakerState).toBe('open');
    again.reset();
    expect(positionsOf(again.send(NOW, 9))).toEqual([2]);
  });
});

describe('keeping events of an entity apart', () => {
  it('sends of each entity one at a time, in the order of the log, and holds up no other', () => {
    const dispatcher = taking({ apart: true }, 'a', 'a', 'b', 'a');
    expect(positionsOf(dispatcher.send(NOW, 9))).toEqual([0, 2]);
    expect(dispatcher.send(NOW, 9)).toEqual([]);
    dispatcher.settle(0, FAILED, NOW, 0);
    expect(positionsOf(dispatcher.send(NOW, 9)), 'without order the next overtakes').toEqual([1]);
  });
});

describe('a receiver that cannot take anything now', () => {
  it('is left alone for a while, and the event has not failed', () => {
    const dispatcher = taking({}, 'a', 'b');
    dispatcher.send(NOW, 1);
    expect(dispatcher.settle(0, { kind: 'withdrawn', quietMs: 500 }, NOW, 0)).toMatchObject({
      kind: 'retry',
      attempts: 0,
    });
    expect(dispatcher.send(at(499), 9)).toEqual([]);
    expect(dispatcher.dueAt(NOW)).toBe(at(500));
    expect(dispatcher.send(at(500), 9)).toMatchObject([{ attempt: 1 }, { attempt: 1 }]);
  });
});

describe('looking again', () => {
  it('from a place on: what is behind it is forgotten and comes again, what is before stays', () => {
    const dispatcher = taking({ ordered: true }, 'a', 'a', 'b', 'a');
    dispatcher.send(NOW, 9);
    dispatcher.settle(0, FAILED, NOW, 0);
    dispatcher.settle(2, DELIVERED, NOW, 0);
    dispatcher.rewind(2);
    expect(dispatcher.state()).toMatchObject({ cursor: 2, pending: [{ position: 0, behind: [1] }] });
    dispatcher.rewind(5);
    expect(dispatcher.cursor).toBe(2);
    dispatcher.rewind(0);
    expect(dispatcher.state()).toMatchObject({ cursor: 0, pending: [] });
    expect(dispatcher.waiting).toBe(0);
  });
});

describe('runs', () => {
  it('one at a time; the one that was killed is over when its time is', () => {
    const mine = { id: 'mine', until: at(1_000) };
    const claimed = claimRun(NEW, mine, NOW);
    expect(claimed?.run).toEqual(mine);
    if (claimed === undefined) return;
    expect(claimRun(claimed, { id: 'other', until: at(2_000) }, at(999))).toBeUndefined();
    expect(claimRun(claimed, { id: 'other', until: at(2_000) }, at(1_000))?.run?.id).toBe('other');
    expect(claimRun(claimed, { id: 'mine', until: at(2_000) }, at(10))?.run?.until).toBe(at(2_000));
  });
});
