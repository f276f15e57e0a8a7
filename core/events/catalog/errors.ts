import { NervousError } from '../../errors/index.ts';

/**
 * `EVENT_INVALID`: the envelope breaks its schema; `problems` point at the fields.
 * `TOPIC_UNKNOWN` / `VERSION_UNKNOWN`: not in the catalog; the message names the nearest match.
 * `PAYLOAD_INVALID`: the payload breaks the topic's schema; `problems` point into it.
 * `EVENT_ID_CONFLICT`: this event id is recorded with other content; use a new id.
 * `IDEMPOTENCY_CONFLICT`: the idempotency key stands for another request: use a new key.
 * `EVENT_NOT_FOUND`: no event has this id; check it. `EVENT_AMBIGUOUS`: events of several sources have it; name the source.
 * `SUBSCRIPTION_INVALID`: the subscription breaks its schema; `problems` point at the fields.
 * `SUBSCRIPTION_NOT_FOUND`: there is no such subscription, or the caller may not see it; check the id.
 * `SUBSCRIPTION_EXISTS`: a subscription with other settings has this id; use another id, or delete that one.
 * `SUBSCRIPTION_CHANGED`: somebody changed the subscription since it was read; read it again, and decide anew.
 * `TOO_MANY_SUBSCRIPTIONS`: the principal has as many as it may; remove one, or raise the limit in the configuration.
 * `ATOMIC_REJECTED`: another event of the atomic batch was refused, so nothing of it was recorded.
 * `FIELD_DAMAGED`: the vault's value of a confidential field is not the one that was recorded: restore the vault.
 * `CATALOG_INVALID`: the file is no catalog, or is too large or too deep to compare; the message says where.
 */
export type EventErrorCode =
  | 'EVENT_INVALID'
  | 'TOPIC_UNKNOWN'
  | 'VERSION_UNKNOWN'
  | 'PAYLOAD_INVALID'
  | 'EVENT_ID_CONFLICT'
  | 'IDEMPOTENCY_CONFLICT'
  | 'EVENT_NOT_FOUND'
  | 'EVENT_AMBIGUOUS'
  | 'SUBSCRIPTION_INVALID'
  | 'SUBSCRIPTION_NOT_FOUND'
  | 'SUBSCRIPTION_EXISTS'
  | 'SUBSCRIPTION_CHANGED'
  | 'TOO_MANY_SUBSCRIPTIONS'
  | 'ATOMIC_REJECTED'
  | 'FIELD_DAMAGED'
  | 'CATALOG_INVALID';

export class EventError extends NervousError<EventErrorCode> {}

/**
 * `RATE_LIMITED`: the publisher published more than it may; continue after `retryAfterSeconds`.
 * `TOPIC_STOPPED`: a storm stopped the topic; wait for `retryAfterSeconds` if given, otherwise an auditor must open it.
 * `LOOP_DETECTED`: this event belongs to a chain that causes itself; do not send it again, but find out which modules answer each other.
 */
export type GuardErrorCode = 'RATE_LIMITED' | 'TOPIC_STOPPED' | 'LOOP_DETECTED';

export class GuardError extends NervousError<GuardErrorCode> {}
