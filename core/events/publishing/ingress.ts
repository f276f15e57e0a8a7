/**
 * Ingress: events that others put on EventBridge become entries. It decides the topic, the chain and the source of an event;
 * an event that does not fit goes to quarantine with the reason. An event that is delivered twice is recorded once, because
 * its EventBridge id is its event id.
 */
import * as z from 'zod';
import type { JsonObject, JsonValue } from '../../canonical/index.ts';
import { describeIssues } from '../../errors/index.ts';
import type { Policy, Principal } from '../../policy/index.ts';
import { AWS_TOPIC } from '../catalog/catalog.ts';
import type { EventInput } from '../envelope/envelope.ts';
import type { IngressRule } from './ingress-config.ts';
import { matchPattern, parsePattern } from '../pattern/index.ts';
import { defined } from '../../values/index.ts';
import type { Publish, PublishResult } from './publish.ts';
import type { Quarantine } from './quarantine.ts';

/** Recorded AWS events put on the bus again: EventBridge keeps `aws.` itself for AWS. */
const REPLAYED = /^replay\.(?=aws\.)/;
const VIA = 'eventbridge';
/** Refusals that pass: the event comes again. */
const LATER: ReadonlySet<string> = new Set(['LEDGER_BUSY', 'RATE_LIMITED']);

export type IngressResult =
  | Extract<PublishResult, { status: 'accepted' | 'duplicate' }>
  | { readonly status: 'quarantined'; readonly id: string; readonly reason: string };

/** Takes one event as EventBridge delivers it. @throws LedgerError STORE_UNAVAILABLE, …: nothing is lost, try again */
export type Ingest = (raw: unknown) => Promise<IngressResult>;

export interface IngressDependencies {
  readonly ledger: string;
  readonly rules: readonly IngressRule[];
  readonly policy: Pick<Policy, 'principal'>;
  readonly publish: Publish;
  readonly quarantine: Pick<Quarantine, 'keep'>;
}

/** https://docs.aws.amazon.com/eventbridge/latest/ref/overview-event-structure.html */
const arrivedSchema = z.looseObject({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/, 'must be an event id'),
  'detail-type': z.string().min(1).max(128),
  source: z.string().min(1).max(256),
  time: z.iso.datetime({ offset: true }).optional(),
  detail: z.custom<JsonObject>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'must be a JSON object',
  ),
});
type Arrived = z.output<typeof arrivedSchema>;

type Mapped =
  | { readonly kind: 'event'; readonly from: Principal; readonly input: EventInput }
  | { readonly kind: 'unfit'; readonly reason: string };

export function createIngress(deps: IngressDependencies): Ingest {
  const rules = deps.rules.map((rule) => ({ ...rule, pattern: parsePattern(rule.when) }));
  const map = (raw: unknown): Mapped => {
    const parsed = arrivedSchema.safeParse(raw);
    if (!parsed.success) return unfit(`not an EventBridge event: ${describeIssues(parsed.error.issues).message}`);
    const rule = rules.find(({ pattern }) => matchPattern(pattern, raw as Record<string, unknown>));
    if (rule !== undefined) return mapByRule(rule, parsed.data);
    return mapByDefault(deps, parsed.data);
  };
  return async (raw) => {
    const mapped = map(raw);
    if (mapped.kind === 'unfit') return deps.quarantine.keep(raw, mapped.reason);
    const [result] = await deps.publish(mapped.from, [mapped.input], { via: VIA });
    if (result?.status === 'rejected') {
      const { code, detail } = result.problem;
      if (LATER.has(code)) throw new Error(detail);
      return deps.quarantine.keep(raw, `${code}: ${detail}`);
    }
    return result as IngressResult;
  };
}

function mapByRule(rule: IngressRule, event: Arrived): Mapped {
  const entityId = rule.entity === undefined ? undefined : fill(rule.entity, event);
  if (entityId?.kind === 'missing')
    return unfit(
      `rule "${rule.name}" takes the entity from ${entityId.pointer}, where this event has no text or number`,
    );
  const payload = rule.payload === undefined ? event.detail : pick(rule.payload, event);
  return {
    kind: 'event',
    from: service(event.source, rule.topic),
    input: {
      ...received(event),
      topic: rule.topic,
      payload: withoutFractions(payload) as JsonObject,
      ...defined({ version: rule.version }),
      ...(entityId === undefined ? {} : { entityId: entityId.text }),
    },
  };
}

/** AWS services get a topic of their own; a module of ours may say what it would have published. */
function mapByDefault({ ledger, policy }: IngressDependencies, event: Arrived): Mapped {
  const source = event.source.replace(REPLAYED, '');
  if (source.startsWith('aws.')) {
    const topic = `${source}.${kebab(event['detail-type'])}`;
    if (!AWS_TOPIC.test(topic)) return unfit(`"${event['detail-type']}" of "${event.source}" makes no topic name`);
    const { id: _, ...payload } = withoutFractions(event) as JsonObject;
    return { kind: 'event', from: service(event.source, topic), input: { ...received(event), topic, payload } };
  }
  const own = `nervous.${ledger}.`;
  const from = source.startsWith(own) ? policy.principal(source.slice(own.length)) : undefined;
  if (from?.kind !== 'module')
    return unfit(`no ingress rule takes source "${event.source}", and no module is called so (${own}<module>)`);
  // As everywhere, the module's own event id makes a retry harmless; without one EventBridge's serves.
  const input = { eventId: event.id, timestamp: event.time, ...event.detail, topic: event['detail-type'] };
  return { kind: 'event', from, input: withoutUndefined(input) as EventInput };
}

function received({ id, time }: Arrived): Pick<EventInput, 'eventId' | 'timestamp'> {
  return { eventId: id, ...defined({ timestamp: time }) };
}

/** What the configuration lets in may be recorded, and nothing else. */
function service(source: string, topic: string): Principal {
  return { kind: 'service', id: source, publishes: [topic] };
}

function unfit(reason: string): Mapped {
  return { kind: 'unfit', reason };
}

/** `EC2 Instance State-change Notification` → `ec2-instance-state-change-notification` */
function kebab(detailType: string): string {
  return detailType
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

function fill(
  template: string,
  event: Arrived,
): { readonly kind: 'text'; readonly text: string } | { readonly kind: 'missing'; readonly pointer: string } {
  let missing: string | undefined;
  const text = template.replaceAll(/\{([^{}]*)\}/g, (_, pointer: string) => {
    const value = at(event, pointer);
    if (typeof value === 'string' || typeof value === 'number') return String(value);
    missing ??= pointer;
    return '';
  });
  return missing === undefined ? { kind: 'text', text } : { kind: 'missing', pointer: missing };
}

function pick(fields: Readonly<Record<string, string>>, event: Arrived): JsonObject {
  const picked = Object.entries(fields).map(([name, pointer]) => [name, at(event, pointer)] as const);
  return Object.fromEntries(picked.filter(([, value]) => value !== undefined)) as JsonObject;
}

/** RFC 6901 */
function at(value: unknown, pointer: string): unknown {
  let here = value;
  for (const token of pointer.slice(1).split('/')) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined;
    here = (here as Record<string, unknown>)[key];
  }
  return here;
}

/** Entries hold integers only (design: decimals are text), so other people's fractions are kept as text. */
function withoutFractions(value: unknown): JsonValue {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : String(value);
  if (Array.isArray(value)) return value.map(withoutFractions);
  if (typeof value !== 'object' || value === null) return value as JsonValue;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutFractions(member)]));
}

function withoutUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}
