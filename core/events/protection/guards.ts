/**
 * Protection of the bus, as people meet it: what is stopped and for which cause, and who may open it again. What publishing
 * meets is in watch.ts.
 */
import { stormLimit } from '../../guard/index.ts';
import { actorOf, PolicyError, type Policy, type Principal } from '../../policy/index.ts';
import { defined } from '../../values/index.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Guard } from './guard.ts';
import { isSystemTopic } from '../catalog/system-topics.ts';
import { TopicStops, type TopicStop, type TopicStopsDependencies } from './topic-stops.ts';
import { GuardEvaluator, type GuardStats, type GuardEvaluatorDependencies } from './guard-evaluator.ts';

const SECURITY = 'security';

export interface GuardState {
  readonly topic: string;
  readonly state: 'open' | 'stopped';
  /** events per second that are calm; absent: as many as come */
  readonly perSecond?: number;
  /** a storm stops the topic for everybody, a loop for the events of one correlation */
  readonly stops: readonly TopicStop[];
}

export interface Guards extends Guard {
  /** The topics that the principal may publish or subscribe to; all for auditors, security and operators. */
  list(principal: Principal): Promise<readonly GuardState[]>;
  /** Opens the topic. Auditors and security only. @throws PolicyError FORBIDDEN, EventError TOPIC_UNKNOWN */
  reset(principal: Principal, topic: string, why: string): Promise<GuardState>;
  stats(): GuardStats;
  /** Resolves when what was counted is shared. */
  flush(): Promise<void>;
}

export interface GuardsDependencies extends TopicStopsDependencies, GuardEvaluatorDependencies {
  readonly policy: Pick<Policy, 'may' | 'isAuditor' | 'isOperator' | 'rolesOf'>;
  readonly catalog: Pick<Catalog, 'require' | 'topics'>;
}

export function createGuards(deps: GuardsDependencies): Guards {
  const { policy, catalog, protection } = deps;
  const stops = new TopicStops(deps);
  const watch = new GuardEvaluator(deps, stops);
  const isWatcher = (principal: Principal): boolean =>
    policy.isAuditor(principal) ||
    (principal.kind === 'person' && policy.rolesOf(principal.personId).includes(SECURITY));
  const stateOf = (topic: string): GuardState => {
    const perSecond = stormLimit(protection, topic);
    const own = stops.list().filter((stop) => stop.topic === topic);
    const state = own.length === 0 ? 'open' : 'stopped';
    return { topic, state, ...defined({ perSecond }), stops: own };
  };
  return {
    admit: (principal, events) => watch.admit(principal, events),
    stats: () => watch.stats(),
    flush: () => watch.flush(),
    list: async (principal) => {
      await stops.freshen();
      const topics = new Set([...Object.keys(catalog.topics), ...stops.list().map(({ topic }) => topic)]);
      const maySee = (topic: string): boolean =>
        isWatcher(principal) ||
        policy.isOperator(principal) ||
        policy.may(principal, 'publishes', topic) ||
        policy.may(principal, 'subscribes', topic);
      return [...topics]
        .filter((topic) => !isSystemTopic(topic) && maySee(topic))
        .sort()
        .map(stateOf);
    },
    reset: async (principal, topic, why) => {
      if (!isWatcher(principal)) {
        const message = `"${principal.id}" is neither auditor nor security: one of them opens a stopped topic`;
        throw new PolicyError({ code: 'FORBIDDEN', message });
      }
      catalog.require(topic);
      watch.forget(topic, await stops.open(topic, actorOf(principal), why));
      return stateOf(topic);
    },
  };
}
