/**
 * A CloudEvent as something to publish. Decides whether it is one, and refuses what our envelope cannot take; topics, rights
 * and the payload's schema are publishing's business. Extensions become metadata.
 */
import * as z from 'zod';
import { CanonicalError, parseStrict, type JsonObject, type JsonValue } from '../../canonical/index.ts';
import { describeIssues } from '../../errors/index.ts';
import { defined, isObject } from '../../values/index.ts';
import {
  isAttributeName,
  isAttributeValue,
  OF_THE_COPY,
  RENAMED,
  REST,
  SPEC_VERSION,
} from './cloud-event-attributes.ts';
import { moduleChain } from './envelope.ts';
import { EventError } from '../catalog/errors.ts';
import { schemaUri, topicsUri } from '../catalog/topic-schema.ts';

/** JSON format, 3.1.1: a media type with the subtype `json`, or one that ends in `+json` */
const JSON_CONTENT = /^[^\s/;]+\/([^\s/;]+\+)?json[ \t]*(;.*)?$/i;
/** RFC 3986 section 4.3 begins so */
const ABSOLUTE_URI = /^[A-Za-z][A-Za-z0-9+.-]*:\S+$/;
const MAX_VERSION = 1_000_000;

const attribute = z.custom<string | number | boolean>(
  isAttributeValue,
  'must be text without control characters, an integer of 32 bits, or true or false',
);
const text = attribute.and(z.string('must be text').min(1, 'must not be empty'));
/** spec, "Type System": a native value or its text */
const integer = z
  .union(
    [
      z.int(),
      z
        .string()
        .regex(/^-?(0|[1-9]\d{0,9})$/)
        .transform(Number),
    ],
    'must be an integer',
  )
  .pipe(z.int());

export const cloudEventSchema = z
  .object({
    specversion: z.literal(SPEC_VERSION, `must be "${SPEC_VERSION}"`),
    id: text,
    source: text,
    type: text,
    subject: text.optional(),
    time: z.iso.datetime({ offset: true, message: 'must be an RFC 3339 date-time' }).optional(),
    datacontenttype: text.and(z.string().regex(JSON_CONTENT, 'must be application/json: payloads are JSON')).optional(),
    dataschema: text.and(z.string().regex(ABSOLUTE_URI, 'must be an absolute URI')).optional(),
    dataversion: integer.pipe(z.int().min(1).max(MAX_VERSION)).optional(),
    userid: text.optional(),
    hops: integer.optional(),
    [REST]: text.optional(),
    data: z.custom<JsonObject>(isObject, 'must be a JSON object'),
  })
  .catchall(attribute)
  .superRefine((event, context) => {
    for (const name of Object.keys(event)) {
      const message = nameProblem(name);
      if (message !== undefined) context.addIssue({ code: 'custom', path: [name], message });
    }
  });

export const restSchema = z.strictObject({
  userId: z.string().exactOptional(),
  metadata: z.custom<JsonObject>(isObject, 'must be a JSON object').exactOptional(),
  commits: z.unknown().exactOptional(),
  work: z.unknown().exactOptional(),
});

/** `hops` is checked here and is metadata all the same. */
const IN_ENVELOPE: ReadonlySet<string> = new Set(Object.keys(cloudEventSchema.shape).filter((name) => name !== 'hops'));
const METADATA_NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(RENAMED).map(([member, name]) => [name, member]),
);

type Parsed = z.output<typeof cloudEventSchema>;

/** @param origin of the ledger. @throws EventError EVENT_INVALID */
export function fromCloudEvent(value: unknown, origin: string): JsonObject {
  const event = parse(value);
  const { id, source, type, subject, time, userid, data } = event;
  const publisher = decoded(source);
  const rest = readRest(event[REST]);
  const version = versionOf(event, origin);
  const metadata = { ...rest.metadata, ...metadataOf(event, origin) };
  const userId = userid ?? rest.userId;
  return {
    eventId: id,
    topic: type,
    source: publisher,
    ...defined({ version, timestamp: time }),
    // Where we said it belongs when it belonged to no entity.
    ...(subject === undefined || subject === moduleChain(publisher) ? {} : { entityId: subject }),
    ...defined({ userId }),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...defined({ work: rest.work as JsonObject | undefined }),
    payload: data,
  };
}

function parse(value: unknown): Parsed {
  if (!isObject(value)) throw invalid([{ path: [], message: 'must be a CloudEvent, a JSON object' }]);
  // JSON format, 2.2: null is "unset"; in `data` it is a value.
  const set = Object.entries(value).filter(([name, member]) => member !== null || name === 'data');
  const parsed = cloudEventSchema.safeParse(Object.fromEntries(set));
  if (!parsed.success) throw invalid(parsed.error.issues);
  return parsed.data;
}

function nameProblem(name: string): string | undefined {
  if (name === 'data_base64') return 'binary data is not taken: send JSON in data';
  return isAttributeName(name) ? undefined : 'is no attribute name: use a-z and 0-9';
}

/** `dataschema`, when it names a schema of ours, and `dataversion` say the same thing. */
function versionOf({ type, dataschema, dataversion }: Parsed, origin: string): number | undefined {
  if (dataschema === undefined || !isOurs(dataschema, origin)) return dataversion;
  const version = Number(dataschema.slice(dataschema.lastIndexOf('/') + 1));
  if (dataschema !== schemaUri(origin, { topic: type, version }))
    throw invalid([{ path: ['dataschema'], message: `is not of type "${type}"` }]);
  if (dataversion !== undefined && dataversion !== version)
    throw invalid([{ path: ['dataversion'], message: `is ${dataversion}, but dataschema says ${version}` }]);
  return version;
}

/** Attributes without a member of the envelope; of an event that is read back, not what is said of that copy alone. */
function metadataOf(event: Parsed, origin: string): JsonObject {
  const isCopy = Object.hasOwn(event, 'ledgerhash');
  const extensions = Object.entries(event as JsonObject)
    .filter(([name]) => !IN_ENVELOPE.has(name) && !(isCopy && OF_THE_COPY.includes(name)))
    .map(([name, value]) => [METADATA_NAMES.get(name) ?? name, value] as const);
  const { dataschema } = event;
  return {
    ...Object.fromEntries(extensions),
    ...(dataschema === undefined || isOurs(dataschema, origin) ? {} : { dataschema }),
  };
}

function readRest(json: string | undefined): z.output<typeof restSchema> {
  if (json === undefined) return {};
  const parsed = restSchema.safeParse(parseText(json));
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.map(({ path, message }) => ({ path: [REST, ...path], message })));
}

function parseText(json: string): JsonValue {
  try {
    return parseStrict(new TextEncoder().encode(json));
  } catch (error) {
    if (!(error instanceof CanonicalError)) throw error;
    throw invalid([{ path: [REST], message: `must be JSON text: ${error.message}` }]);
  }
}

function isOurs(dataschema: string, origin: string): boolean {
  return dataschema.startsWith(topicsUri(origin));
}

function decoded(source: string): string {
  try {
    return decodeURI(source);
  } catch {
    throw invalid([{ path: ['source'], message: 'must be a URI reference: percent-encode it' }]);
  }
}

function invalid(issues: Parameters<typeof describeIssues>[0]): EventError {
  const { message, problems } = describeIssues(issues);
  return new EventError({ code: 'EVENT_INVALID', message: `not a CloudEvent that can be taken: ${message}`, problems });
}
