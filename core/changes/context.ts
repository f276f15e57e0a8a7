/** What every use case of change-sets works with, and the few questions all of them ask. */
import type { Appender, Clock, EntryStore, Ids, ItemStore, ItemWrite } from '../ledger/index.ts';
import type { Policy, Principal } from '../policy/index.ts';
import { createAssessor, type Assessor } from './assess.ts';
import { createChangeStore, type ChangeStore, type StoredChange } from './change-store.ts';
import { refuse } from './errors.ts';
import { operationTypes, type OperationTypes } from './operations.ts';
import type { ChangeRecord } from './record.ts';
import { createStepRecorder, type StepRecorder } from './record-steps.ts';
import { createRiskTable, type RiskTable } from './risk.ts';
import type { RiskConfig } from './risk-config.ts';
import { createStateStore, type StateStore } from './state-store.ts';

export interface ChangesDependencies {
  readonly ledger: string;
  readonly appender: Appender;
  readonly items: ItemStore;
  readonly entries: EntryStore;
  readonly policy: Policy;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly risk: RiskConfig;
  /** default: all built-in types */
  readonly operations?: OperationTypes;
  /** destroys what a confidential field held; absent: none can be */
  readonly erase?: EraseField;
  /** Told after a step that may let the workflow go on: the engine wakes its runner. Must not throw. */
  readonly onStep?: (changeId: string) => void;
}

/** The write that destroys a confidential field of an entry. */
export type EraseField = (entity: string, seq: number, path: string) => ItemWrite;

export interface Context {
  readonly erase: EraseField | undefined;
  readonly entries: EntryStore;
  readonly policy: Policy;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly types: OperationTypes;
  readonly risk: RiskTable;
  readonly store: ChangeStore;
  readonly states: StateStore;
  readonly assessor: Assessor;
  readonly recorder: StepRecorder;
}

export function createContext(deps: ChangesDependencies): Context {
  const { entries, policy, clock, ids, appender } = deps;
  const types = deps.operations ?? operationTypes();
  const risk = createRiskTable(deps.risk);
  const store = createChangeStore(deps.ledger, deps.items);
  const states = createStateStore(deps.ledger, deps.items);
  return {
    ...{ entries, policy, clock, ids, types, risk, store, states },
    erase: deps.erase,
    assessor: createAssessor({ store, states, risk, types, clock }),
    recorder: createStepRecorder({ appender, store, clock }),
  };
}

/** @throws ChangeError CHANGE_NOT_FOUND */
export async function findChange({ store }: Context, id: string): Promise<StoredChange> {
  return (await store.find(id)) ?? refuse('CHANGE_NOT_FOUND', `no change-set "${id.slice(0, 64)}"`);
}

/** Who counts as one initiator: a person whatever the account, an agent, a module. */
export function initiatorOf(principal: Principal): string {
  return principal.kind === 'person' ? `person:${principal.personId}` : `${principal.kind}:${principal.id}`;
}

/** The people who may not decide on what this principal proposes or edits. */
export function excludedBy(principal: Principal): string[] {
  switch (principal.kind) {
    case 'person':
      return [principal.personId];
    case 'agent':
      return [principal.owner];
    case 'module':
    case 'service':
      return [];
  }
}

/** The proposer, under any account, or a person who answers for it. */
export function speaksForProposer(principal: Principal, { content }: ChangeRecord): boolean {
  return (
    initiatorOf(principal) === content.initiator ||
    (principal.kind === 'person' && content.excludes.includes(principal.personId))
  );
}

/** The person has a role that the assessment in force asks for. */
export function holdsNeededRole({ policy }: Context, principal: Principal, { assessment }: ChangeRecord): boolean {
  return (
    principal.kind === 'person' &&
    policy.rolesOf(principal.personId).some((role) => assessment?.roles.includes(role) === true)
  );
}

/** Server time in ISO 8601. */
export function now({ clock }: Context, plusMs = 0): string {
  return new Date(clock.now() + plusMs).toISOString();
}
