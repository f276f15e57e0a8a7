/**
 * The columns of a lake's tables, one table for each class of OCSF 1.8.0 that entries are mapped to. The Parquet schema, the columns
 * of Glue and the tests come from here. Names and types are OCSF's (Apache-2.0, https://github.com/ocsf/ocsf-schema); what OCSF has
 * no place for is in `unmapped`, which is the place that it gives for that.
 */

export type Column =
  | { readonly name: string; readonly type: 'text' | 'int' | 'long'; readonly required?: true }
  | { readonly name: string; readonly type: 'texts' }
  | { readonly name: string; readonly fields: readonly Column[]; readonly isList?: true; readonly required?: true };

/** The release whose classes these are. `record_integrity` is of the next one: until then its attestation is in `unmapped`. */
export const OCSF_VERSION = '1.8.0';

/** Class name, as OCSF has it, → its number; the first digit is its category's. */
export const CLASSES = {
  entity_management: 3004,
  api_activity: 6003,
  account_change: 3001,
  user_access: 3005,
  detection_finding: 2004,
} as const;
export type ClassName = keyof typeof CLASSES;
export const CLASS_NAMES = Object.keys(CLASSES) as readonly ClassName[];

/** A class's number has its category in front of three digits. */
const CLASSES_PER_CATEGORY = 1_000;
const ACTIVITIES_PER_CLASS = 100;

export function categoryOf(name: ClassName): number {
  return Math.floor(CLASSES[name] / CLASSES_PER_CATEGORY);
}

export function typeUidOf(name: ClassName, activity: number): number {
  return CLASSES[name] * ACTIVITIES_PER_CLASS + activity;
}

const text = (name: string): Column => ({ name, type: 'text' });
const needed = (name: string, type: 'text' | 'int' | 'long'): Column => ({ name, type, required: true });
const group = (name: string, fields: readonly Column[]): Column => ({ name, fields });

const FINGERPRINT: readonly Column[] = [
  { name: 'algorithm_id', type: 'int' },
  { name: 'encoding_id', type: 'int' },
  { name: 'serialization_id', type: 'int' },
  text('value'),
];

const USER: readonly Column[] = [text('uid'), text('type'), { name: 'type_id', type: 'int' }];
const ACTOR: readonly Column[] = [group('user', USER), text('invoked_by'), text('app_name')];
const RESOURCES: Column = { name: 'resources', isList: true, fields: [text('uid'), text('type')] };

/** What every class has; `unmapped` last. */
const BEFORE: readonly Column[] = [
  needed('activity_id', 'int'),
  text('activity_name'),
  needed('category_uid', 'int'),
  needed('class_uid', 'int'),
  needed('severity_id', 'int'),
  needed('status_id', 'int'),
  /** Unix time in milliseconds */
  needed('time', 'long'),
  needed('type_uid', 'long'),
  {
    name: 'metadata',
    required: true,
    fields: [
      /** `<origin>#<log index>`: unique, so what was loaded twice can be told */
      text('uid'),
      text('version'),
      /** place in the chain of its entity */
      { name: 'sequence', type: 'long' },
      /** topic of an event, type of any other entry */
      text('event_code'),
      /** the publisher's event id */
      text('original_event_uid'),
      text('log_name'),
      text('tenant_uid'),
      /** of the change-set, or the event's own */
      text('correlation_uid'),
      group('product', [text('name'), text('vendor_name')]),
    ],
  },
];

const AFTER: readonly Column[] = [
  /** the entry as it is signed: RFC 6962 leaf hash of these bytes is `unmapped.hash` */
  needed('raw_data', 'text'),
  {
    name: 'unmapped',
    required: true,
    fields: [
      { name: 'position', type: 'long' },
      text('hash'),
      text('type'),
      text('entity'),
      group('change', [
        text('uid'),
        { name: 'revision', type: 'long' },
        text('title'),
        text('level'),
        text('decision'),
        text('person'),
        text('reason'),
      ]),
      group('ns_attestation', [
        text('authority_uid'),
        text('chain_uid'),
        group('prev_event', [text('uid'), { name: 'type_uid', type: 'long' }, group('fingerprint', FINGERPRINT)]),
        group('fingerprint', FINGERPRINT),
      ]),
    ],
  },
];

const ENTITY: readonly Column[] = [text('uid'), text('type'), text('version')];

const OWN: Readonly<Record<ClassName, readonly Column[]>> = {
  entity_management: [group('actor', ACTOR), group('entity', ENTITY), text('comment')],
  api_activity: [
    group('actor', ACTOR),
    group('api', [text('operation'), group('request', [text('uid')]), group('service', [text('name')])]),
    group('src_endpoint', [text('svc_name')]),
    RESOURCES,
  ],
  account_change: [group('actor', ACTOR), group('user', USER)],
  user_access: [group('actor', ACTOR), group('user', USER), { name: 'privileges', type: 'texts' }],
  detection_finding: [
    group('finding_info', [text('uid'), text('title'), { name: 'types', type: 'texts' }]),
    { name: 'evidences', isList: true, fields: [group('actor', ACTOR)] },
    RESOURCES,
  ],
};

export function columnsOf(name: ClassName): readonly Column[] {
  return [...BEFORE, ...OWN[name], ...AFTER];
}
