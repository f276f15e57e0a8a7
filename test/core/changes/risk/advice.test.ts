/** Advice may raise what the system found by itself, in each thing that is demanded, and lower none of it. */
import { describe, expect, it } from 'vitest';
import { applyAdvice, type Advice } from '../../../../core/changes/risk/advice.ts';
import type { Risk } from '../../../../core/changes/risk/risk.ts';

const mild = {
  ...{ matched: ['a'], level: 'L1', roles: ['owner'], approvals: 1, timelockMinutes: 5, enforcement: 'soft' },
  policy: { version: '1', hash: 'h' },
} as unknown as Risk;
const strict = {
  ...{ ...mild, matched: ['a', 'b'], level: 'L3', roles: ['risk', 'legal'], approvals: 2, timelockMinutes: 60 },
  enforcement: 'hard',
} as unknown as Risk;
const advice = { names: ['limits@1'], facts: [{ n: 1 }], plans: {} } as unknown as Advice;
/** by the system's own facts, and by what the advice adds */
const assessed = (own: Risk, advised: Risk, of = advice) =>
  applyAdvice(
    { assess: (facts) => ('plans' in ((facts['executors'] as object | undefined) ?? {}) ? advised : own) },
    {},
    of,
  );

describe('advice', () => {
  const both = {
    ...{ level: 'L3', roles: ['legal', 'owner', 'risk'], approvals: 3, timelockMinutes: 60, enforcement: 'hard' },
    matched: ['a', 'b'],
  };
  it('raises every demand, and a person for each role', () => {
    expect(assessed(mild, strict).risk).toMatchObject(both);
  });

  it('lowers none', () => {
    expect(assessed(strict, mild).risk).toMatchObject({ ...both, matched: ['a', 'b'] });
    expect(assessed(strict, strict).risk).toMatchObject({ level: 'L3', approvals: 2, enforcement: 'hard' });
  });

  it('is soft only where both are', () => {
    expect(assessed(mild, mild).risk.enforcement).toBe('soft');
  });

  it('is recorded with the facts, with who gave it', () => {
    expect(assessed(mild, strict).facts).toEqual({ executors: { names: ['limits@1'], plans: [{ n: 1 }] } });
  });

  it('changes nothing where no executor is involved', () => {
    const none = { names: [], facts: [], plans: {} } as unknown as Advice;
    expect(assessed(mild, strict, none)).toEqual({ facts: {}, risk: mild });
  });
});
