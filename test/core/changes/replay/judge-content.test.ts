/** Proposals as a replay judges them: one honest proposal, and what is said of it when one thing alone is another. */
import { describe, expect, it } from 'vitest';
import { operationTypes, riskSchema } from '../../../../core/changes/index.ts';
import { judgeContent } from '../../../../core/changes/replay/judge-content.ts';
import { createRiskTable } from '../../../../core/changes/risk/risk.ts';
import { createPolicy, rosterSchema } from '../../../../core/policy/index.ts';
import { modules, risk, roster } from '../fixture.ts';

const AT = Date.parse('2026-11-21T08:00:00.000Z');
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const DECISION_HOURS = 48;
const iso = (ms: number): string => new Date(ms).toISOString();

const inForce = {
  policy: createPolicy(rosterSchema.parse(roster), modules),
  risk: createRiskTable(riskSchema.parse({ ...risk, decisionHours: DECISION_HOURS })),
};
const PATCH = {
  ...{ type: 'state.patch', payload: [{ op: 'add', path: '/a', value: 1 }] },
  ...{ executor: 'state.patch@1', inverse: 'restore-before-image' },
};
const PETE = { kind: 'person', id: 'pete' };
const BOT = { kind: 'agent', id: 'advisor', logic: 'advisor@3' };
const MODULE = { kind: 'module', id: 'somewhere' };
const BY_BOT = { initiator: 'agent:advisor', sponsor: 'person:bob', excludes: ['bob'] };

interface Other {
  readonly actor?: object;
  readonly entity?: string;
  readonly previous?: object;
}

/** What is said of the proposal of pete's with this much of its content, or of what is around it, another. */
function judged(
  content: object = {},
  { actor = PETE, entity = 'account:1', previous }: Other = {},
): string | undefined {
  const data = {
    ...{ initiator: 'person:pete', excludes: ['pete'], operations: [PATCH] },
    ...{ deadline: iso(AT + DECISION_HOURS * HOUR_MS), ...content },
  };
  const step = { type: 'change.proposed', actor, at: iso(AT), entity, data };
  const known = previous === undefined ? {} : { previous };
  return judgeContent(step as never, { inForce, types: operationTypes(), ...known } as never);
}

describe('a proposal', () => {
  it('is of somebody who may propose there', () => {
    expect(judged()).toBeUndefined();
    expect(judged({}, { actor: { kind: 'person', id: 'nobody' } })).toContain('not in the roster');
    expect(judged({}, { entity: 'system/delegations' })).toContain('is a chain of the system');
    expect(judged({}, { entity: 'invoice:1' })).toBe('person "pete" has no right to propose on "invoice:1"');
    const rita = { initiator: 'person:rita', excludes: ['rita'] };
    expect(judged(rita, { actor: { kind: 'person', id: 'rita' } })).toContain('no right to propose');
  });

  it('is believed of a module, whose rights no entry has', () => {
    const byModule = { initiator: 'module:somewhere', excludes: [] };
    expect(judged(byModule, { actor: MODULE, entity: 'invoice:1' })).toBeUndefined();
    expect(judged({ ...byModule, sponsor: 'person:bob' }, { actor: MODULE })).toContain('as who answers for it');
  });

  it('rests on a claim of who proposes it, or on none', () => {
    const work = { workId: 'w', fence: 2 };
    expect(judged({ work: { ...work, by: 'person:pete' } })).toBeUndefined();
    expect(judged({ work: { ...work, by: 'person:bob' } })).toBe('person:pete proposes it under a claim of person:bob');
  });

  it('says who proposed it and who answers for it', () => {
    expect(judged({ initiator: 'person:bob' })).toContain('"person:bob" as initiator');
    expect(judged({ sponsor: 'person:bob' })).toBe('it names "person:bob" as who answers for it');
    expect(judged(BY_BOT, { actor: BOT })).toBeUndefined();
    const { sponsor: _, ...unanswered } = BY_BOT;
    expect(judged(unanswered, { actor: BOT })).toBe('it names "nobody" as who answers for it');
    expect(judged({ ...BY_BOT, sponsor: 'person:ann' }, { actor: BOT })).toContain('"person:ann" as who answers');
    // Whoever revises it does not change who answers for it.
    expect(judged({ sponsor: 'person:bob' }, { previous: { excludes: [] } })).toBeUndefined();
  });

  it('excludes just those who had a part in it', () => {
    expect(judged({ excludes: [] })).toBe('it excludes nobody from deciding, it must exclude pete');
    expect(judged({ excludes: ['ann'] })).toBe('it excludes ann from deciding, it must exclude pete');
    expect(judged({ excludes: ['pete', 'rita'] })).toBe('it excludes pete, rita from deciding, it must exclude pete');
    expect(judged({ excludes: ['ann'], initiator: 'module:m' }, { actor: { kind: 'module', id: 'm' } })).toContain(
      'it must exclude nobody',
    );
    const previous = { excludes: ['ann'] };
    expect(judged({ excludes: ['ann', 'pete'] }, { previous })).toBeUndefined();
    expect(judged({ excludes: ['ann', 'rita'] }, { previous })).toContain('it must exclude ann, pete');
    expect(judged({ excludes: ['pete', 'ann'] }, { previous })).toContain('it must exclude ann, pete');
    expect(judged({ excludes: ['pete'] }, { previous })).toContain('it must exclude ann, pete');
  });

  it('ends when the rules say, by a clock that was at most a minute ahead', () => {
    const ending = (ms: number, of: Other = {}, hours = DECISION_HOURS): string | undefined =>
      judged({ deadline: iso(AT + hours * HOUR_MS + ms) }, of);
    expect(ending(MINUTE_MS - 1)).toBeUndefined();
    expect(ending(MINUTE_MS)).toBeUndefined();
    expect(ending(MINUTE_MS + 1)).toContain(`is later than ${DECISION_HOURS} h from it`);
  });

  it('has operations of the form that their type has', () => {
    const withOne = (more: object): string | undefined => judged({ operations: [PATCH, { ...PATCH, ...more }] });
    expect(withOne({})).toBeUndefined();
    expect(withOne({ type: 'state.melt' })).toBe('operation 1 is of no known type "state.melt"');
    expect(withOne({ executor: 'state.patch@2' })).toContain('operation 1 says state.patch@2, restore-before-image');
    expect(withOne({ inverse: 'none' })).toContain('state.patch is state.patch@1, restore-before-image');
    expect(withOne({ payload: { op: 'add' } })).toMatch(/^operation 1: ./);
    const put = { type: 'state.put', executor: 'state.put@1', payload: { a: 1 } };
    expect(withOne(put)).toBeUndefined();
    expect(withOne({ ...put, payload: 'text' })).toMatch(/^operation 1: ./);
    const erase = { type: 'field.erase', payload: { seq: 0, fields: ['/payload/ip'], basis: 'x' } };
    expect(withOne({ ...erase, executor: 'field.erase@1', inverse: 'none' })).toBeUndefined();
    expect(withOne({ ...erase, executor: 'field.erase@1' })).toContain('field.erase is field.erase@1, none');
  });

  it('leaves to its executor what an executor carries out', () => {
    const external = {
      type: 'executor.invoke',
      payload: { any: 'form' },
      executor: 'mail@1',
      inverse: 'executor.undo',
    };
    expect(judged({ operations: [external] })).toBeUndefined();
    expect(judged({ operations: [external, { ...PATCH, executor: 'x@1' }] })).toContain('operation 1 says x@1');
  });
});
