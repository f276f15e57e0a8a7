/**
 * What a subscription is after its settings were changed by a JSON Merge Patch (RFC 7396): `null` takes a setting back to its
 * default, objects are merged, all else replaces. What makes it this subscription stays: whose it is, its id, where it began, and the kind of its target.
 */
import { canonicalize, type JsonValue } from '../../canonical/index.ts';
import type { IsoInstant } from '../../brands/index.ts';
import type { Problem } from '../../errors/index.ts';
import { defined, isObject } from '../../values/index.ts';
import { EventError } from '../catalog/errors.ts';
import { parseSubscriptionInput, targetOf, type Subscription, type SubscriptionTarget } from './subscription.ts';

const CHANGEABLE = [
  ...(['topics', 'filter', 'mode', 'when', 'buffer', 'target', 'order'] as const),
  ...(['delayMs', 'ackTimeoutMs', 'retry', 'breaker'] as const),
];
const CHANGES: ReadonlySet<string> = new Set(CHANGEABLE);
/** They say which events a subscription is for. */
const SELECTING = ['topics', 'filter', 'mode'] as const;
const STAYS = 'cannot be changed: make another subscription, with `startAt` at the log index where this one ends';

export interface ChangedNow {
  readonly at: IsoInstant;
  /** where the log ends */
  readonly position: number;
}

/** The same object where nothing differs. @throws EventError SUBSCRIPTION_INVALID */
export function changedBy(subscription: Subscription, patch: unknown, now: ChangedNow): Subscription {
  if (!isObject(patch)) throw invalid([{ pointer: '', detail: 'must be an object of settings' }]);
  const fixed = Object.keys(patch).filter((name) => !CHANGES.has(name));
  if (fixed.length > 0) throw invalid(fixed.map((name) => ({ pointer: `/${name}`, detail: STAYS })));
  const { id, startAt } = subscription;
  const settings = parseSubscriptionInput({ ...objectOf(mergePatch(settingsOf(subscription), patch)), id, startAt });
  requireSameKind(subscription, settings);
  const { module, status, createdAt, resumedAt, from, verifiedAt, disabled, changedFrom } = subscription;
  const kept = { id, module, status, createdAt, from, ...defined({ resumedAt, disabled, changedFrom }) };
  const { id: _id, filter, ...rest } = settings;
  const changed: Subscription = { ...rest, ...defined({ filter }), ...kept };
  if (canonicalize(settingsOf(changed)) === canonicalize(settingsOf(subscription))) return subscription;
  const isStillWanted = receiverOf(changed) === receiverOf(subscription);
  return {
    ...changed,
    ...(isStillWanted ? defined({ verifiedAt }) : {}),
    changedAt: now.at,
    ...(selects(changed) === selects(subscription) ? {} : { changedFrom: now.position }),
  };
}

function settingsOf(subscription: Subscription): { readonly [name: string]: JsonValue } {
  const all = Object.entries(subscription).filter(([name, value]) => CHANGES.has(name) && value !== undefined);
  return Object.fromEntries(all);
}

function selects(subscription: Subscription): string {
  return canonicalize(SELECTING.map((name) => subscription[name] ?? null));
}

/** Of a webhook: who it was that said that they want it. */
function receiverOf(subscription: Subscription): string {
  const target = targetOf(subscription);
  return target.kind === 'webhook' ? `${target.format} ${target.url}` : '';
}

function requireSameKind(subscription: Subscription, { target }: { readonly target?: SubscriptionTarget }): void {
  const [before, after] = [targetOf(subscription).kind, targetOf(defined({ target })).kind];
  if (before !== after) throw invalid([{ pointer: '/target/kind', detail: `is "${before}" and ${STAYS}` }]);
}

/** RFC 7396, section 2. */
function mergePatch(target: JsonValue | undefined, patch: unknown): JsonValue {
  if (!isObject(patch)) return patch as JsonValue;
  const merged = new Map<string, JsonValue>(Object.entries(objectOf(target)));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}

function objectOf(value: JsonValue | undefined): { readonly [name: string]: JsonValue } {
  return isObject(value) ? value : {};
}

function invalid(problems: readonly Problem[]): EventError {
  const [{ pointer, detail } = { pointer: '', detail: 'is invalid' }] = problems;
  return new EventError({ code: 'SUBSCRIPTION_INVALID', message: `${pointer}: ${detail}`.trim(), problems });
}
