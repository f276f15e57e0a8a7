/**
 * What a reader requires of an entry beyond its bytes: every rule that a writer keeps about names, chains, types and the form
 * of data. Whoever stole a session key can sign anything; what no writer of ours would have written is not read as if it had.
 * Without a schema library: every verifying thread loads it. What steps of change-sets say is core/changes' business.
 */
import { ACCESS_RECORDED, isAccessChain } from '../entries/access-chain.ts';
import { ENTITY_ID, isReserved, isSessionKeyChain } from '../entries/entity-id.ts';
import type { EntryBody } from '../entries/entry.ts';
import { eventProblem } from '../entries/event-form.ts';
import { LOG_CHAIN } from '../log/incarnation.ts';
import { KEY_ROTATED, ROOT_CHAIN, rotationOf } from '../keys/root-history.ts';
import { certifiedKeyOf, KEY_REVOKED } from '../append/session-key.ts';

const LEDGER = /^[a-z0-9][a-z0-9-]{0,31}$/;
const HASH = /^[0-9a-f]{64}$/;
const ROOT = /^[A-Za-z0-9+/]{43}=$/;
const MODULE_CHAIN = 'module/';
const REGISTRY = 'registry:';
const POLICY_CHAIN = `${REGISTRY}policy`;
const MAX_REASON_CHARS = 1_000;
/** Sources of what the system itself tells: the actor is whoever it tells of. */
const SYSTEM_SOURCES: ReadonlySet<string> = new Set(['guard', 'system/approvals', 'system/work']);

type Rule = (body: EntryBody) => string | undefined;

/** By type: every type of entry but the steps of change-sets, which have one rule in common. */
const RULES = {
  event: (body) => eventProblem(body) ?? eventOnChain(body),
  'key.certified': (body) =>
    (isSessionKeyChain(body.entity) && body.seq === 0 ? undefined : 'a certificate begins the chain of its key') ??
    (body.idem === body.entity && certifiedKeyOf(body) !== undefined ? undefined : 'the certificate is malformed'),
  [KEY_REVOKED]: (body) =>
    onChain(body, isSessionKeyChain(body.entity) && body.seq > 0) ??
    formOf(body, { key: (key) => key === body.entity, reason: isReason }),
  [KEY_ROTATED]: (body) =>
    onChain(body, body.entity === ROOT_CHAIN) ??
    formOf(body, { algorithm: (name) => name === 'Ed25519', from: isText, reason: isReason, to: isText }) ??
    (rotationOf(body) === undefined ? 'the keys of the rotation are malformed' : undefined),
  'log.incarnated': (body) =>
    onChain(body, body.entity === LOG_CHAIN) ??
    formOf(body, { before: isKnownLog, incarnation: isCount, kept: isCount, lost: isCount }),
  'tamper.observed': (body) =>
    onChain(body, body.entity === 'system/tamper') ??
    formOf(
      body,
      { change: isText, entity: isText, seq: isCount },
      { detail: isText, position: isCount, verdict: isText },
    ),
  'policy.adopted': (body) => onChain(body, body.entity === POLICY_CHAIN),
  'delegation.granted': (body) => onChain(body, body.entity === 'system/delegations'),
  'delegation.revoked': (body) => onChain(body, body.entity === 'system/delegations'),
  [ACCESS_RECORDED]: (body) =>
    onChain(body, isAccessChain(body.entity)) ??
    formOf(
      body,
      { operation: isText, outcome: (outcome) => outcome === 'succeeded' || outcome === 'refused' },
      {
        ...{ code: isText, person: isText, id: isText, entities: isEntities, more: (more) => more === true },
        ...{ from: isCount, to: isCount, count: isCount, unrecorded: isCount },
      },
    ),
  revealed: (body) =>
    onChain(body, !isSystems(body.entity)) ??
    formOf(body, { fields: isPaths, seq: (seq) => isCount(seq) && (seq as number) < body.seq }),
  redacted: (body) =>
    onChain(body, !isReserved(body.entity)) ??
    formOf(body, {
      approvers: (people) => Array.isArray(people) && people.every(isText),
      basis: isText,
      change: isText,
      fields: isPaths,
      revision: isCount,
      seq: (seq) => isCount(seq) && (seq as number) < body.seq,
    }),
} as const satisfies Readonly<Record<string, Rule>>;

