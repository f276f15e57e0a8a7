/**
 * The policy in force: roster and risk table as the ledger has them, kept at hand and read again when they change. Until a
 * ledger has adopted a policy it is the configuration's. What is at hand may be some seconds old; so whatever decides is
 * conditional on the version it was decided under, and nothing is decided under a policy that is no longer in force.
 */
import type { DocumentHash } from '../../brands/index.ts';
import type { Clock, EntryStore, Finding, ItemKey, ItemStore, ItemWrite } from '../../ledger/index.ts';
import { createPolicy, livePolicy, PolicyError, type Modules, type Policy } from '../../policy/index.ts';
import { ADOPTION_KEY } from './adoption.ts';
import { documentHash, type Document } from '../model/document.ts';
import { ChangeError } from '../model/errors.ts';
import { assertPolicy, parsePolicy, policyJson, type PolicyDocument } from './policy-document.ts';
import { createRiskTable, type RiskTable } from '../risk/risk.ts';
import { createDelegationReplay, type ReplayDelegations } from './delegations-in-force.ts';
import { lastPolicyEntry, policySince, provePolicy } from './policy-entry.ts';
import type { Proofs } from '../store/proofs.ts';
import { isUnreadable } from '../../values/index.ts';
import { createDocumentStore, POLICY_ENTITY, policyItemCodec, policyVersionKey } from '../store/document-store.ts';
import type { PolicyEntry } from '../model/steps.ts';

/** Readings that meet a writer before it is told that the store is too busy. */
const MAX_READS = 16;

/** One policy, as a whole: what is decided is decided under one of these. */
export interface PolicyInForce {
  /** `configuration`: the ledger has not adopted one yet */
  readonly source: 'configuration' | 'ledger';
  /** of the document; 0: it is not recorded */
  readonly version: number;
  /** of the document, hex */
  readonly hash: DocumentHash;
  /** that brought it into force; absent: none has, it is the configuration's */
  readonly entry?: PolicyEntry;
  readonly document: PolicyDocument;
  readonly policy: Policy;
  readonly risk: RiskTable;
  /** The writes, on the condition that this policy is still in force. */
  readonly guard: (writes: readonly ItemWrite[]) => readonly ItemWrite[];
}

export interface Governance {
  /** answers by the policy in force at the time of the question */
  readonly policy: Policy;
  /** roster and risk table of the configuration, and the modules, which are always the configuration's */
  readonly configured: PolicyDocument;
  readonly modules: Modules;
  readonly inForce: () => PolicyInForce;
  /**
   * Reads what is in force, unless that was done in the last `maxAgeMs` (Infinity: unless it was ever done). Default 0: always.
   * @throws PolicyError POLICY_UNREADABLE
   */
  readonly refresh: (maxAgeMs?: number) => Promise<void>;
  /** This item is what `guard` asks for. */
  readonly isCondition: (key: ItemKey) => boolean;
  /** Votes that are lent, as the ledger has them now. */
  readonly delegations: ReplayDelegations;
  readonly proofs: Proofs;
}

export interface GovernanceDependencies {
  readonly ledger: string;
  readonly items: ItemStore;
  readonly entries: Pick<EntryStore, 'findByIdemKey' | 'head' | 'read'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly configured: PolicyDocument;
  readonly modules: Modules;
  readonly proofs: Proofs;
  /** Told after another policy has come into force. Must not throw. */
  readonly onChange?: () => void;
}

export function createGovernance(deps: GovernanceDependencies): Governance {
  const { ledger, clock, configured, modules, onChange } = deps;
  const key = policyVersionKey(ledger);
  const { entries, proofs } = deps;
  let current = inForce(deps, { source: 'configuration', version: 0, json: policyJson(configured), stamp: 'absent' });
  let read: Reading | undefined;
  /** end of the policy's chain when it was looked at last: nothing up to there brought in another policy than `current` */
  let head: PolicyEntry | undefined;
  const refresh = async (maxAgeMs = 0): Promise<void> => {
    const now = { clock: clock.now(), monotonic: clock.monotonic() };
    if (read !== undefined && (maxAgeMs === Infinity || ageMs(read, now) < maxAgeMs)) return;
    read = undefined; // what could not be read again is not relied on
    const { next, head: seen } = await readInForce(deps, current, head);
    [read, head] = [now, seen];
    // Of two readings at the same time the older one may come back last.
    if (versionOf(next) <= versionOf(current)) return;
    current = next;
    onChange?.();
  };
  return {
    ...{ configured, modules, refresh, proofs },
    delegations: createDelegationReplay({ ...proofs, entries }),
    policy: livePolicy(() => current.policy),
    inForce: () => current,
    isCondition: ({ pk, sk }) => pk === key.pk && sk === key.sk,
  };
}

/** Refuses documents of the policy's entity that are no policy, or one that nobody could change again. @throws ChangeError CHANGE_INVALID */
export function assertGovernable(modules: Modules, entityId: string, documents: readonly Document[]): void {
  if (entityId === POLICY_ENTITY) for (const document of documents) assertPolicy(document, modules);
}

