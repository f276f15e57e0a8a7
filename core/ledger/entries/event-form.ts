/**
 * The form of an event's data as it stands in an entry: what a publisher could have had recorded, whatever the catalog said.
 * By hand and without a schema library: every verifying thread loads it, and it runs once for each event that is delivered.
 */
import { ENTITY_ID } from './entity-id.ts';
import type { EntryBody } from './entry.ts';
import { isInstant } from './instant.ts';

const TOPIC = /^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/;
const MAX_TOPIC_CHARS = 128;
const MAX_VERSION = 1_000_000;
const MAX_TEXT_CHARS = 128;
const MAX_METADATA_KEYS = 32;
const MAX_TARGETS = 100;
/** W3C Trace Context, version 00; ids of nothing but zeros are not ids. */
export const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

type Check = (value: unknown) => boolean;

const isObject: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText: Check = (value) => typeof value === 'string' && value.length >= 1 && value.length <= MAX_TEXT_CHARS;
const isCount = (least: number, most: number): Check => {
  return (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
};

const REQUIRED: Readonly<Record<string, Check>> = {
  payload: isObject,
  source: isText,
  topic: (value) => typeof value === 'string' && value.length <= MAX_TOPIC_CHARS && TOPIC.test(value),
  version: isCount(1, MAX_VERSION),
};
const OPTIONAL: Readonly<Record<string, Check>> = {
  metadata: isMetadata,
  timestamp: isInstant,
  userId: isText,
  work: isWorkRef,
};
const REQUIRED_CHECKS = Object.entries(REQUIRED);
const OPTIONAL_CHECKS = Object.entries(OPTIONAL);
const METADATA: Readonly<Record<string, Check>> = {
  causationId: isText,
  correlationId: isText,
  hops: isCount(0, Number.MAX_SAFE_INTEGER),
  targets: (value) => Array.isArray(value) && value.length <= MAX_TARGETS && value.every(isText),
  traceparent: (value) => typeof value === 'string' && TRACEPARENT.test(value),
};

/** What keeps an entry of type `event` from being one that can be delivered, or undefined. */
export function eventProblem({ idem, data }: Pick<EntryBody, 'idem' | 'data'>): string | undefined {
  // An event id has the form of an entity's.
  if (!ENTITY_ID.test(idem)) return 'the event id is malformed';
  for (const name of Object.keys(data))
    if (!Object.hasOwn(REQUIRED, name) && !Object.hasOwn(OPTIONAL, name))
      return `an event has no field ${JSON.stringify(name.slice(0, 60))}`;
  for (const [name, isRight] of REQUIRED_CHECKS)
    if (!isRight(data[name])) return `${name} of the event is missing or malformed`;
  for (const [name, isRight] of OPTIONAL_CHECKS)
    if (data[name] !== undefined && !isRight(data[name])) return `${name} of the event is malformed`;
  return undefined;
}

/** The claim under which it was published. */
function isWorkRef(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { workId, fence, ...more } = value as Readonly<Record<string, unknown>>;
  const isChain = typeof workId === 'string' && ENTITY_ID.test(`work:${workId}`);
  return isChain && isCount(0, Number.MAX_SAFE_INTEGER)(fence) && Object.keys(more).length === 0;
}

function isMetadata(value: unknown): boolean {
  if (!isObject(value)) return false;
  const metadata = value as Readonly<Record<string, unknown>>;
  return (
    Object.keys(metadata).length <= MAX_METADATA_KEYS &&
    Object.entries(METADATA).every(([name, isRight]) => metadata[name] === undefined || isRight(metadata[name]))
  );
}
