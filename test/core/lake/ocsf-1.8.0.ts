/**
 * What OCSF 1.8.0 requires of the classes that a lake uses: which attributes there are in what we fill, of which type, which are
 * required, and which activities a class has. Facts of the schema (github.com/ocsf/ocsf-schema, branch v1.8.0, commit 6fa6499a;
 * Apache-2.0), written down by hand and without its prose.
 */
import type { ClassName } from '../../../core/lake/index.ts';

export type Type = 'string' | 'integer' | 'long' | 'timestamp' | 'object' | `${string}[]` | (string & {});

export interface Shape {
  readonly attributes: Readonly<Record<string, Type>>;
  readonly required: readonly string[];
  /** at least one of these */
  readonly oneOf?: readonly string[];
}

const BASE: Readonly<Record<string, Type>> = {
  activity_id: 'integer',
  activity_name: 'string',
  category_uid: 'integer',
  class_uid: 'integer',
  severity_id: 'integer',
  status_id: 'integer',
  time: 'timestamp',
  type_uid: 'long',
  metadata: 'metadata',
  raw_data: 'string',
  unmapped: 'unmapped',
};
const BASE_REQUIRED = ['activity_id', 'category_uid', 'class_uid', 'metadata', 'severity_id', 'time', 'type_uid'];

export const CLASS_SHAPES: Readonly<
  Record<
    ClassName,
    Shape & {
      readonly uid: number;
      readonly category: number;
      readonly activities: readonly number[];
      readonly statuses: readonly number[];
    }
  >
> = {
  entity_management: {
    ...{
      uid: 3004,
      category: 3,
      activities: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 99],
      statuses: [0, 1, 2, 99],
    },
    attributes: { ...BASE, actor: 'actor', entity: 'managed_entity', comment: 'string' },
    required: [...BASE_REQUIRED, 'entity'],
  },
  api_activity: {
    ...{ uid: 6003, category: 6, activities: [0, 1, 2, 3, 4, 99], statuses: [0, 1, 2, 99] },
    attributes: {
      ...BASE,
      actor: 'actor',
      api: 'api',
      src_endpoint: 'network_endpoint',
      resources: 'resource_details[]',
    },
    required: [...BASE_REQUIRED, 'actor', 'api', 'src_endpoint'],
  },
  account_change: {
    ...{ uid: 3001, category: 3, activities: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 99], statuses: [0, 1, 2, 99] },
    attributes: { ...BASE, actor: 'actor', user: 'user' },
    required: [...BASE_REQUIRED, 'user'],
  },
  user_access: {
    ...{ uid: 3005, category: 3, activities: [0, 1, 2, 99], statuses: [0, 1, 2, 99] },
    attributes: { ...BASE, actor: 'actor', user: 'user', privileges: 'string[]' },
    required: [...BASE_REQUIRED, 'user', 'privileges'],
  },
  detection_finding: {
    ...{ uid: 2004, category: 2, activities: [0, 1, 2, 3, 99], statuses: [0, 1, 2, 3, 4, 5, 6, 99] },
    attributes: { ...BASE, finding_info: 'finding_info', evidences: 'evidences[]', resources: 'resource_details[]' },
    required: [...BASE_REQUIRED, 'finding_info'],
  },
};

export const SEVERITIES = [0, 1, 2, 3, 4, 5, 6, 99];

export const OBJECT_SHAPES: Readonly<Record<string, Shape>> = {
  metadata: {
    attributes: {
      uid: 'string',
      version: 'string',
      sequence: 'integer',
      event_code: 'string',
      original_event_uid: 'string',
      log_name: 'string',
      tenant_uid: 'string',
      correlation_uid: 'string',
      product: 'product',
    },
    required: ['product', 'version'],
  },
  product: { attributes: { name: 'string', vendor_name: 'string' }, required: [] },
  actor: {
    attributes: { user: 'user', invoked_by: 'string', app_name: 'string' },
    required: [],
    oneOf: ['user', 'invoked_by', 'app_name'],
  },
  user: { attributes: { uid: 'string', type: 'string', type_id: 'integer' }, required: [], oneOf: ['uid'] },
  managed_entity: { attributes: { uid: 'string', type: 'string', version: 'string' }, required: [], oneOf: ['uid'] },
  api: { attributes: { operation: 'string', request: 'request', service: 'service' }, required: ['operation'] },
  request: { attributes: { uid: 'string' }, required: ['uid'] },
  service: { attributes: { name: 'string' }, required: [] },
  network_endpoint: { attributes: { svc_name: 'string' }, required: [], oneOf: ['svc_name'] },
  resource_details: { attributes: { uid: 'string', type: 'string' }, required: [] },
  finding_info: { attributes: { uid: 'string', title: 'string', types: 'string[]' }, required: ['uid'] },
  evidences: { attributes: { actor: 'actor' }, required: [], oneOf: ['actor'] },
};

/** What breaks the schema in an event of this class. */
export function ocsfProblems(className: ClassName, event: Readonly<Record<string, unknown>>): string[] {
  const { uid, category, activities, statuses, ...shape } = CLASS_SHAPES[className];
  const activity = Number(event['activity_id']);
  const wrong = [
    event['class_uid'] === uid ? [] : ['class_uid'],
    event['category_uid'] === category ? [] : ['category_uid'],
    event['type_uid'] === uid * 100 + activity ? [] : ['type_uid'],
    activities.includes(activity) ? [] : ['activity_id'],
    statuses.includes(Number(event['status_id'])) ? [] : ['status_id'],
    SEVERITIES.includes(Number(event['severity_id'])) ? [] : ['severity_id'],
    activity === 99 && event['activity_name'] === undefined ? ['activity_name'] : [],
  ];
  return [...wrong.flat(), ...shapeProblems('', shape, event)];
}

function shapeProblems(at: string, shape: Shape, value: Readonly<Record<string, unknown>>): string[] {
  const missing = shape.required.filter((name) => value[name] === undefined).map((name) => `${at}${name} is required`);
  const none =
    shape.oneOf?.every((name) => value[name] === undefined) === true ? [`${at} has none of ${shape.oneOf.join()}`] : [];
  const wrong = Object.entries(value).flatMap(([name, inner]) => {
    const type = shape.attributes[name];
    return type === undefined ? [`${at}${name} is no attribute`] : typeProblems(`${at}${name}`, type, inner);
  });
  return [...missing, ...none, ...wrong];
}

function typeProblems(at: string, type: Type, value: unknown): string[] {
  if (type.endsWith('[]')) {
    if (!Array.isArray(value) || value.length === 0) return [`${at} is no list`];
    return value.flatMap((one) => typeProblems(at, type.slice(0, -2), one));
  }
  if (type === 'unmapped') return typeof value === 'object' ? [] : [`${at} is no object`];
  if (type === 'string') return typeof value === 'string' && value !== '' ? [] : [`${at} is no text`];
  if (type === 'integer' || type === 'long' || type === 'timestamp')
    return Number.isSafeInteger(value) ? [] : [`${at} is no whole number`];
  const shape = OBJECT_SHAPES[type];
  if (shape === undefined || typeof value !== 'object' || value === null) return [`${at} is no ${type}`];
  return shapeProblems(`${at}.`, shape, value as Readonly<Record<string, unknown>>);
}
