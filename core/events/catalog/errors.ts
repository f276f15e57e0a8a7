import { NervousError } from '../../errors/index.ts';

/**
 * `EVENT_INVALID`: the envelope breaks its schema; `problems` point at the fields.
 * `TOPIC_UNKNOWN` / `VERSION_UNKNOWN`: not in the catalog; the message names the nearest match.
 * `PAYLOAD_INVALID`: the payload breaks the topic's schema; `problems` point into it.
 * `EVENT_ID_CONFLICT`: this event id is recorded with other content; use a new id.
 * `EVENT_NOT_FOUND` / `EVENT_AMBIGUOUS`: no event, or events of several sources, under that id; name the source.
 * `SUBSCRIPTION_INVALID`: the subscription breaks its schema; `problems` point at the fields.
 * `SUBSCRIPTION_NOT_FOUND`: no such subscription, or not yours to see.
 * `SUBSCRIPTION_EXISTS`: the id is taken by a subscription with other settings.
 * `TOO_MANY_SUBSCRIPTIONS`: the principal has as many as it may; remove one, or raise the limit in the configuration.
 * `ATOMIC_REJECTED`: another event of the atomic batch was refused, so nothing of it was recorded.
 * `FIELD_DAMAGED`: what is kept of a confidential field is not what was recorded: restore the vault.
 * `CATALOG_INVALID`: no catalog document, or one too large or too deep to compare; the message says where.
 */
export type EventErrorCode =
  | 'EVENT_INVALID'
  | 'TOPIC_UNKNOWN'
  | 'VERSION_UNKNOWN'
  | 'PAYLOAD_INVALID'
  | 'EVENT_ID_CONFLICT'
  | 'EVENT_NOT_FOUND'
  | 'EVENT_AMBIGUOUS'
  | 'SUBSCRIPTION_INVALID'
  | 'SUBSCRIPTION_NOT_FOUND'
  | 'SUBSCRIPTION_EXISTS'
  | 'TOO_MANY_SUBSCRIPTIONS'
  | 'ATOMIC_REJECTED'
  | 'FIELD_DAMAGED'
  | 'CATALOG_INVALID';

export class EventError extends NervousError<EventErrorCode> {}

/**
 * `RATE_LIMITED`: the publisher published more than it may; go on after `retryAfterSeconds`.
 * `TOPIC_STOPPED`: the topic takes no events since a storm; somebody must look, or wait for `retryAfterSeconds` if given.
 * `LOOP_DETECTED`: this event is one of a chain that causes itself; do not send it again, look at who publishes because of whom.
 */
export type GuardErrorCode = 'RATE_LIMITED' | 'TOPIC_STOPPED' | 'LOOP_DETECTED';

export class GuardError extends NervousError<GuardErrorCode> {}
