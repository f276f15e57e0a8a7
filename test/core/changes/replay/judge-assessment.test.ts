/** Assessments as a replay judges them: what the engine made is right, and whatever else it says is named. */
import { beforeAll, describe, expect, it } from 'vitest';
import { operationTypes } from '../../../../core/changes/index.ts';
import {
  clockOf,
  isOnDocument,
  judgeFacts,
  judgeRisk,
  type AssessmentContext,
} from '../../../../core/changes/replay/judge-assessment.ts';
import { factsOf } from '../../../../core/changes/risk/facts.ts';
import { createRiskTable } from '../../../../core/changes/risk/risk.ts';
import { parseStep, type ChangeStep } from '../../../../core/changes/model/steps.ts';
import { createPolicy } from '../../../../core/policy/index.ts';
import { createFixture, modules, patchOf, proposal, risk, roster, who } from '../fixture.ts';

const inForce = { policy: createPolicy(roster, modules), risk: createRiskTable(risk), signers: {} };
let steps: ChangeStep[];
beforeAll(async () => {
  const fixture = createFixture();
  await fixture.changes.propose(who('pete'), proposal([patchOf('/balance', 10)]));
  steps = (await fixture.chain()).map((entry) => parseStep(entry) as ChangeStep);
});

const NOTHING = { byInitiator: [], onEntity: [] };
function context(data: object = {}, more: object = {}): AssessmentContext {
  const [proposed, assessed] = steps;
  const step = { ...assessed, data: { ...assessed?.data, ...data } };
  return {
    ...{ step, content: proposed?.data, proposal: (assessed?.data as { proposal: string }).proposal, inForce },
    ...{ document: { document: null, ...(assessed?.data as { base: object }).base }, types: operationTypes(), ...more },
  } as unknown as AssessmentContext;
}
const ofRisk = (data: object = {}): string | undefined => judgeRisk(context(data));
const recorded = (): Record<string, Record<string, unknown>> =>
  (steps[1]?.data as unknown as { facts: Record<string, Record<string, unknown>> }).facts;
const ofFacts = (
  facts: object,
  certain: object = NOTHING,
  possible: object = certain,
  data: object = {},
): string | undefined =>
  judgeFacts(context({ facts: { ...recorded(), ...facts }, ...data }), certain as never, possible as never);

describe('the risk', () => {
  it('is what the recorded facts lead to by the rules in force', () => {
    expect(ofRisk()).toBeUndefined();
    for (const [name, value] of Object.entries({
      ...{ level: 'L1', matched: [], roles: ['owner'], approvals: 1, timelockMinutes: 1, enforcement: 'hard' },
      policy: { version: 'x', hash: 'x' },
    }))
      expect(ofRisk({ [name]: value })).toContain(`its ${name} is `);
    expect(ofRisk({ sampled: true })).toContain('was not drawn');
    expect(ofRisk({ plans: [{ index: 0 }] })).toBeDefined();
  });

  it('was assessed at most a minute before it was recorded, and not after', () => {
    const at = Date.parse(steps[1]?.at ?? '');
    const asOf = (ms: number): string | undefined => ofRisk({ asOf: new Date(at + ms).toISOString() });
    expect([asOf(0), asOf(-60_000)]).toEqual([undefined, undefined]);
    for (const ms of [1, -60_001]) expect(asOf(ms)).toContain('it counted as of');
    const { step } = context();
    expect(clockOf({ at: step.at, data: { ...step.data, asOf: undefined } as never })).toEqual({
      from: at - 60_000,
      to: at,
    });
  });

  it('names executors just where operations have some', () => {
    for (const executors of [{ names: [], plans: [] }, { names: ['x@1'], plans: [] }, { names: [7], plans: [] }, 'x'])
      expect(ofRisk({ facts: { ...recorded(), executors } })).toContain('other executors');
  });
});

