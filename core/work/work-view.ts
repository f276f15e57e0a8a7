/** Work as those see it who may: what is claimed and by whom, and what became of it. */
import { isoOf, type IsoInstant } from '../brands/index.ts';
import type { Policy, Principal } from '../policy/index.ts';
import { defined } from '../values/index.ts';
import { WorkError } from './errors.ts';
import { workChain } from './fence.ts';
import type { Lease } from './lease.ts';
import type { WorkState } from './lifecycle.ts';
import type { WorkStore } from './work-store.ts';

export interface WorkView extends WorkState {
  /** of a claim: it may end then, unless it is renewed */
  readonly until?: IsoInstant;
}

export interface WorkPage {
  /** by id; fewer than asked for, or none, where others are in between */
  readonly work: readonly WorkView[];
  /** pass it as `after` to go on; absent: there is no more */
  readonly next?: string;
}

export interface WorkQuery {
  readonly state?: WorkState['state'];
  readonly after?: string;
  readonly limit: number;
}

export interface WorkQueries {
  /** @throws WorkError WORK_NOT_FOUND: nobody ever claimed it, or the principal may not see it */
  get(principal: Principal, workId: string): Promise<WorkView>;
  /** What the principal may claim or read. */
  list(principal: Principal, query: WorkQuery): Promise<WorkPage>;
}

export function createWorkQueries(deps: {
  readonly store: WorkStore;
  readonly policy: Pick<Policy, 'may'>;
}): WorkQueries {
  const { store, policy } = deps;
  const view = async (state: WorkState): Promise<WorkView> =>
    viewOf(state, state.state === 'claimed' ? await store.lease(state.workId) : undefined);
  /** Of what is claimed now there are few, of all work there may be very much. */
  const page = async ({ state, ...query }: WorkQuery): Promise<readonly WorkState[]> => {
    if (state !== 'claimed') return store.states(query);
    const claimed = await Promise.all((await store.leases.page(query)).map(({ workId }) => store.state(workId)));
    return claimed.filter((one) => one !== undefined);
  };
  return {
    get: async (principal, workId) => {
      const state = maySee(policy, principal, workId) ? await store.state(workId) : undefined;
      if (state !== undefined) return view(state);
      throw unseen(workId);
    },
    list: async (principal, query) => {
      const looked = await page(query);
      const wanted = looked.filter(
        ({ workId, state }) => (query.state ?? state) === state && maySee(policy, principal, workId),
      );
      const next = looked.length < query.limit ? undefined : looked.at(-1)?.workId;
      return { work: await Promise.all(wanted.map(view)), ...defined({ next }) };
    },
  };
}

export function maySee(policy: Pick<Policy, 'may'>, principal: Principal, workId: string): boolean {
  return policy.may(principal, 'claims', workId) || policy.may(principal, 'reads', workChain(workId));
}

export function unseen(workId: string): WorkError {
  return new WorkError({ code: 'WORK_NOT_FOUND', message: `there is no work "${workId}" that you may see` });
}

export function viewOf(state: WorkState, lease: Lease | undefined): WorkView {
  return lease === undefined || lease.fence !== state.fence ? state : { ...state, until: isoOf(lease.until) };
}
