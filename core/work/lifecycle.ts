/**
 * The life of a piece of work, one entry after the other: nobody holds it, one holds it, it is done. The same function makes what is
 * stored beside the entries and judges a ledger, so the two cannot mean different things.
 */
import type { IsoInstant } from '../brands/index.ts';
import { SYSTEM_ACTOR, type Actor } from '../ledger/index.ts';
import { defined } from '../values/index.ts';
import type { WorkStep } from './work-topics.ts';

export interface WorkState {
  readonly workId: string;
  readonly state: 'claimed' | 'completed' | 'released';
  /** who holds it, or held it last: `kind:id` */
  readonly by: string;
  readonly session?: string;
  /** of that claim */
  readonly fence: number;
  readonly since: IsoInstant;
  readonly description?: string;
  readonly endedAt?: IsoInstant;
  readonly reason?: 'released' | 'expired' | 'stolen';
  readonly why?: string;
  readonly result?: string;
}

/** An entry on the chain of the work. */
export type RecordedStep = WorkStep & {
  readonly seq: number;
  readonly at: IsoInstant;
  readonly actor: Pick<Actor, 'kind' | 'id'>;
};

/** @returns what it is afterwards, or why this entry cannot follow */
export function reduceWork(before: WorkState | undefined, step: RecordedStep): WorkState | string {
  if (step.topic === 'work.claimed') return claimed(before, step);
  const { payload, at, actor } = step;
  if (before?.state !== 'claimed') return 'nobody holds the work';
  if (payload.fence !== before.fence || payload.by !== before.by || payload.session !== before.session)
    return `it ends fence ${payload.fence} of ${payload.by}, while ${before.by} holds fence ${before.fence}`;
  if (step.topic === 'work.completed') {
    if (claimerOf(actor) !== before.by) return `${claimerOf(actor)} completes what ${before.by} holds`;
    return { ...before, state: 'completed', endedAt: at, ...defined({ result: step.payload.result }) };
  }
  const { reason, why } = step.payload;
  if (reason === 'released' && claimerOf(actor) !== before.by)
    return `${claimerOf(actor)} releases what ${before.by} holds`;
  if (reason === 'expired' && claimerOf(actor) !== claimerOf(SYSTEM_ACTOR))
    return `${claimerOf(actor)} says that the claim of ${before.by} expired, which only the system does`;
  return { ...before, state: 'released', endedAt: at, reason, ...defined({ why }) };
}

/** Under which name somebody holds work. */
export function claimerOf({ kind, id }: Pick<Actor, 'kind' | 'id'>): string {
  return `${kind}:${id}`;
}

function claimed(
  before: WorkState | undefined,
  { payload, seq, at, actor }: Extract<RecordedStep, { topic: 'work.claimed' }>,
): WorkState | string {
  const { workId, by, session, description } = payload;
  if (before?.state === 'claimed') return `${by} claims what ${before.by} holds with fence ${before.fence}`;
  if (before?.state === 'completed') return `${by} claims what ${before.by} completed`;
  if (by !== claimerOf(actor)) return `${claimerOf(actor)} claims as ${by}`;
  return { workId, state: 'claimed', by, fence: seq, since: at, ...defined({ session, description }) };
}
