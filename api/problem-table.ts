/**
 * The one table from error code to HTTP status and title. Total by type: a code that core gains does not compile until it
 * stands here. 400: not readable as what it should be; 422: readable, but not what this system knows.
 */
import type { ErrorCode } from './errors.ts';

interface Row {
  readonly status: number;
  readonly title: string;
}

const row = (status: number, title: string): Row => ({ status, title });

export const PROBLEMS: Readonly<Record<ErrorCode, Row>> = {
  REQUEST_INVALID: row(400, 'The request breaks its schema'),
  NOT_I_JSON: row(400, 'The body is not I-JSON (RFC 7493)'),
  TOO_DEEP: row(400, 'The body is nested too deeply'),
  ENTITY_ID_INVALID: row(400, 'Not an entity id'),
  ENTRY_INVALID: row(400, 'The entry breaks its schema'),
  EVENT_INVALID: row(400, 'The event breaks its schema'),
  SUBSCRIPTION_INVALID: row(400, 'The subscription breaks its schema'),
  NOTICE_CHANNEL_INVALID: row(422, 'Notices cannot be sent there'),
  PATTERN_INVALID: row(400, 'Not an event pattern'),
  CATALOG_INVALID: row(400, 'Not a catalog, or one that cannot be compared'),
  WORK_INVALID: row(400, 'The request about work breaks its schema'),
  CHANGE_INVALID: row(400, 'The change-set or the act breaks its schema'),
  CURSOR_INVALID: row(400, 'Not a cursor of this feed'),

  UNAUTHENTICATED: row(401, 'No or unknown credentials'),

  FORBIDDEN: row(403, 'No declared right covers this'),
  AGENTS_CANNOT_DECIDE: row(403, 'Only people decide'),
  SELF_APPROVAL: row(403, 'Nobody decides on their own proposal'),
  NOT_ELIGIBLE: row(403, 'The change-set needs a role you do not hold'),
  ASSERTION_REQUIRED: row(403, "The rules ask for the signature of a person's own key"),
  ASSERTION_INVALID: row(403, 'The signature is not of an enrolled key over this decision'),
  NOT_PROPOSER: row(403, 'Only the proposer may do this'),
  OVERRIDE_REFUSED: row(403, 'Break-glass does not reach this far'),
  REVIEW_REFUSED: row(403, 'Nothing to review, or not by this person'),

  ROUTE_NOT_FOUND: row(404, 'Nothing is served here'),
  ENTITY_NOT_FOUND: row(404, 'Nothing was ever recorded for this entity'),
  EVENT_NOT_FOUND: row(404, 'No such event'),
  SUBSCRIPTION_NOT_FOUND: row(404, 'No such subscription'),
  CHANGE_NOT_FOUND: row(404, 'No such change-set'),
  WORK_NOT_FOUND: row(404, 'No such work'),
  KEY_NOT_FOUND: row(404, 'No such session key'),

  NOT_PUBLISHED_YET: row(404, 'No checkpoint covers this yet'),
  TILE_NOT_FOUND: row(404, 'The log has no such file'),

  METHOD_NOT_ALLOWED: row(405, 'The path does not know this method'),
  REQUEST_TIMEOUT: row(408, 'The request did not arrive in time'),

  EVENT_ID_CONFLICT: row(409, 'The event id stands for other content'),
  EVENT_AMBIGUOUS: row(409, 'Several sources have an event with this id'),
  TOPIC_STOPPED: row(409, 'The topic was stopped by protection'),
  LOOP_DETECTED: row(409, 'Events that cause each other were stopped'),
  ATOMIC_REJECTED: row(409, 'Another event of the atomic batch was refused'),
  SUBSCRIPTION_EXISTS: row(409, 'The subscription id is taken by other settings'),
  TOO_MANY_SUBSCRIPTIONS: row(409, 'The principal has as many subscriptions as it may'),
  CHANGE_STATE_CONFLICT: row(409, 'The state of the change-set does not allow this'),
  IDEMPOTENCY_CONFLICT: row(409, 'The idempotency key stands for other content'),
  CHANGE_UNFIT: row(409, 'The operations do not fit what the entity holds'),
  STALE_BASE: row(409, 'The document is at another version'),
  RISK_BLOCKED: row(409, 'The risk could not be assessed'),
  ALREADY_VOTED: row(409, 'This person has decided already'),
  DECISION_STALE: row(409, 'The decision is about something that no longer stands'),
  DECISION_REPLAYED: row(409, 'The nonce was used before'),
  DECISION_EXPIRED: row(409, 'The deadline has passed'),
  WORK_CLAIMED: row(409, 'Somebody else holds the work'),
  WORK_COMPLETED: row(409, 'The work was done'),
  FENCE_STALE: row(409, 'The claim does not stand any more'),
  NO_SUCH_VOTE: row(409, 'There is no vote to revoke'),
  NOT_REVERTIBLE: row(409, 'What the change-set did cannot be taken back'),
  DELEGATION_INVALID: row(409, 'The delegation does not hold'),
  TOO_MANY_OPEN: row(409, 'The proposer has too many change-sets waiting'),
  EXECUTOR_FAILED: row(409, 'The executor refused'),
  POLICY_CHANGED: row(409, 'Roster or rules changed meanwhile'),

  CURSOR_GONE: row(410, 'The cursor points behind entries that are lost'),

  DOCUMENT_CHANGED: row(412, 'The document was changed meanwhile'),
  SUBSCRIPTION_CHANGED: row(412, 'The subscription was changed meanwhile'),

  BODY_TOO_LARGE: row(413, 'The body is too large'),
  ENTRY_TOO_LARGE: row(413, 'The entry would be too large'),
  MEDIA_TYPE_UNSUPPORTED: row(415, 'The body must be application/json'),

  TOPIC_UNKNOWN: row(422, 'The topic is not in the catalog'),
  VERSION_UNKNOWN: row(422, 'The topic has no such version'),
  PAYLOAD_INVALID: row(422, "The payload breaks the topic's schema"),

  PRECONDITION_REQUIRED: row(428, 'If-Match must say which state is meant'),

  BUDGET_SPENT: row(429, 'The principal asks for more than its budget allows'),
  RATE_LIMITED: row(429, 'The publisher published more than it may'),
  STREAMS_EXHAUSTED: row(429, 'The principal has as many streams open as it may'),

  HEADERS_TOO_LARGE: row(431, 'URL and headers are too large'),

  INTERNAL: row(500, 'Something went wrong on our side'),
  CONFIG_INVALID: row(500, 'The configuration cannot be used'),
  KEY_NOT_CURRENT: row(409, 'Another root key is in use'),
  KEY_REASON_INVALID: row(400, 'A reason is needed'),
  KEY_FILE_INVALID: row(500, 'The root key cannot be used'),

  LAKE_INVALID: row(400, 'This is no lake'),
  LAKE_FOREIGN: row(409, 'The lake is of another ledger'),
  LAKE_AHEAD: row(409, 'The lake has more than the log: verify the ledger'),
  LAKE_FILE_DIFFERS: row(409, 'A file of the lake differs: verify the lake'),
  LAKE_SOURCE_DAMAGED: row(500, 'The published log is damaged: verify the ledger'),
  LAKE_NEEDS_PARQUET: row(500, 'The library for Parquet is not installed'),

  TILE_MISSING: row(500, 'The published log is damaged: verify the ledger'),
  TILE_MALFORMED: row(500, 'The published log is damaged: verify the ledger'),
  PROOF_IMPOSSIBLE: row(500, 'The published log is damaged: verify the ledger'),
  EDGE_INVALID: row(500, 'The published log is damaged: verify the ledger'),
  CHECKPOINT_INVALID: row(500, 'The published log is damaged: verify the ledger'),
  LOG_DIVERGED: row(500, 'The published log is damaged: verify the ledger'),
  LOG_SHRUNK: row(500, 'The published log is damaged: verify the ledger'),
  BUNDLE_ENTRY_TOO_LARGE: row(500, 'Something went wrong on our side'),
  WITNESS_REFUSED: row(500, 'Something went wrong on our side'),

  LEDGER_BUSY: row(503, 'Too many writers met'),
  CHANGE_BUSY: row(503, 'Too many writers met on the change-set'),
  LEDGER_TAMPERED: row(500, 'What is stored is not what was recorded: verify the ledger'),
  POLICY_UNREADABLE: row(500, 'The policy in force cannot be read: verify the ledger'),
  STORE_NEWER: row(500, 'A newer release has brought the store up to date: deploy that one'),
  ENTRY_UNREADABLE: row(500, 'A stored entry cannot be read: verify the ledger'),
  FIELD_DAMAGED: row(500, 'What is kept of a confidential field is damaged: restore the vault'),
  SERVER_BUSY: row(503, 'Too much is under way'),
  VERIFICATION_ENDED: row(503, 'The verification was ended before it was done'),
  STORE_UNAVAILABLE: row(503, 'The store did not answer'),
};

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(PROBLEMS, code);
}