/** When it was read: ms of both clocks. */
interface Reading {
  readonly clock: number;
  readonly monotonic: number;
}

/** By the clock that says more: one may be set back, the other stands still while a process is frozen. */
function ageMs(read: Reading, now: Reading): number {
  return Math.max(now.clock - read.clock, now.monotonic - read.monotonic);
}

interface Stamped extends PolicyInForce {
  readonly stamp: number | 'absent';
}

interface InForceRead {
  readonly next: Stamped;
  readonly head: PolicyEntry | undefined;
}

function versionOf({ stamp }: Stamped): number {
  return stamp === 'absent' ? 0 : stamp;
}

/** @throws PolicyError POLICY_UNREADABLE, also where a store or a codec says it of an item */
async function readInForce(...[deps, known, head]: Parameters<typeof readItems>): Promise<InForceRead> {
  try {
    return await readItems(deps, known, head);
  } catch (error) {
    throw isUnreadable(error) ? unreadable(error.message, error) : error;
  }
}

async function readItems(
  deps: GovernanceDependencies,
  known: Stamped,
  head: PolicyEntry | undefined,
): Promise<InForceRead> {
  const { ledger, items, entries } = deps;
  const states = createDocumentStore(ledger, items);
  for (let reads = 0; reads < MAX_READS; reads++) {
    // The version first: a document that is newer than its version fails the condition, one that is older would pass it.
    const key = policyVersionKey(ledger);
    const [item, since] = await Promise.all([
      items.get(key),
      head === undefined ? undefined : policySince({ ...deps.proofs, entries }, head),
    ]);
    if (item === undefined) {
      const isNew = known.stamp === 'absent' && (await entries.findByIdemKey(ADOPTION_KEY)) === undefined;
      if (isNew && (await lastPolicyEntry(entries)) === undefined) return { next: known, head };
      // Another process may have adopted it between these reads: then its item is there by now.
      if ((await items.get(key)) !== undefined) continue;
      throw unreadable('the ledger has adopted a policy, but its items are gone');
    }
    if (item.version === known.stamp && since !== 'superseded') {
      if (since !== undefined && 'verdict' in since) throw tampered(deps, since);
      return { next: known, head: since };
    }
    const { document: json, version, hash } = await states.read(POLICY_ENTITY);
    const { version: named, entry: ofItem } = policyItemCodec.decode(item);
    if (version !== named) continue;
    const proof = await provePolicy({ ...deps.proofs, entries }, { version, hash }, ofItem);
    if (proof.kind === 'proven') {
      const { entry, head: end } = proof;
      return { next: inForce(deps, { source: 'ledger', version, json, stamp: item.version, entry }), head: end };
    }
    // Another may have come into force while this was read; then the item is another by now.
    if ((await items.get(key))?.version !== item.version) continue;
    throw tampered(deps, proof.kind === 'bad' ? proof.finding : rolledBack(proof.by));
  }
  throw unreadable('its version and its document do not belong together');
}

function inForce(
  { ledger, modules }: GovernanceDependencies,
  { json, ...place }: Pick<Stamped, 'source' | 'version' | 'stamp' | 'entry'> & { readonly json: Document },
): Stamped {
  const document = readable(json);
  return {
    ...{ ...place, document },
    hash: documentHash(json),
    policy: createPolicy(document.roster, modules),
    risk: createRiskTable(document.risk),
    guard: (writes) => guarded(writes, policyVersionKey(ledger), place.stamp),
  };
}

/** A store takes one action per item, so a write of the item itself carries the condition. */
function guarded(writes: readonly ItemWrite[], key: ItemKey, expect: number | 'absent'): readonly ItemWrite[] {
  const isOurs = (write: ItemWrite): boolean => write.key.pk === key.pk && write.key.sk === key.sk;
  return writes.some(isOurs)
    ? writes.map((write) => (isOurs(write) ? { ...write, expect } : write))
    : [...writes, { kind: 'check', key, expect }];
}

function readable(json: Document): PolicyDocument {
  try {
    return parsePolicy(json);
  } catch (error) {
    if (error instanceof ChangeError) throw unreadable(error.message, error);
    throw error;
  }
}

/** The items of the policy are not what the ledger says: somebody wrote them who is not us. */
function tampered({ proofs }: GovernanceDependencies, finding: Finding): PolicyError {
  proofs.onTamper(finding);
  return unreadable(finding.detail);
}

function rolledBack({ seq }: PolicyEntry): Finding {
  const detail = 'its items say that an earlier policy is in force than the one this entry brought';
  return { verdict: 'DRIFT', entity: POLICY_ENTITY, seq, detail };
}

/** Nothing opens by error: without a policy that can be read, nobody may do anything. */
function unreadable(why: string, cause?: unknown): PolicyError {
  const message = `the policy in force cannot be read (${why}): verify the ledger, restore "${POLICY_ENTITY}"`;
  return new PolicyError({ code: 'POLICY_UNREADABLE', message, cause });
}
