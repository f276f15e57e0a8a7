/** What every use case of change-sets works with, and the few questions all of them ask. */
import type {
  AppendRequest,
  AppendResult,
  Appender,
  Clock,
  EntryStore,
  Ids,
  ItemStore,
  ItemWrite,
} from '../../ledger/index.ts';
import { initiatorOf, type Policy, type Principal } from '../../policy/index.ts';
import { announce, type Announcement, type AnnouncementCatalog, type RecordedStep } from './announce.ts';
import { createAssessor, type Assessor } from '../risk/assess.ts';
import { createChangeStore, type ChangeStore, type StoredChange } from '../store/change-store.ts';
import type { Document } from '../model/document.ts';
import { createDelegationStore, type DelegationStore } from '../store/delegation-store.ts';
import { provenDelegations } from '../policy/delegations-in-force.ts';
import { refuse } from '../model/errors.ts';
import { createExecutorCalls, type ExecutorCalls, type ExecutorDependencies } from '../operations/executors.ts';
import { operationTypes, type OperationTypes } from '../operations/operations.ts';
import { requirementOf, rolesFilled } from '../model/quorum.ts';
import type { ChangeRecord } from '../model/record.ts';
import { createStepRecorder, type StepRecorder } from './record-steps.ts';
import { adoptPolicy } from '../policy/adoption.ts';
import { underOf } from '../policy/authority.ts';
import { policyJson } from '../policy/policy-document.ts';
import { assertGovernable, type Governance, type PolicyInForce } from '../policy/governance.ts';
import type { RecordProver } from './prove-record.ts';
import { createRecentChanges, type RecentChanges } from '../store/recent-changes.ts';
import type { RiskTable } from '../risk/risk.ts';
import { createDocumentStore, type DocumentStore } from '../store/document-store.ts';
import type { Content } from '../model/steps.ts';

export interface ChangesDependencies {
  readonly ledger: string;
  readonly appender: Appender;
  readonly items: ItemStore;
  readonly entries: EntryStore;
  /** roster and risk table, as they are in force */
  readonly governance: Governance;
  readonly clock: Clock;
  readonly ids: Ids;
  /** topics that change-sets may be told under; absent: nothing is told */
  readonly catalog?: AnnouncementCatalog;
  /** default: all built-in types */
  readonly operations?: OperationTypes;
  /** the code outside the ledger that is declared, how it is reached, and the key that grants it to act; absent: none */
  readonly executors?: Omit<ExecutorDependencies, 'clock'>;
  /** destroys what a confidential field held; absent: none can be */
  readonly erase?: EraseField;
  /** Told after a step that may let the workflow go on: the engine wakes its runner. Must not throw. */
  readonly onStep?: (changeId: string) => void;
}

type Person = Extract<Principal, { readonly kind: 'person' }>;

/** The write that destroys a confidential field of an entry. */
export type EraseField = (entity: string, seq: number, path: string) => ItemWrite;

/** For one policy, so that roster, risk table and the condition of what is written are always of the same one. */
export interface Context {
  readonly ledger: string;
  readonly items: Pick<ItemStore, 'get' | 'list'>;
  readonly erase: EraseField | undefined;
  readonly entries: EntryStore;
  readonly policy: Policy;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly types: OperationTypes;
  readonly executors: ExecutorCalls;
  readonly risk: RiskTable;
  readonly store: ChangeStore;
  readonly recent: RecentChanges;
  readonly states: DocumentStore;
  /** only what their entries prove */
  readonly delegations: DelegationStore;
  /** @throws ChangeError CHANGE_STATE_CONFLICT: the record is not what its entries say */
  readonly prove: RecordProver['prove'];
  readonly assessor: Assessor;
  readonly recorder: StepRecorder;
  /** the policy's entry, as everything names it that rests on the policy */
  readonly under: Pick<Content, 'under'>;
  /** An append that rests on the policy, on the condition that it is still in force. @throws ChangeError POLICY_CHANGED */
  readonly appendUnder: (request: AppendRequest) => Promise<AppendResult>;
  /** Refuses documents that the entity must never have, not even on the way. @throws ChangeError CHANGE_INVALID */
  readonly assertAllowed: (entityId: string, documents: readonly Document[]) => void;
  /** The ledger has a policy of its own when this resolves. @throws ChangeError POLICY_CHANGED when it had none before */
  readonly adopted: () => Promise<void>;
}

