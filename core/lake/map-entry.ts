/**
 * An entry as an OCSF event: a pure, total function. Each type of entry has its class here, or the table does not compile. What the data
 * of an entry says is taken as far as it has the form that a writer gives it, so that whatever was signed has its row.
 */
import { msOf } from '../brands/index.ts';
import type { JsonObject, JsonValue } from '../canonical/index.ts';
import { documentHash, type StepType } from '../changes/index.ts';
import type { Actor, EntryBody, LedgerEntryType } from '../ledger/index.ts';
import { defined, isObject } from '../values/index.ts';
import { categoryOf, CLASSES, OCSF_VERSION, typeUidOf, type ClassName } from './columns.ts';

export type EntryType = LedgerEntryType | StepType;

/** An entry in its place in the log. */
export interface LakeEntry {
  readonly body: EntryBody;
  /** the signed note */
  readonly note: string;
  /** hex RFC 6962 leaf hash of the note */
  readonly hash: string;
  readonly position: number;
}

export interface LakeEvent {
  readonly className: ClassName;
  readonly event: JsonObject;
}

const CREATE = 1;
const READ = 2;
const UPDATE = 3;
const DELETE = 4;
const OTHER = 99;
/** of privileges */
const ASSIGN = 1;
const REVOKE = 2;
/** of a key */
const ENABLE = 2;
const DISABLE = 5;
const SEVERITY = { informational: 1, low: 2, medium: 3, high: 4, critical: 5 } as const;
const SUCCESS = 1;
const FAILURE = 2;
/** of a finding, whose status has other numbers */
const NEW = 1;
const USER_TYPES: Readonly<Record<Actor['kind'], number>> = { person: 1, agent: OTHER, module: 4, service: 4 };
const SERVICE_USER = 4;
const PRODUCT = { name: 'Nervous System', vendor_name: 'Nervous System' } as const;
const POLICY_VIOLATED = 'agent.policy_violated';
/** What a delegation without roles gives. */
const EVERY_ROLE = 'every role';
const NO_DOCUMENT = documentHash(null);

/** The part of an event that its class alone has. */
interface Said {
  readonly className: ClassName;
  readonly activity: number;
  readonly activityName?: string;
  readonly severity?: number;
  readonly failed?: true;
  readonly own: JsonObject;
}
type Mapping = (entry: LakeEntry) => Said;

const TYPES = {
  event: (entry) =>
    entry.body.data['topic'] === POLICY_VIOLATED ? finding(SEVERITY.medium)(entry) : api(CREATE)(entry),
  'key.certified': account(ENABLE, 'Enable'),
  'key.revoked': account(DISABLE, 'Disable'),
  'key.rotated': account(OTHER, 'Rotate'),
  'log.incarnated': finding(SEVERITY.high),
  'tamper.observed': finding(SEVERITY.critical),
  'policy.adopted': entity(UPDATE),
  'delegation.granted': access(ASSIGN),
  'delegation.revoked': access(REVOKE),
  'access.recorded': accessed,
  revealed: entity(READ),
  redacted: entity(UPDATE),
  'change.proposed': api(CREATE),
  'change.revised': api(UPDATE),
  'change.assessed': api(UPDATE),
  'change.voted': api(UPDATE),
  'change.vote-revoked': api(UPDATE),
  'change.reminded': api(UPDATE),
  'change.escalated': api(UPDATE),
  'change.overridden': finding(SEVERITY.high),
  'change.approved': api(UPDATE),
  'change.rejected': api(UPDATE),
  'change.returned': api(UPDATE),
  'change.withdrawn': api(UPDATE),
  'change.expired': api(UPDATE),
  'change.claimed': api(UPDATE),
  'change.intent': api(UPDATE),
  'change.applied': document,
  'change.not-applied': failed(api(UPDATE)),
  'change.executed': api(UPDATE),
  'change.failed': failed(api(UPDATE)),
  'change.aborted': api(UPDATE),
  'change.rolling-back': failed(api(UPDATE)),
  'change.undone': document,
  'change.rolled-back': api(UPDATE),
  'change.rollback-failed': failed(api(UPDATE)),
  'change.resolution': api(UPDATE),
  'change.resolved-executed': api(UPDATE),
  'change.resolved-rolled-back': api(UPDATE),
  'change.reviewed': api(UPDATE),
} as const satisfies Readonly<Record<EntryType, Mapping>>;

/** Every type of entry that there is. */
export const ENTRY_TYPES = Object.keys(TYPES) as readonly EntryType[];

/** @param origin of the log that the entry is in */
export function mapEntry(entry: LakeEntry, origin: string): LakeEvent {
  const { body, position } = entry;
  // No writer of ours wrote another type; whoever stole a key can, and verification says so.
  const mapping: Mapping = Object.hasOwn(TYPES, body.type)
    ? TYPES[body.type as EntryType]
    : api(OTHER, 'Unknown entry');
  const { className, activity, activityName, severity = SEVERITY.informational, failed, own } = mapping(entry);
  const event: JsonObject = {
    activity_id: activity,
    ...defined({ activity_name: activityName }),
    category_uid: categoryOf(className),
    class_uid: CLASSES[className],
    severity_id: failed === true ? SEVERITY.medium : severity,
    status_id: className === 'detection_finding' ? NEW : failed === true ? FAILURE : SUCCESS,
    time: msOf(body.at),
    type_uid: typeUidOf(className, activity),
    metadata: metadataOf(body, origin, position),
    ...own,
    raw_data: entry.note,
    unmapped: {
      position,
      hash: entry.hash,
      type: body.type,
      entity: body.entity,
      ...defined({ change: changeOf(body) }),
    },
  };
  return { className, event };
}

