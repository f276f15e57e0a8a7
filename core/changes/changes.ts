/** The use cases of change-sets, behind one door. Shells bring an authenticated principal and untrusted input. */
import type { Principal } from '../policy/index.ts';
import { createContext, findChange, type ChangesDependencies } from './context.ts';
import { decide } from './decide.ts';
import type { VersionedDocument } from './document.ts';
import { listRecords, mayRead, type ChangeQuery } from './list.ts';
import { propose, revise, type Turns } from './propose.ts';
import { advance, runStep, type StepResult } from './run-step.ts';
import { abort, withdraw } from './stop.ts';
import { viewChange, type ChangeView } from './view.ts';
import type { StepName } from './workflow.ts';

export interface ProposeResult {
  /** `existing`: the idempotency key was used before, for the same content; nothing was written */
  readonly kind: 'created' | 'existing';
  readonly change: ChangeView;
}

export interface DecideResult {
  /** `recorded`: this very decision was recorded before; nothing was written */
  readonly kind: 'decided' | 'recorded';
  /** the entry of the vote */
  readonly vote: { readonly seq: number; readonly hash: string; readonly at: string };
  readonly change: ChangeView;
}

export interface ChangePage {
  /** oldest first */
  readonly changes: readonly ChangeView[];
  /** there may be more: pass it as `after` */
  readonly next?: string;
}

/**
 * Every method that writes: @throws ChangeError, PolicyError, CanonicalError: nothing was written. LedgerError
 * STORE_UNAVAILABLE: the outcome is unknown; the same call again (with the same idempotency key or nonce) is safe.
 */
export interface Changes {
  propose(principal: Principal, input: unknown, idempotencyKey?: string): Promise<ProposeResult>;
  revise(principal: Principal, id: string, input: unknown): Promise<ChangeView>;
  decide(principal: Principal, id: string, input: unknown): Promise<DecideResult>;
  withdraw(principal: Principal, id: string, input?: unknown): Promise<ChangeView>;
  abort(principal: Principal, id: string, input: unknown): Promise<ChangeView>;
  /** @throws ChangeError CHANGE_NOT_FOUND, PolicyError FORBIDDEN */
  get(principal: Principal, id: string): Promise<ChangeView>;
  list(principal: Principal, query?: ChangeQuery): Promise<ChangePage>;
  /** The entity's document as it is now; version 0 and null when there is none. @throws PolicyError FORBIDDEN */
  document(principal: Principal, entityId: string): Promise<VersionedDocument>;
  /** The system's own step: as far as it can go now. Holds no authority; safe to call at any time, any number of times. */
  advance(id: string): Promise<Exclude<StepResult, { kind: 'next' }>>;
  /** One step of the workflow table, for engines that walk it themselves. */
  runStep(step: StepName, id: string): Promise<StepResult>;
  /** Ids of the change-sets that are not at their end, ascending. */
  openIds(page: { readonly after?: string; readonly limit: number }): Promise<readonly string[]>;
}

export function createChanges(deps: ChangesDependencies): Changes {
  const context = createContext(deps);
  const turns: Turns = new Map();
  const { policy, store, states } = context;
  const stepped = async ({ record }: { record: Parameters<typeof viewChange>[1] }): Promise<ChangeView> => {
    deps.onStep?.(record.id);
    return viewChange(context, record);
  };
  return {
    propose: async (principal, input, idempotencyKey) => {
      const { kind, stored } = await propose(context, principal, { input, idempotencyKey, turns });
      return { kind, change: await stepped(stored) };
    },
    revise: async (principal, id, input) => stepped(await revise(context, principal, { id, input })),
    decide: async (principal, id, input) => {
      const { kind, stored, vote } = await decide(context, principal, { id, input });
      const { seq, hash, at } = vote;
      return { kind, vote: { seq, hash, at }, change: await stepped(stored) };
    },
    withdraw: async (principal, id, input = {}) => stepped(await withdraw(context, principal, { id, input })),
    abort: async (principal, id, input) => stepped(await abort(context, principal, { id, input })),
    get: async (principal, id) => {
      const { record } = await findChange(context, id);
      if (!mayRead(context, principal, record)) policy.require(principal, 'reads', record.entityId);
      return viewChange(context, record);
    },
    list: async (principal, query = {}) => {
      const { records, next } = await listRecords(context, principal, query);
      const changes = await Promise.all(records.map((record) => viewChange(context, record)));
      return { changes, ...(next === undefined ? {} : { next }) };
    },
    document: async (principal, entityId) => {
      policy.require(principal, 'reads', entityId);
      return states.read(entityId);
    },
    advance: (id) => advance(context, id),
    runStep: (step, id) => runStep(context, step, id),
    openIds: (page) => store.ids({ open: true }, page),
  };
}
