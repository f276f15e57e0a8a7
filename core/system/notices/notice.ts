/**
 * The words of a notice: which events are told, and in which facts. Texts of others stand on one line each, bounded, with what
 * hides written out.
 */
import type { IsoInstant } from '../../brands/index.ts';
import { showHidden, type JsonObject, type JsonValue } from '../../canonical/index.ts';
import type { AppendedEntry } from '../../ledger/index.ts';
import type { NoticeSubject, NoticeText } from '../contract/notices.ts';

const MAX_TITLE = 160;
const MAX_VALUE = 300;
const MAX_LISTED = 20;

/** @returns undefined: the event has no such topic, or is not what the system itself records under it */
export function noticeText(event: {
  readonly topic: string;
  readonly at: IsoInstant;
  readonly payload: JsonObject;
}): NoticeText | undefined {
  const { topic, at, payload } = event;
  const told = Object.hasOwn(TELLING, topic) ? TELLING[topic] : undefined;
  const id = told === undefined ? undefined : payload[told.about];
  if (told === undefined || typeof id !== 'string') return undefined;
  const facts = told.facts
    .map(([name, field]) => ({ name, value: clip(textOf(payload[field]), MAX_VALUE) }))
    .filter(({ value }) => value !== '');
  const subject = subjectOf(told.about, id, payload);
  return { topic, at, subject, title: clip(told.title(payload), MAX_TITLE), facts };
}

/** Every topic that somebody is told of. */
export const noticeTopics = (): readonly string[] => Object.keys(TELLING);

/** Told by its topic alone: most of what is recorded concerns nobody. */
export function mayConcernSomebody({ draft }: Pick<AppendedEntry, 'draft'>): boolean {
  const { topic } = draft.data as { readonly topic?: unknown };
  return draft.type === 'event' && typeof topic === 'string' && Object.hasOwn(TELLING, topic);
}

/** On one line, in so many characters at most, and nothing in it that people would not see. */
export function clip(text: string, max: number): string {
  const characters = Array.from(showHidden(text.slice(0, 2 * max), 'line'));
  return characters.length <= max ? characters.join('') : `${characters.slice(0, max - 1).join('')}…`;
}

type SubjectField = 'changeSet' | 'agent' | 'subscription' | 'topic';

interface Telling {
  /** the field of the payload that names what it is about */
  readonly about: SubjectField;
  readonly title: (payload: JsonObject) => string;
  /** name and field of the payload */
  readonly facts: readonly (readonly [string, string])[];
}

const change = (words: string, facts: Telling['facts'] = []): Telling => ({
  about: 'changeSet',
  title: ({ title }) => `${words}: ${textOf(title)}`,
  facts: [...facts, ['Entity', 'entity'], ['Change-set', 'changeSet'], ['Revision', 'revision']],
});
const ofSubscription = (words: string, facts: Telling['facts'] = []): Telling => ({
  about: 'subscription',
  title: ({ subscription }) => `${words}: ${textOf(subscription)}`,
  facts: [['Subscription', 'subscription'], ['Subscriber', 'module'], ...facts],
});
const ofTopic = (words: string, facts: Telling['facts']): Telling => ({
  about: 'topic',
  title: ({ topic }) => `${words}: ${textOf(topic)}`,
  facts: [['Topic', 'topic'], ...facts],
});

const TELLING: Readonly<Record<string, Telling>> = {
  'approvals.requested': change('Your decision is asked for', [
    ['Proposed by', 'proposer'],
    ['Level', 'level'],
    ['Roles asked', 'roles'],
    ['Approvals needed', 'approvals'],
    ['Decide until', 'deadline'],
  ]),
  'approvals.reminded': change('Your decision is still awaited', [
    ['Reminder', 'count'],
    ['Roles missing', 'roles'],
    ['Approvals missing', 'approvals'],
    ['Decide until', 'deadline'],
  ]),
  'approvals.escalated': change('Nobody decided in time, more people may', [['Decide until', 'deadline']]),
  'approvals.decided': change('Decided', [
    ['Decision', 'decision'],
    ['By', 'people'],
  ]),
  'approvals.overridden': change('Break-glass: one person approved alone', [
    ['Person', 'person'],
    ['Ticket', 'ticket'],
    ['Reason given', 'reason'],
    ['Review until', 'reviewBy'],
  ]),
  'approvals.review_due': change('Your review is asked for', [
    ['After', 'kind'],
    ['Review until', 'due'],
  ]),
  'approvals.ended': change('Ended', [['State', 'state']]),
  'approvals.rollback_failed': change('A rollback failed, two people must resolve it', [
    ['Failure', 'code'],
    ['Message', 'message'],
  ]),
  'agent.policy_violated': {
    about: 'agent',
    title: ({ agent }) => `An agent tried what it may not do: ${textOf(agent)}`,
    facts: [
      ['Agent', 'agent'],
      ['Rule', 'rule'],
      ['Detail', 'detail'],
      ['Refusals', 'count'],
    ],
  },
  'system.storm_detected': ofTopic('A topic was stopped', [
    ['Cause', 'cause'],
    ['Reason', 'reason'],
    ['Opens by itself', 'resetAt'],
  ]),
  'system.topic_reset': ofTopic('A topic takes events again', [
    ['Cause', 'cause'],
    ['Why', 'why'],
  ]),
  'system.subscribers_failing': ofTopic('Most subscribers of a topic get nothing', [
    ['Failing', 'open'],
    ['Subscribers', 'subscribers'],
  ]),
  'system.breaker_opened': ofSubscription('A subscriber fails again and again', [['Last failure', 'reason']]),
  'system.breaker_closed': ofSubscription('A subscriber is back'),
  'webhooks.failing': ofSubscription('A webhook does nothing but fail', [
    ['Per cent of the time until it is disabled', 'percent'],
    ['Since', 'since'],
  ]),
  'webhooks.disabled': ofSubscription('A webhook was disabled', [['Reason', 'reason']]),
  'webhooks.secret_rotated': ofSubscription('A webhook signs with a new secret', [
    ['Secrets that sign', 'live'],
    ['Older ones end after seconds', 'overlapSeconds'],
  ]),
};

function subjectOf(about: SubjectField, id: string, { module }: JsonObject): NoticeSubject {
  switch (about) {
    case 'changeSet':
      return { kind: 'change-set', id };
    case 'subscription':
      return { kind: 'subscription', id, module: textOf(module) };
    case 'agent':
    case 'topic':
      return { kind: about, id };
  }
}

function textOf(value: JsonValue | undefined): string {
  if (Array.isArray(value)) return value.slice(0, MAX_LISTED).map(textOf).join(', ');
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