/** Unique in the ledger, and the same whenever it is exported. */
function eventUid(origin: string, position: number): string {
  return `${origin}#${position}`;
}

function metadataOf({ ledger, seq, type, idem, data }: EntryBody, origin: string, position: number): JsonObject {
  const correlation = isObject(data['metadata']) ? textIn(data['metadata'], 'correlationId') : textIn(data, 'change');
  return {
    uid: eventUid(origin, position),
    version: OCSF_VERSION,
    sequence: seq,
    event_code: type === 'event' ? (textIn(data, 'topic') ?? type) : type,
    original_event_uid: idem,
    log_name: origin,
    tenant_uid: ledger,
    ...defined({ correlation_uid: correlation }),
    product: PRODUCT,
  };
}

/** Which change-set a step is of, and what questions are asked about; the rest is in the entry itself. */
function changeOf({ type, data }: EntryBody): JsonObject | undefined {
  const uid = type.startsWith('change.') ? textIn(data, 'change') : undefined;
  if (uid === undefined) return undefined;
  return {
    uid,
    ...defined({
      revision: countIn(data, 'revision'),
      title: textIn(data, 'title'),
      level: textIn(data, 'level'),
      decision: textIn(data, 'decision') ?? textIn(data, 'verdict') ?? textIn(data, 'outcome'),
      person: textIn(data, 'personId'),
      reason: textIn(data, 'reason') ?? textIn(data, 'rationale'),
    }),
  };
}

function api(activity: number, activityName?: string): Mapping {
  return ({ body }) => ({
    ...{ className: 'api_activity', activity },
    ...defined({ activityName }),
    own: {
      actor: actorOf(body.actor),
      api: {
        operation: body.type === 'event' ? 'publish' : body.type,
        request: { uid: body.idem },
        service: { name: PRODUCT.name },
      },
      // Entries hold no address of whoever called. What is known is through what, or who it was.
      src_endpoint: { svc_name: body.actor.via ?? body.actor.id },
      resources: resourcesOf(body),
    },
  });
}

/** Who read what, or was refused it. */
function accessed(entry: LakeEntry): Said {
  const { data } = entry.body;
  const refused = data['outcome'] === 'refused';
  const { own, ...said } = api(refused ? OTHER : READ, refused ? 'Refused' : undefined)(entry);
  const entities = textsIn(data, 'entities');
  return {
    ...said,
    ...(refused ? { failed: true } : {}),
    own: {
      ...own,
      api: {
        ...(own['api'] as JsonObject),
        operation: textIn(data, 'operation') ?? entry.body.type,
      },
      ...(entities === undefined ? {} : { resources: entities.map((uid) => ({ uid, type: kindOf(uid) })) }),
    },
  };
}

function failed(mapping: Mapping): Mapping {
  return (entry) => ({ ...mapping(entry), failed: true });
}

function finding(severity: number): Mapping {
  return ({ body, hash }) => ({
    ...{ className: 'detection_finding', activity: CREATE, severity },
    own: {
      finding_info: {
        uid: hash,
        title: `${body.type} on ${body.entity}`,
        types: [textIn(body.data, 'topic') ?? body.type],
      },
      evidences: [{ actor: actorOf(body.actor) }],
      resources: resourcesOf(body),
    },
  });
}

function entity(activity: number): Mapping {
  return ({ body }) => ({
    ...{ className: 'entity_management', activity },
    own: {
      actor: actorOf(body.actor),
      entity: { uid: body.entity, type: kindOf(body.entity), ...versionOf(body) },
      ...defined({ comment: textIn(body.data, 'reason') ?? textIn(body.data, 'basis') }),
    },
  });
}

/** A document that came to be, was changed, or is gone. */
function document(entry: LakeEntry): Said {
  const { data } = entry.body;
  return entity(data['hash'] === NO_DOCUMENT ? DELETE : data['version'] === 1 ? CREATE : UPDATE)(entry);
}

function account(activity: number, activityName: string): Mapping {
  return ({ body }) => ({
    ...{ className: 'account_change', activity, activityName },
    own: { actor: actorOf(body.actor), user: { uid: body.entity, type: 'key', type_id: SERVICE_USER } },
  });
}

function access(activity: number): Mapping {
  return ({ body }) => ({
    ...{ className: 'user_access', activity },
    own: {
      actor: actorOf(body.actor),
      // What is revoked names the delegation; who had it stands in the entry of that hash.
      user: {
        uid: textIn(body.data, 'to') ?? textIn(body.data, 'delegation') ?? body.actor.id,
        type: 'person',
        type_id: USER_TYPES.person,
      },
      privileges: textsIn(body.data, 'roles') ?? [EVERY_ROLE],
    },
  });
}

function actorOf({ kind, id, via, logic }: Actor): JsonObject {
  return {
    user: { uid: id, type: kind, type_id: USER_TYPES[kind] },
    ...defined({ invoked_by: via, app_name: logic }),
  };
}

function resourcesOf({ entity: uid }: EntryBody): JsonValue {
  return [{ uid, type: kindOf(uid) }];
}

/** `account` of `account:1695`. */
function kindOf(entityId: string): string {
  return entityId.split(/[:/]/, 1)[0] ?? entityId;
}

function versionOf({ data }: EntryBody): { readonly version?: string } {
  const version = countIn(data, 'version');
  return version === undefined ? {} : { version: String(version) };
}

function textIn(data: JsonObject, name: string): string | undefined {
  const value = data[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function textsIn(data: JsonObject, name: string): string[] | undefined {
  const value = data[name];
  if (!Array.isArray(value)) return undefined;
  const texts = value.filter((one): one is string => typeof one === 'string' && one !== '');
  return texts.length === 0 ? undefined : texts;
}

function countIn(data: JsonObject, name: string): number | undefined {
  const value = data[name];
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}
