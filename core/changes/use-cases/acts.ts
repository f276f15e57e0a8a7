/** How every act goes in, under the policy in force and watched for what an agent may not do, and what is shown of it. */
import type { Principal } from '../../policy/index.ts';
import { createActRunner, type ActRunner } from '../recording/act-runner.ts';
import type { StoredChange } from '../store/change-store.ts';
import type { ChangesDependencies, Context } from '../recording/context.ts';
import { viewChange, type ChangeView } from '../views/view.ts';
import { createViolationWatch } from '../recording/violations.ts';

export interface Acts extends ActRunner {
  /** Runs an act of this principal. */
  readonly by: <Result>(principal: Principal, act: (context: Context) => Promise<Result>) => Promise<Result>;
  /** The change-set after a step of it; tells the engine of the step. */
  readonly stepped: (stored: Pick<StoredChange, 'record'>) => Promise<ChangeView>;
  /** `by`, then `stepped`. */
  readonly shown: <Kind>(
    principal: Principal,
    act: (context: Context) => Promise<{ readonly kind: Kind; readonly stored: StoredChange }>,
  ) => Promise<{ readonly kind: Kind; readonly change: ChangeView }>;
}

export function createActs(deps: ChangesDependencies): Acts {
  const { current, acting } = createActRunner(deps);
  const watch = createViolationWatch(deps);
  const by: Acts['by'] = (principal, act) => watch(principal, () => acting(act));
  const stepped: Acts['stepped'] = async ({ record }) => {
    deps.onStep?.(record.id);
    return viewChange(current(), record);
  };
  return {
    ...{ current, acting, by, stepped },
    shown: async (principal, act) => {
      const { kind, stored } = await by(principal, act);
      return { kind, change: await stepped(stored) };
    },
  };
}
