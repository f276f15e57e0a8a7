/** What every use case of change-sets works with, and the few questions all of them ask. */
import type { Signers } from '../../assertions/index.ts';
import { isoOf, later, type IsoInstant } from '../../brands/index.ts';
import type { Appender, Clock, EntryStore, Ids, ItemStore, ItemWrite } from '../../ledger/index.ts';
import type { Policy } from '../../policy/index.ts';
import type { AnnouncementCatalog } from './announce.ts';
import { createAppendUnder, type AppendUnder } from './append-under.ts';
import { createAssessor, type Assessor } from '../risk/assess.ts';
import { createChangeStore, type ChangeStore } from '../store/change-store.ts';
import type { Document } from '../model/document.ts';
import { createDelegationStore, type DelegationStore } from '../store/delegation-store.ts';
import { provenDelegations } from '../policy/delegations-in-force.ts';
import { createExecutorCalls, type ExecutorCalls, type ExecutorDependencies } from '../operations/executors.ts';
import { operationTypes, type OperationTypes } from '../operations/operations.ts';
import type { ProvenRecords } from '../store/proven-records.ts';
import { createStepRecorder, type StepRecorder } from './record-steps.ts';
import { underOf } from '../policy/authority.ts';
import { assertGovernable, type Governance, type PolicyInForce } from '../policy/governance.ts';
import { signersOf } from '../policy/policy-document.ts';
import type { ProveRecord } from './prove-record.ts';
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
  /** whose keys count */
  readonly signers: Signers;
  readonly store: ChangeStore;
  readonly recent: RecentChanges;
  readonly states: DocumentStore;
  /** only what their entries prove */
  readonly delegations: DelegationStore;
  readonly prove: ProveRecord;
  readonly assessor: Assessor;
  readonly recorder: StepRecorder;
  /** the policy's entry, as everything names it that rests on the policy */
  readonly under: Pick<Content, 'under'>;
  readonly appendUnder: AppendUnder['append'];
  /** Refuses documents that the entity must never have, not even on the way. @throws ChangeError CHANGE_INVALID */
  readonly assertAllowed: (entityId: string, documents: readonly Document[]) => void;
  readonly adopted: AppendUnder['adopted'];
}

/** What outlives a policy. */
export interface Lasting {
  readonly prove: ProveRecord;
  readonly proven: ProvenRecords;
}

export function createContext(deps: ChangesDependencies, inForce: PolicyInForce, { prove, proven }: Lasting): Context {
  const { entries, clock, ids, governance } = deps;
  const { policy, risk } = inForce;
  const signers = signersOf(inForce.document);
  const under = underOf(inForce);
  const types = deps.operations ?? operationTypes();
  const executors = createExecutorCalls({ ...(deps.executors ?? { declared: {} }), clock });
  const store = createChangeStore(deps.ledger, deps.items);
  const states = createDocumentStore(deps.ledger, deps.items);
  const recent = createRecentChanges(deps.ledger, deps.items);
  const assertAllowed = assertGovernable.bind(undefined, governance.modules);
  const { adopted, append: appendUnder } = createAppendUnder({ ...deps, inForce, states });
  return {
    ...{ under, adopted, appendUnder, prove },
    ...{ entries, policy, clock, ids, types, executors, risk, signers, store, recent, states, assertAllowed },
    ledger: deps.ledger,
    items: deps.items,
    delegations: provenDelegations(createDelegationStore(deps.ledger, deps.items), {
      replay: governance.delegations,
      onTamper: governance.proofs.onTamper,
    }),
    erase: deps.erase,
    assessor: createAssessor({ recent, states, risk, policy, types, executors, clock, assertAllowed, under }),
    recorder: createStepRecorder({
      ...{ ledger: deps.ledger, appender: deps.appender, appendUnder, prove, proven, store, clock, governance },
      catalog: deps.catalog,
    }),
  };
}

/** Server time in ISO 8601. */
export function now({ clock }: Context, plusMs = 0): IsoInstant {
  return isoOf(later(clock.now(), plusMs));
}
