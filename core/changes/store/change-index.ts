/**
 * By what else change-sets are found than by their id, so that nobody reads all of them: how long one waits, when its next time
 * comes, and who is awaited. Every item follows from the record alone, never from the policy, which may change meanwhile; each
 * step writes the difference in its own transaction. Nothing is granted by what stands here: who uses it reads the record.
 */
import * as z from 'zod';
import { createHash } from 'node:crypto';
import type { IsoInstant } from '../../brands/index.ts';
import { canonicalize, type JsonValue } from '../../canonical/index.ts';
import type { ItemKey, ItemWrite } from '../../ledger/index.ts';
import { codecOf, stored } from '../../values/index.ts';
import { awaitedOf } from '../model/awaited.ts';
import { countWrites } from './change-counts.ts';
import type { StepType } from '../model/lifecycle.ts';
import { isReviewDue } from '../model/post-review.ts';
import { requirementOf } from '../model/quorum.ts';
import type { ChangeRecord } from '../model/record.ts';

const HASH_CHARS = 16;

/**
 * From what a time of a change-set runs. `deadline`, `timelock`: the time itself. `assessed`, `reminded`: the policy in force
 * says how long after it. `working`: now, at any time.
 */
export const TIMERS = ['deadline', 'timelock', 'assessed', 'reminded', 'working'] as const;
export type TimerKind = (typeof TIMERS)[number];

/** What is said of those who wait for a role: who has no say in it. */
type Awaits = { readonly out: readonly string[] };
export const awaitsCodec = codecOf<Awaits>('waiting change-set', stored<Awaits>({ out: z.array(z.string()) }));

export interface IndexItem {
  readonly key: ItemKey;
  readonly value: JsonValue;
}

/** What a step changes in indices and counts. */
export function indexWrites(ledger: string, current: ChangeRecord | undefined, next: ChangeRecord): ItemWrite[] {
  const before = current === undefined ? [] : indexItemsOf(ledger, current);
  const after = indexItemsOf(ledger, next);
  return [
    ...without(before, after).map(({ key }): ItemWrite => ({ kind: 'delete', key, expect: 'any' })),
    ...without(after, before).map(({ key, value }): ItemWrite => ({ kind: 'put', key, value, expect: 'any' })),
    ...countWrites(ledger, current, next),
  ];
}

/** Every index item that the record has. */
export function indexItemsOf(ledger: string, record: ChangeRecord): readonly IndexItem[] {
  return [...waitingItems(ledger, record), ...timerItems(ledger, record), ...inboxItems(ledger, record)];
}

/** Oldest first, by level; reviews by when they should be done. */
export function waitingPlace(ledger: string, of: `level:${string}` | 'review'): { pk: string; prefix: string } {
  return { pk: `${ledger}#change-waiting`, prefix: `${of}#` };
}

export function timerPlace(ledger: string, kind: TimerKind): { pk: string; prefix: string } {
  return { pk: `${ledger}#change-timer`, prefix: `${kind}#` };
}

/** Those that wait for a role, in groups: the people who have no say in any change-set of a group are the same. */
export function inboxPlace(ledger: string, role: string): { pk: string } {
  return { pk: `${ledger}#change-awaits#${role}` };
}

function waitingItems(ledger: string, record: ChangeRecord): IndexItem[] {
  const awaited = awaitedOf(record);
  const item = (of: `level:${string}` | 'review', at: IsoInstant): IndexItem => {
    const { pk, prefix } = waitingPlace(ledger, of);
    return { key: { pk, sk: `${prefix}${at}#${record.id}` }, value: {} };
  };
  const due = isReviewDue(record) ? record.postReview?.due : undefined;
  return [
    ...(awaited === undefined ? [] : [item(`level:${awaited.level}`, awaited.since)]),
    ...(due === undefined ? [] : [item('review', due)]),
  ];
}

function timerItems(ledger: string, record: ChangeRecord): IndexItem[] {
  const { id, state, content, approval, assessment, eligible } = record;
  const item = (kind: TimerKind, at = ''): IndexItem => {
    const { pk, prefix } = timerPlace(ledger, kind);
    return { key: { pk, sk: `${prefix}${at}#${id}` }, value: {} };
  };
  switch (state) {
    case 'draft':
    case 'pending':
      return [
        item('deadline', content.deadline),
        ...(assessment === undefined || eligible !== undefined ? [] : [item('assessed', sinceOf(record))]),
        ...(assessment === undefined ? [] : [item('reminded', sinceOf(record, 'change.reminded'))]),
      ];
    case 'approved':
      return [item('deadline', content.deadline), item('timelock', approval?.timelockUntil)];
    case 'executing':
    case 'rolling_back':
      return [item('working')];
    default:
      return [];
  }
}

/** The latest assessment, or what else came after it. */
function sinceOf({ entries, createdAt }: ChangeRecord, ...types: readonly StepType[]): string {
  return entries.findLast(({ type }) => type === 'change.assessed' || types.includes(type))?.at ?? createdAt;
}

function inboxItems(ledger: string, record: ChangeRecord): IndexItem[] {
  const needed = record.state === 'pending' ? requirementOf(record) : undefined;
  if (needed === undefined) return [];
  const roles = new Set(needed.roles.flatMap((role) => [role, ...(needed.eligible?.[role] ?? [])]));
  const out = outOf(record);
  const group = createHash('sha256').update(canonicalize(out)).digest('hex').slice(0, HASH_CHARS);
  return [...roles].map((role) => ({
    key: { ...inboxPlace(ledger, role), sk: `${group}#${record.id}` },
    value: awaitsCodec.encode({ out }),
  }));
}

/** Who has no say: had a part in it, or has decided. */
function outOf({ content, votes }: ChangeRecord): readonly string[] {
  const voted = votes.flatMap(({ personId, delegate }) => [personId, ...(delegate ? [delegate.personId] : [])]);
  return [...new Set([...content.excludes, ...voted])].sort();
}

/** Items of a group have the same value, so the key tells all. */
function without(items: readonly IndexItem[], others: readonly IndexItem[]): IndexItem[] {
  const names = new Set(others.map(({ key }) => `${key.pk}\n${key.sk}`));
  return items.filter(({ key }) => !names.has(`${key.pk}\n${key.sk}`));
}
