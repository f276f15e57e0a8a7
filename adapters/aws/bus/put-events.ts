/**
 * Hands events to EventBridge: as few calls as the limits allow, and one verdict per event. A failed entry is tried again a
 * few times here; whole calls are retried by the client itself. An event may have arrived although its call failed.
 */
import { PutEventsCommand, type EventBridgeClient, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { failureReason, type DeliveredEvent } from '../../../core/events/index.ts';
import type { Clock, Ids } from '../../../core/ledger/index.ts';
import { defined } from '../../../core/values/index.ts';
import { busName } from './names.ts';

const MAX_ENTRIES = 10;
const MAX_CALL_BYTES = 256 * 1024;
/** What EventBridge counts for an entry's time. */
const TIME_BYTES = 14;
const ATTEMPTS = 4;
const BACKOFF_MS = 50;
/** Entry errors that pass by themselves; with any other, only a change of the deployment helps. */
const PASSING = /Throttl|Internal|Unavailable|Timeout|LimitExceeded/i;

export interface PutEventsDependencies {
  readonly client: EventBridgeClient;
  readonly busPrefix: string;
  readonly ledger: string;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'random'>;
}

export interface UnrelayedEvent {
  readonly event: DeliveredEvent;
  readonly reason: string;
  /** false: trying again soon is of no use */
  readonly passing: boolean;
}

export interface PutOutcome {
  readonly relayed: readonly DeliveredEvent[];
  readonly failed: readonly UnrelayedEvent[];
}

/** Never rejects. */
export async function putEvents(deps: PutEventsDependencies, events: readonly DeliveredEvent[]): Promise<PutOutcome> {
  const relayed: DeliveredEvent[] = [];
  let failed: readonly UnrelayedEvent[] = [];
  let open = events;
  for (let attempt = 1; open.length > 0; attempt++) {
    const outcomes = await Promise.all(callsFor(deps, open).map((call) => putOnce(deps, call)));
    relayed.push(...outcomes.flatMap((outcome) => outcome.relayed));
    const refused = outcomes.flatMap((outcome) => outcome.failed);
    const again = attempt < ATTEMPTS ? refused.filter(({ passing, whole }) => passing && !whole) : [];
    failed = [...failed, ...refused.filter((one) => !again.includes(one))];
    open = again.map(({ event }) => event);
    if (open.length > 0) await deps.clock.sleep(deps.ids.random() * BACKOFF_MS * 2 ** attempt);
  }
  return { relayed, failed };
}

interface Sized {
  readonly event: DeliveredEvent;
  readonly entry: PutEventsRequestEntry;
  readonly bytes: number;
}

interface Refused extends UnrelayedEvent {
  /** the whole call failed, and the client has retried it already */
  readonly whole: boolean;
}

function callsFor(deps: PutEventsDependencies, events: readonly DeliveredEvent[]): readonly (readonly Sized[])[] {
  const calls: Sized[][] = [];
  let bytes = 0;
  for (const event of events) {
    const sized = toEntry(deps, event);
    const call = calls.at(-1);
    if (call === undefined || call.length === MAX_ENTRIES || bytes + sized.bytes > MAX_CALL_BYTES) {
      calls.push([sized]);
      bytes = sized.bytes;
    } else {
      call.push(sized);
      bytes += sized.bytes;
    }
  }
  return calls;
}

/** The entry whose `detail` is the event as subscribers get it, so that a rule and our matcher see the same. */
function toEntry({ busPrefix, ledger }: PutEventsDependencies, event: DeliveredEvent): Sized {
  const trace = traceHeader(event.metadata?.traceparent);
  const entry = {
    EventBusName: busName(busPrefix, event.topic),
    Source: `nervous.${ledger}.${event.source}`,
    DetailType: event.topic,
    Detail: JSON.stringify(event),
    Time: new Date(event.timestamp),
    ...defined({ TraceHeader: trace }),
  };
  const bytes = [entry.Source, entry.DetailType, entry.Detail].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return { event, entry, bytes: bytes + TIME_BYTES };
}

/** W3C `00-<trace id>-<span id>-<flags>` as X-Ray writes it. */
function traceHeader(traceparent: unknown): string | undefined {
  const parts = typeof traceparent === 'string' ? /^00-(.{8})(.{24})-(.{16})-(..)$/.exec(traceparent) : null;
  if (parts === null) return undefined;
  const [, time = '', unique = '', parent = '', flags = '0'] = parts;
  return `Root=1-${time}-${unique};Parent=${parent};Sampled=${Number.parseInt(flags, 16) & 1}`;
}

async function putOnce(
  { client }: PutEventsDependencies,
  call: readonly Sized[],
): Promise<{ readonly relayed: readonly DeliveredEvent[]; readonly failed: readonly Refused[] }> {
  try {
    const { Entries = [] } = await client.send(new PutEventsCommand({ Entries: call.map(({ entry }) => entry) }));
    const failed = call.flatMap(({ event }, i) => {
      const { ErrorCode: code, ErrorMessage: text = '' } = Entries[i] ?? { ErrorCode: 'InternalFailure' };
      if (code === undefined) return [];
      return [{ event, reason: `${code}: ${text}`, passing: PASSING.test(code), whole: false }];
    });
    const lost = new Set(failed.map(({ event }) => event));
    return { relayed: call.map(({ event }) => event).filter((event) => !lost.has(event)), failed };
  } catch (error) {
    const reason = failureReason(error);
    return { relayed: [], failed: call.map(({ event }) => ({ event, reason, passing: true, whole: true })) };
  }
}