/** What stands in a ledger beside the steps of change-sets: no entry of another type verifies. */
export type LedgerEntryType = keyof typeof RULES;

/**
 * What no writer would have written, or undefined.
 * @param steps types of the steps of change-sets
 */
export function entryProblem(body: EntryBody, steps: ReadonlySet<string>): string | undefined {
  const { entity, ledger, idem, type } = body;
  if (!LEDGER.test(ledger) || !ENTITY_ID.test(entity))
    return 'the ledger or the entity has no name that a writer accepts';
  if (idem === '') return 'idem is empty';
  const rule = steps.has(type) ? stepOnChain : Object.hasOwn(RULES, type) ? RULES[type as LedgerEntryType] : undefined;
  return rule === undefined ? `${JSON.stringify(type.slice(0, 60))} is no type of entry` : rule(body);
}

function stepOnChain(body: EntryBody): string | undefined {
  return onChain(body, !isReserved(body.entity));
}

/** Chains of the system hold what the system records on them; on those of registries, only it tells of their change-sets. */
function eventOnChain(body: EntryBody): string | undefined {
  const source = body.data['source'] as string;
  const isOwn = SYSTEM_SOURCES.has(source);
  if (!isOwn && body.actor.id !== source) return `published as "${source.slice(0, 60)}" by another`;
  if (source === 'system/work') return onChain(body, body.entity.startsWith('work:'));
  if (body.entity.startsWith(MODULE_CHAIN)) return onChain(body, isOwn || body.entity === `${MODULE_CHAIN}${source}`);
  if (body.entity.startsWith(REGISTRY)) return onChain(body, isOwn);
  return onChain(body, !isReserved(body.entity) || (body.entity === 'system/guards' && source === 'guard'));
}

function isSystems(entity: string): boolean {
  return isReserved(entity) && !entity.startsWith(MODULE_CHAIN);
}

function onChain({ type, entity }: EntryBody, isThere: boolean): string | undefined {
  return isThere ? undefined : `${type} does not belong on the chain "${entity}"`;
}

type Check = (value: unknown) => boolean;

/** Exactly these fields, each in its form. */
function formOf(
  { type, data }: EntryBody,
  fields: Readonly<Record<string, Check>>,
  optional: Readonly<Record<string, Check>> = {},
): string | undefined {
  for (const name of Object.keys(data))
    if (!Object.hasOwn(fields, name) && !Object.hasOwn(optional, name))
      return `${type} has no field ${JSON.stringify(name.slice(0, 60))}`;
  for (const [name, isRight] of Object.entries(fields))
    if (!isRight(data[name])) return `${name} of ${type} is missing or malformed`;
  for (const [name, isRight] of Object.entries(optional))
    if (data[name] !== undefined && !isRight(data[name])) return `${name} of ${type} is malformed`;
  return undefined;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isReason(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '' && value.length <= MAX_REASON_CHARS;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isEntities(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((one) => isText(one) && ENTITY_ID.test(String(one)));
}

function isPaths(value: unknown): boolean {
  return (
    Array.isArray(value) && value.length > 0 && value.every((path) => isText(path) && String(path).startsWith('/'))
  );
}

/** The largest checkpoint known of a log that ended. */
function isKnownLog(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { origin, size, root, noteHash, ...more } = value as Readonly<Record<string, unknown>>;
  const isHash = noteHash === undefined || (typeof noteHash === 'string' && HASH.test(noteHash));
  const isRoot = typeof root === 'string' && ROOT.test(root);
  return isText(origin) && isCount(size) && isRoot && isHash && Object.keys(more).length === 0;
}
