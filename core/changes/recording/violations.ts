/**
 * Agents that are refused: told as `agent.policy_violated` on the agent's own chain, so that its owner hears of it. At most
 * one a minute and agent is recorded, with how many refusals it stands for, so a flood of them cannot fill the ledger.
 */
import { later, type EpochMs } from '../../brands/index.ts';
import { moduleChain } from '../../events/index.ts';
import type { Appender, Clock, ItemStore } from '../../ledger/index.ts';
import type { Principal } from '../../policy/index.ts';
import { codecOf, countOf, epochMs, MS_PER_MINUTE, stored } from '../../values/index.ts';
import { eventOf, type AnnouncementCatalog } from './announce.ts';
import type { Refused } from '../model/refusal.ts';

const MAX_DETAIL = 500;
/** Refusals that say the agent overstepped; the others say that it made a mistake or was late. */
const OVERSTEPPED: ReadonlySet<Refused['code']> = new Set([
  'FORBIDDEN',
  'AGENTS_CANNOT_DECIDE',
  'SELF_APPROVAL',
  'NOT_ELIGIBLE',
  'NOT_PROPOSER',
  'OVERRIDE_REFUSED',
  'REVIEW_REFUSED',
  'TOO_MANY_OPEN',
] as const);

export interface ViolationsDependencies {
  readonly ledger: string;
  readonly appender: Appender;
  readonly items: Pick<ItemStore, 'get'>;
  readonly clock: Clock;
  readonly catalog?: AnnouncementCatalog;
}

/** Tells of what an agent was refused, if it overstepped by it. */
export type TellViolation = (principal: Principal, refusal: Refused) => Promise<void>;

export function createViolationTeller(deps: ViolationsDependencies): TellViolation {
  /** by agent: refusals that this process has seen and nobody was told of */
  const untold = new Map<string, number>();
  return async ({ kind, id: agent }, refusal) => {
    if (kind !== 'agent' || !OVERSTEPPED.has(refusal.code)) return;
    const count = countOf(untold, agent) + 1;
    untold.set(agent, count);
    // Telling must not hide the refusal: what cannot be told now is counted into what is told next.
    const isTold = await tell(deps, { agent, refusal, count }).catch(() => false);
    // More may have come meanwhile.
    if (isTold) untold.set(agent, countOf(untold, agent) - count);
  };
}

export const toldCodec = codecOf<{ until: EpochMs }>('told violation', stored<{ until: EpochMs }>({ until: epochMs }));

interface Violation {
  readonly agent: string;
  readonly refusal: Refused;
  readonly count: number;
}

/** False: it was told less than a minute ago, by whichever process, or nobody wants to hear it. */
async function tell(deps: ViolationsDependencies, { agent, refusal, count }: Violation): Promise<boolean> {
  const { ledger, appender, items, clock, catalog } = deps;
  const key = { pk: `${ledger}#agent-violation`, sk: agent };
  const payload = { agent, rule: refusal.code, detail: refusal.message.slice(0, MAX_DETAIL), count };
  const now = clock.now();
  const told =
    catalog && eventOf(catalog, { topic: 'agent.policy_violated', payload, eventId: `violation.${agent}.${now}` });
  if (told === undefined) return false;
  const last = await items.get(key);
  if (last !== undefined && now < toldCodec.decode(last).until) return false;
  const appended = await appender.append({
    entries: [{ chain: moduleChain(agent), ...told }],
    writes: () => [
      {
        kind: 'put',
        key,
        value: toldCodec.encode({ until: later(now, MS_PER_MINUTE) }),
        expect: last?.version ?? 'absent',
      },
    ],
  });
  return appended.kind === 'appended';
}
