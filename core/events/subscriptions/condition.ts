/**
 * The condition of a conditional subscription: an event pattern over the state of things at the moment of delivery. Pure. The
 * engine that delivers reads that state, and reads nothing that the subscriber could not have read itself.
 */
import type { JsonObject } from '../../canonical/index.ts';
import { EventError } from '../catalog/errors.ts';
import { matchPattern, type JsonObject as PatternObject } from '../pattern/index.ts';
import { compileFilter } from './subscription-matcher.ts';

/** What a condition may look at. An entity that the subscriber may not read looks as if nothing were recorded of it. */
export interface DeliveryFacts {
  readonly entity: { readonly id: string; readonly document: JsonObject | null; readonly version: number };
  /** states of the entity's change-sets that are not at their end, one each */
  readonly changeSets: readonly string[];
  /** what the subscriber may do with the entity: `reads`, `proposes`, `reveals` */
  readonly permissions: readonly string[];
}

/** Reads the state a condition is about. Delivery of the event waits for it; if it fails, the event comes again. */
export type ReadFacts = (subscriber: string, entityId: string) => Promise<DeliveryFacts>;

/** May this subscriber read this entity, by the policy of this moment? Asked whenever an event is about to be handed out. */
export type MayRead = (subscriber: string, entityId: string) => boolean;

/** Kept in the trace of an event that its subscription was not given. */
/** Of an event that was read from the log, or failed, before the subscription was changed. */
export const NOT_WANTED = 'its subscription was changed, and does not want it any more';
export const NOT_READABLE = 'its subscriber had no right to read the entity when it was due';

export const CONDITION_FALSE = 'the condition was not met when it was due';

const FIELDS: ReadonlySet<string> = new Set(['entity', 'changeSets', 'permissions', '$or'] satisfies (
  keyof DeliveryFacts | '$or'
)[]);

/** @returns undefined without a condition. @throws EventError SUBSCRIPTION_INVALID */
export function compileCondition(when: PatternObject | undefined): ((facts: DeliveryFacts) => boolean) | undefined {
  const pattern = compileFilter(when, 'when');
  if (when === undefined || pattern === undefined) return undefined;
  const unknown = Object.keys(when).find((field) => !FIELDS.has(field));
  if (unknown !== undefined) {
    const detail = `a condition is about entity, changeSets and permissions, not about "${unknown.slice(0, 64)}"`;
    const problems = [{ pointer: '/when', detail }];
    throw new EventError({ code: 'SUBSCRIPTION_INVALID', message: `when: ${detail}`, problems });
  }
  return (facts) => matchPattern(pattern, facts);
}