export function createContext(deps: ChangesDependencies, inForce: PolicyInForce, prover: RecordProver): Context {
  const { entries, clock, ids, governance } = deps;
  const { policy, risk } = inForce;
  const under = underOf(inForce);
  const types = deps.operations ?? operationTypes();
  const executors = createExecutorCalls({ ...(deps.executors ?? { declared: {} }), clock });
  const store = createChangeStore(deps.ledger, deps.items);
  const states = createDocumentStore(deps.ledger, deps.items);
  const recent = createRecentChanges(deps.ledger, deps.items);
  const assertAllowed = assertGovernable.bind(undefined, governance.modules);
  const adopted = adopting(deps, inForce, states);
  const appendUnder = appendingUnder(deps, inForce, adopted);
  return {
    ...{ under, adopted, appendUnder },
    ...{ entries, policy, clock, ids, types, executors, risk, store, recent, states, assertAllowed },
    ledger: deps.ledger,
    items: deps.items,
    prove: (stored) => prover.prove(stored),
    delegations: provenDelegations(createDelegationStore(deps.ledger, deps.items), {
      replay: governance.delegations,
      onTamper: governance.proofs.onTamper,
    }),
    erase: deps.erase,
    assessor: createAssessor({ recent, states, risk, policy, types, executors, clock, assertAllowed, under }),
    recorder: createStepRecorder({
      ...{ appender: deps.appender, appendUnder, prover, store, clock, governance },
      announce: announcerOf(deps.catalog),
    }),
  };
}

function adopting({ appender, governance }: ChangesDependencies, inForce: PolicyInForce, states: DocumentStore) {
  return async (): Promise<void> => {
    if (inForce.source === 'ledger') return;
    await adoptPolicy({ document: policyJson(governance.configured), guard: inForce.guard, appender, states });
    refuse('POLICY_CHANGED', 'the ledger has adopted the policy of the configuration');
  };
}

function appendingUnder(
  { appender, governance }: ChangesDependencies,
  inForce: PolicyInForce,
  adopted: Context['adopted'],
): Context['appendUnder'] {
  return async ({ writes = () => [], ...request }) => {
    await adopted();
    const result = await appender.append({ ...request, writes: (placed) => inForce.guard(writes(placed)) });
    if (result.kind === 'precondition' && governance.isCondition(result.failed))
      refuse('POLICY_CHANGED', 'roster or rules changed meanwhile');
    return result;
  };
}

function announcerOf(
  catalog: AnnouncementCatalog | undefined,
): ((taken: RecordedStep) => readonly Announcement[]) | undefined {
  return catalog === undefined ? undefined : (taken) => announce(catalog, taken);
}

/** @throws ChangeError CHANGE_NOT_FOUND */
export async function findChange({ store }: Context, id: string): Promise<StoredChange> {
  return (await store.find(id)) ?? refuse('CHANGE_NOT_FOUND', `no change-set "${id.slice(0, 64)}"`);
}

/** @throws ChangeError AGENTS_CANNOT_DECIDE */
export function requirePerson(principal: Principal, act: string): asserts principal is Person {
  if (principal.kind !== 'person')
    refuse('AGENTS_CANNOT_DECIDE', `${principal.kind} "${principal.id}" cannot ${act}: ask a person`);
}

/** The proposer, under any account, or a person who answers for it. */
export function speaksForProposer(principal: Principal, { content }: ChangeRecord): boolean {
  return (
    initiatorOf(principal) === content.initiator ||
    (principal.kind === 'person' && content.excludes.includes(principal.personId))
  );
}

/** People who may not decide: those recorded, and who answers for the proposing agent today. */
export function excludedNow({ policy }: Context, { content, proposer }: ChangeRecord): readonly string[] {
  const owner = policy.roster.agents.find(({ id }) => proposer.kind === 'agent' && id === proposer.id)?.owner;
  return owner === undefined ? content.excludes : [...content.excludes, owner];
}

/** The record as it would be if it were proposed today: whoever answers for the proposer now has a part in it too. */
export function withExcludedNow(context: Context, record: ChangeRecord): ChangeRecord {
  return { ...record, content: { ...record.content, excludes: [...excludedNow(context, record)] } };
}

/** The person has a role that the assessment in force asks for, or one that an escalation lets help. */
export function holdsNeededRole({ policy }: Context, principal: Principal, record: ChangeRecord): boolean {
  const needed = requirementOf(record);
  return (
    principal.kind === 'person' &&
    needed !== undefined &&
    rolesFilled(needed, policy.rolesOf(principal.personId)).length > 0
  );
}

/** Server time in ISO 8601. */
export function now({ clock }: Context, plusMs = 0): string {
  return new Date(clock.now() + plusMs).toISOString();
}
