/** What calls of the client take beside what the service is sent. */
import type { ChangeState, RiskLevel } from '../../core/changes/index.ts';
import type { SubscriptionInput } from '../../core/events/index.ts';
import type { ConsumerMemory } from './reading/consumer-memory.ts';

export interface SubscribeOptions<Glob extends string = string> extends Omit<SubscriptionInput, 'topics'> {
  /** with an id the subscription and its position outlive the process; without one each call makes a new one */
  readonly id?: string;
  readonly topics: readonly Glob[];
}

/** What is left out stays, and `null` is the default. Objects are merged (RFC 7396). */
export type SubscriptionPatch = MergePatch<Omit<SubscriptionInput, 'id' | 'startAt'>>;

type MergePatch<Value> = Value extends readonly unknown[]
  ? Value
  : Value extends object
    ? { readonly [Name in keyof Value]?: MergePatch<Value[Name]> | null }
    : Value;

export interface ProposeOptions {
  readonly idempotencyKey?: string;
  /** only if the entity's document is still this one; otherwise refused with DOCUMENT_CHANGED */
  readonly ifIs?: { readonly version: number };
}

export interface RunOptions {
  /** aborted: as stop() */
  readonly signal?: AbortSignal;
  /** messages held at once, 1-1000, default 100 */
  readonly batchSize?: number;
  /** s one poll waits for messages, 0-20, default 20 */
  readonly waitSeconds?: number;
  /**
   * s between two looks when nothing has come for a minute; 0: waits at the server all the same. Default: what the server asks
   * for; on AWS 90, because waiting there costs $35 a month
   */
  readonly idleSeconds?: number;
  /** what was done before this process began; default: only what it does itself is known, the last 10,000 events */
  readonly memory?: ConsumerMemory;
  /**
   * `refetch` (default): when numbers of an entity's chain are left out, the chain is read, and what is still on its way is
   * handled first; `ignore`: events are handled as they come
   */
  readonly gaps?: 'refetch' | 'ignore';
}

export interface ChangeSetQuery {
  readonly status?: ChangeState;
  readonly entity?: string;
  /** personId, or id of an agent or module: proposed by it, answered for by it, or decided on by it */
  readonly person?: string;
  readonly level?: RiskLevel;
  /** ISO 8601: proposed then or later */
  readonly from?: string;
  /** ISO 8601: proposed before then */
  readonly to?: string;
  /** only what the caller could still decide on */
  readonly for?: 'me';
  /** only what the caller may review afterwards */
  readonly review?: 'due';
  readonly after?: string;
  readonly limit?: number;
}
