/**
 * Derives the events that the bus publishes about change-sets from the steps just taken. The transaction of the steps records
 * them, so an event is published exactly when its step happened, and never otherwise. Pure. It derives only topics that the
 * catalog declares, with a payload that fits.
 */
import type { JsonObject } from '../../canonical/index.ts';
import { eventIdemKey, type Catalog } from '../../events/index.ts';
import {
  parseEntry,
  SYSTEM_ACTOR,
  type EntryDraft,
  type EntryStore,
  type ItemStore,
  type StoredEntry,
} from '../../ledger/index.ts';
import { orNone } from '../../values/index.ts';
import { findRecord } from '../store/change-store.ts';
import { requirementOf, standingQuorum } from '../model/quorum.ts';
import type { ChangeRecord } from '../model/record.ts';
import type { StepDraft } from '../model/steps.ts';

/** `source` of what is told here: no principal's id has a slash, so nobody else can publish under it. */
export const APPROVALS_SOURCE = 'system/approvals';

export type AnnouncementCatalog = Pick<Catalog, 'check' | 'sensitive'>;

/** `<change-set>.<index of the step>.<topic>` */
const EVENT_ID = /^([\w-]{1,64})\.(0|[1-9][0-9]{0,5})\.[a-z]/;
/** Entries of one transaction, at most. */
const MOST_AT_ONCE = 100;

export interface Announcement {
  readonly draft: EntryDraft;
  /** so that the event is found by its id */
  readonly idemKey: string;
}

export interface ToldIn {
  readonly ledger: string;
  readonly items: Pick<ItemStore, 'get'>;
  readonly entries: Pick<EntryStore, 'read'>;
}

export interface RecordedStep {
  readonly before: ChangeRecord | undefined;
  readonly steps: readonly StepDraft[];
  readonly after: ChangeRecord;
}

/**
 * The record of the change-set, written only if it still is as it was read, keeps the same steps from being told twice, and findTold
 * finds them without their keys.
 * @returns what to record behind the steps, on the entity's chain
 */
export function announce(
  catalog: AnnouncementCatalog,
  taken: RecordedStep,
): readonly (Announcement & { readonly keyFollows: true })[] {
  const { before, after } = taken;
  const stepsBefore = orNone(before?.entries.length);
  const told = [
    ...taken.steps.flatMap((step, i) => eventsOf(step, after).map((event) => ({ ...event, index: stepsBefore + i }))),
    ...reviewOf(taken).map((event) => ({ ...event, index: stepsBefore })),
  ];
  return told.flatMap(({ topic, payload, index }) => {
    const announcement = eventOf(catalog, { topic, payload, eventId: `${after.id}.${index}.${topic}` });
    return announcement === undefined ? [] : [{ ...announcement, keyFollows: true }];
  });
}

/** The event in its entry; undefined when the catalog has no such topic, or the payload does not fit it. */
export function eventOf(
  catalog: AnnouncementCatalog,
  { topic, payload, eventId }: TopicEvent & { readonly eventId: string },
): Announcement | undefined {
  const version = versionOf(catalog, { topic, payload });
  if (version === undefined) return undefined;
  const data = { topic, version, source: APPROVALS_SOURCE, payload };
  return {
    draft: { type: 'event', actor: SYSTEM_ACTOR, idem: eventId, data },
    idemKey: eventIdemKey(APPROVALS_SOURCE, eventId),
  };
}

/** Finds what was told of a change-set by its event id alone: behind the step that the id names, among what was recorded with it. */
export async function findTold({ ledger, items, entries }: ToldIn, eventId: string): Promise<StoredEntry | undefined> {
  const [, change, index] = EVENT_ID.exec(eventId) ?? [];
  const found = change === undefined ? undefined : await findRecord(ledger, items, change);
  const step = found?.record.entries[Number(index)];
  if (found === undefined || step === undefined) return undefined;
  const behind = await entries.read(found.record.entityId, step.seq + 1, MOST_AT_ONCE);
  return behind.find(({ note }) => {
    const parsed = parseEntry(note);
    if (parsed.kind !== 'entry' || parsed.body.type !== 'event' || parsed.body.idem !== eventId) return false;
    return (parsed.body.data as { readonly source?: unknown }).source === APPROVALS_SOURCE;
  });
}

