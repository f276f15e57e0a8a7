/** Change-sets and documents as they are, for those who may see them. */
import type { Principal } from '../../policy/index.ts';
import { defined } from '../../values/index.ts';
import type { ActEdge } from './act-edge.ts';
import { noSuchChange, orThrow } from '../model/refusal.ts';
import { decidesForAnother } from '../decisions/delegation.ts';
import type { VersionedDocument } from '../model/document.ts';
import { ballotsOf, listRecords, mayRead, type ChangeQuery, type Listed } from '../views/list.ts';
import { viewChange, type ChangeView } from '../views/view.ts';

export interface ChangePage {
  /** oldest first */
  readonly changes: readonly ChangeView[];
  /** there may be more: pass it as `after` */
  readonly next?: string;
}

export interface QueryUseCases {
  /** @throws ChangeError CHANGE_NOT_FOUND, PolicyError FORBIDDEN */
  get(principal: Principal, id: string): Promise<ChangeView>;
  list(principal: Principal, query?: ChangeQuery): Promise<ChangePage>;
  /** The entity's document as it is now; version 0 and null when there is none. @throws PolicyError FORBIDDEN */
  document(principal: Principal, entityId: string): Promise<VersionedDocument>;
}

export function createQueryUseCases({ current }: ActEdge): QueryUseCases {
  return {
    get: async (principal, id) => {
      const context = current();
      const { record } = orThrow((await context.store.find(id)) ?? noSuchChange(id));
      if (!mayRead(context, principal, record) && !(await decidesForAnother(context, principal, record)))
        context.policy.require(principal, 'reads', record.entityId);
      return { ...(await viewChange(context, record)), ...(await ballotsOf(context, principal, record)) };
    },
    list: async (principal, query = {}) => {
      const context = current();
      const { records, next } = await listRecords(context, principal, query);
      const view = async ({ record, ...more }: Listed): Promise<ChangeView> => ({
        ...(await viewChange(context, record)),
        ...more,
      });
      const changes = await Promise.all(records.map(view));
      return { changes, ...defined({ next }) };
    },
    document: async (principal, entityId) => {
      const { policy, states } = current();
      policy.require(principal, 'reads', entityId);
      return states.read(entityId);
    },
  };
}