describe('the document', () => {
  it('is the one that the chain led to', () => {
    expect(isOnDocument(context())).toBe(true);
    const { base } = context().step.data;
    expect(isOnDocument(context({ base: { ...base, version: 1 } }))).toBe(false);
    expect(isOnDocument(context({ base: { ...base, hash: 'x' } }))).toBe(false);
  });

  it('has the result that the operations lead to', () => {
    expect(ofFacts({})).toBeUndefined();
    expect(ofFacts({}, NOTHING, NOTHING, { result: 'x' })).toContain('its result');
  });
});

describe('the facts', () => {
  const one = { byInitiator: [{ entityId: 'account:9', moved: 5 }], onEntity: [] };
  const initiator = (more: object): object => ({ initiator: { ...recorded()['initiator'], ...more } });

  it('are the computed ones, each of them', () => {
    expect(ofFacts({ creates: false })).toContain('its fact /creates is false, computed is true');
    expect(ofFacts({ more: 1 })).toContain('its fact /more is 1, computed is absent');
    expect(ofFacts({ money: { touched: true } })).toContain('/money/moved is absent');
    expect(ofFacts({ money: { ...recorded()['money'], more: 1 } })).toContain('/money/more');
    expect(ofFacts({ money: 7 })).toContain('its fact /money is 7');
  });

  it('lie between what certainly and what possibly counted', () => {
    const counted = { recentChanges: 2, recentMoved: 15, recentEntities: 2 };
    expect(ofFacts(initiator(counted), one)).toBeUndefined();
    expect(ofFacts({}, one)).toContain('/initiator/recentChanges is 1, computed is 2');
    expect(ofFacts({}, NOTHING, one)).toBeUndefined();
    expect(ofFacts(initiator(counted), NOTHING, one)).toBeUndefined();
    expect(ofFacts(initiator({ recentMoved: 12 }), NOTHING, one)).toBeUndefined();
    expect(ofFacts(initiator({ recentMoved: 9 }), NOTHING, one)).toContain(
      '/initiator/recentMoved is 9, computed is 10 to 15',
    );
    expect(ofFacts(initiator({ recentMoved: 16 }), NOTHING, one)).toContain('/initiator/recentMoved');
    expect(ofFacts(initiator({ recentMoved: 'x' }), NOTHING, one)).toContain('/initiator/recentMoved');
  });

  it('of older engines may be fewer', () => {
    const { bytesChanged: _, ...fewer } = recorded();
    const { asOf: _asOf, ...older } = context({ facts: fewer }).step.data as { asOf?: string };
    const judged = (data: object): string | undefined => {
      const { step, ...rest } = context();
      return judgeFacts({ ...rest, step: { ...step, data } } as never, NOTHING, NOTHING);
    };
    expect(judged(older)).toBeUndefined();
    expect(judged({ ...older, asOf: steps[1]?.at })).toContain('/bytesChanged is absent');
  });
});

describe('an erasure among other operations', () => {
  it('is a fact of the change-set, whichever of them it is', () => {
    const { step, content } = context();
    const [operation] = content.operations;
    const erase = { type: 'field.erase', payload: { seq: 0, fields: ['/payload/ip'], basis: 'x' } };
    const operations = [{ ...erase, executor: 'field.erase@1', inverse: 'none' }, operation] as never;
    const after = { balance: 10 };
    const factsAs = (erases: boolean): object =>
      factsOf({
        ...{ entityId: step.entity, initiator: content.initiator, operations, before: null, after: [null, after] },
        ...{ moneyPaths: risk.moneyPaths, sensitivePaths: risk.sensitivePaths, knownPaths: risk.knownPaths },
        ...{ byInitiator: [], onEntity: [], freezes: [], erases },
      });
    const judged = (erases: boolean): string | undefined =>
      judgeFacts({ ...context({ facts: factsAs(erases) }), content: { ...content, operations } }, NOTHING, NOTHING);
    expect(judged(true)).toBeUndefined();
    expect(judged(false)).toContain('computed is true');
  });
});