export interface TopicEvent {
  readonly topic: string;
  readonly payload: JsonObject;
}

/** A topic with confidential fields is not told: nothing here may be kept from the ledger. */
function versionOf(catalog: AnnouncementCatalog, { topic, payload }: TopicEvent): number | undefined {
  try {
    const version = catalog.check(topic, undefined, payload);
    return catalog.sensitive(topic, version).length === 0 ? version : undefined;
  } catch {
    return undefined;
  }
}

function eventsOf(step: StepDraft, record: ChangeRecord): TopicEvent[] {
  const { deadline, title } = record.content;
  const tell = (topic: string, payload: JsonObject): TopicEvent => ({
    topic,
    payload: { ...aboutOf(record), ...payload },
  });
  const agent = record.proposer.kind === 'agent' ? record.proposer.id : undefined;
  const ended = (): TopicEvent => tell('approvals.ended', { state: record.state });
  switch (step.type) {
    case 'change.proposed':
      return agentTold(agent, 'agent.action_proposed', { changeSet: record.id, summary: title });
    case 'change.assessed': {
      const { level, roles, approvals } = step.data;
      const proposer = record.content.initiator;
      return approvals === 0 ? [] : [tell('approvals.requested', { proposer, level, roles, approvals, deadline })];
    }
    case 'change.reminded':
      return [tell('approvals.reminded', { count: step.data.count, ...missing(record), deadline })];
    case 'change.escalated':
      return [tell('approvals.escalated', { eligible: step.data.eligible, deadline })];
    case 'change.overridden': {
      const { personId: person, ticket, reason, reviewBy } = step.data;
      return [tell('approvals.overridden', { person, ticket, reason, reviewBy })];
    }
    case 'change.approved':
      return [tell('approvals.decided', { decision: 'approved', people: voters(record, 'approve') })];
    case 'change.rejected':
      return [tell('approvals.decided', { decision: 'rejected', people: voters(record, 'reject') }), ended()];
    case 'change.executed':
    case 'change.resolved-executed':
      return [ended(), ...agentTold(agent, 'agent.action_executed', { changeSet: record.id })];
    case 'change.failed':
    case 'change.rolled-back':
    case 'change.resolved-rolled-back':
    case 'change.withdrawn':
    case 'change.expired':
      return [ended()];
    case 'change.rollback-failed': {
      const { code, message } = step.data.failure;
      return [tell('approvals.rollback_failed', { code, message })];
    }
    default:
      return [];
  }
}

function agentTold(agent: string | undefined, topic: string, payload: JsonObject): TopicEvent[] {
  return agent === undefined ? [] : [{ topic, payload: { agent, ...payload } }];
}

/** A review that became due with these steps. */
function reviewOf({ before, after }: RecordedStep): TopicEvent[] {
  const { postReview } = after;
  if (postReview === undefined || before?.postReview !== undefined) return [];
  const { kind, due } = postReview;
  return [{ topic: 'approvals.review_due', payload: { ...aboutOf(after), kind, due } }];
}

/** What every `approvals.*` event says first. */
function aboutOf({ id, entityId, content }: ChangeRecord): JsonObject {
  return { changeSet: id, entity: entityId, title: content.title, revision: content.revision };
}

function voters({ votes }: ChangeRecord, decision: 'approve' | 'reject'): string[] {
  return votes.filter((vote) => vote.decision === decision).map(({ personId }) => personId);
}

function missing(record: ChangeRecord): { readonly roles: string[]; readonly approvals: number } {
  const needed = requirementOf(record);
  if (needed === undefined) return { roles: [], approvals: 0 };
  const { missingRoles, missingApprovals } = standingQuorum(needed, record.votes);
  return { roles: [...missingRoles], approvals: missingApprovals };
}
