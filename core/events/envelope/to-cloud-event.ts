/**
 * A delivered event as a CloudEvent. Nothing is lost: metadata becomes extensions where names and values allow it, and what
 * no attribute can hold travels as JSON text in one extension of ours.
 */
import { canonicalize, type JsonObject, type JsonValue } from '../../canonical/index.ts';
import {
  isAttributeName,
  isAttributeValue,
  RENAMED,
  REST,
  SPEC_VERSION,
  TAKEN,
  type CloudEvent,
} from './cloud-event-attributes.ts';
import type { DeliveredEvent } from './delivered-event.ts';
import { schemaUri } from '../catalog/topic-schema.ts';

/** spec, "Naming Conventions": longer names are discouraged */
const MAX_NAME_CHARS = 20;
/** Digits of the largest safe integer: the Sequence extension wants an order of texts. */
const SEQUENCE_DIGITS = 16;

/** @param origin of the ledger */
export function toCloudEvent(event: DeliveredEvent, origin: string): CloudEvent {
  const { userId, ledger, metadata = {} } = event;
  const fits = Map.groupBy(Object.entries(metadata), ([key, value]) => (fitsAttribute(key, value) ? 'yes' : 'no'));
  const extensions = (fits.get('yes') ?? []).map(([key, value]) => [RENAMED[key] ?? key, value] as const);
  const isNamable = userId === undefined || isTextValue(userId);
  const rest: JsonObject = {
    ...(isNamable ? {} : { userId }),
    ...(fits.has('no') ? { metadata: Object.fromEntries(fits.get('no') ?? []) } : {}),
    ...(event.work === undefined ? {} : { work: { ...event.work } }),
    ...(event.commits === undefined ? {} : { commits: event.commits as unknown as JsonValue }),
  };
  return {
    specversion: SPEC_VERSION,
    id: event.eventId,
    source: encodeURI(event.source),
    type: event.topic,
    subject: event.entityId,
    time: event.timestamp,
    datacontenttype: 'application/json',
    dataschema: schemaUri(origin, event),
    dataversion: event.version,
    ...(userId !== undefined && isNamable ? { userid: userId } : {}),
    ...Object.fromEntries(extensions),
    ...(Object.keys(rest).length === 0 ? {} : { [REST]: canonicalize(rest) }),
    sequence: String(ledger.seq).padStart(SEQUENCE_DIGITS, '0'),
    ledgerhash: ledger.hash,
    ...(ledger.position === undefined ? {} : { ledgerposition: String(ledger.position) }),
    data: event.payload,
  };
}

function fitsAttribute(key: string, value: JsonValue): boolean {
  if (typeof value === 'string' ? !isTextValue(value) : !isAttributeValue(value)) return false;
  if (Object.hasOwn(RENAMED, key)) return true;
  return isAttributeName(key) && key.length <= MAX_NAME_CHARS && !TAKEN.has(key);
}

/** An empty text is lost on its way through a header. */
function isTextValue(value: string): boolean {
  return value !== '' && isAttributeValue(value);
}
