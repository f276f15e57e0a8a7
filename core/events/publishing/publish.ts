/**
 * Publishing: rights, catalog, guard, then one entry per event. Acknowledged means durable in the chain. One bad event does not
 * sink the others unless the batch is atomic. Relaying is the bus's business: what is in the chain will be relayed.
 */
import { isoOf, msOf, type ChainHash } from '../../brands/index.ts';
import { canonicalize, CanonicalError, toHex } from '../../canonical/index.ts';
import type { NervousError, Problem } from '../../errors/index.ts';
import {
  isClosedToEvents,
  LedgerError,
  parseEntry,
  type Appender,
  type AppendResult,
  type EntryDraft,
  type Ids,
  type StoredEntry,
} from '../../ledger/index.ts';
import { actorOf, PolicyError, type Policy, type Principal } from '../../policy/index.ts';
import { defined } from '../../values/index.ts';
import { AWS_TOPIC, type Catalog } from '../catalog/catalog.ts';
import { eventIdemKey, moduleChain, parseEventInput, type EventData } from '../envelope/envelope.ts';
import { EventError, GuardError } from '../catalog/errors.ts';
import type { Guard } from '../protection/guard.ts';
import { isImportTopic } from '../catalog/import-topics.ts';
import { takeSensitive, type SensitiveField } from '../catalog/sensitive.ts';
import { isSystemTopic } from '../catalog/system-topics.ts';
import type { SealedField, Vault } from '../confidential/vault.ts';
import { claimerOf, WorkError, type WorkRef } from '../../work/index.ts';
import { appendUnderClaims, type Claims } from './append-under-claims.ts';
import { requireImport } from './import-right.ts';
import { commitsOf, writesOf } from './sealed-fields.ts';

export const MAX_EVENTS_PER_PUBLISH = 100;
/** where the payload stands in an entry's data */
const PAYLOAD = '/payload';

export interface PublishDependencies {
  readonly appender: Appender;
  /** where claims of work stand; absent: events under a claim are refused */
  readonly claims?: Claims;
  readonly catalog: Catalog;
  readonly policy: Policy;
  readonly ids: Ids;
  /** absent: as many events as come, whatever caused them */
  readonly guard?: Guard;
  /** keeps confidential fields; absent: topics that have some are refused */
  readonly vault?: Vault;
}

export type PublishResult =
  | {
      readonly status: 'accepted' | 'duplicate';
      readonly eventId: string;
      readonly entity: string;
      readonly seq: number;
      readonly hash: ChainHash;
    }
  | { readonly status: 'rejected'; readonly eventId?: string; readonly problem: PublishProblem };

export interface PublishProblem {
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly Problem[];
  /** when to come back, if that helps */
  readonly retryAfterSeconds?: number;
}

/** May be published, and is what the catalog says. */
interface Checked {
  readonly event: ReturnType<typeof parseEventInput>;
  readonly version: number;
  readonly eventId: string;
  readonly chain: string;
}

interface Prepared extends Recordable {
  /** what is kept beside the entry */
  readonly fields: readonly SealedField[];
  /** what the confidential fields held when it was published */
  readonly taken: readonly SensitiveField[];
}

interface Recordable {
  readonly eventId: string;
  readonly chain: string;
  readonly idemKey: string;
  readonly draft: EntryDraft;
  /** the claim under which it is published, and whose it has to be */
  readonly work?: { readonly ref: WorkRef; readonly by: string };
}

export type Publish = (
  principal: Principal,
  inputs: readonly unknown[],
  options?: {
    readonly atomic?: boolean;
    /** how it came in, when not by the publisher's own call: recorded with the actor */
    readonly via?: string;
  },
) => Promise<readonly PublishResult[]>;

/** @returns a function that publishes 1-100 events and answers for each, in order */
export function createPublish(deps: PublishDependencies): Publish {
  return async (principal, inputs, options = {}) => {
    if (inputs.length === 0 || inputs.length > MAX_EVENTS_PER_PUBLISH) {
      throw new EventError({
        code: 'EVENT_INVALID',
        message: `${inputs.length} events: publish 1-${MAX_EVENTS_PER_PUBLISH} at a time`,
      });
    }
    const checked = await Promise.all(inputs.map((input) => attempt(() => check(deps, principal, input))));
    const admitted = await admit(deps.guard, principal, checked);
    const prepared = await Promise.all(
      admitted.map(async (one) =>
        isRejected(one) ? one : attempt(() => prepare(deps, principal, { ...one, via: options.via })),
      ),
    );
    if (options.atomic === true) return publishAtomic(deps, prepared);
    return Promise.all(prepared.map(async (one) => (isRejected(one) ? one : publishOne(deps, one))));
  };
}

function check({ policy, catalog, ids }: PublishDependencies, principal: Principal, input: unknown): Checked {
  const event = parseEventInput(input);
  const source = principal.id;
  if (event.source !== undefined && event.source !== source) {
    throw new PolicyError({
      code: 'FORBIDDEN',
      message: `"${source}" may not publish as "${event.source}": leave source out`,
    });
  }
  catalog.require(event.topic); // before rights: a mistyped topic deserves the hint, not a refusal
  policy.require(principal, 'publishes', event.topic);
  if (isSystemTopic(event.topic)) {
    throw new PolicyError({ code: 'FORBIDDEN', message: `"${event.topic}" is told by the system itself` });
  }
  if (isImportTopic(event.topic)) requireImport(policy, principal, event);
  if (AWS_TOPIC.test(event.topic) && principal.kind !== 'service') {
    throw new PolicyError({
      code: 'FORBIDDEN',
      message: `"${event.topic}" is for events of AWS services: they come in by the ingress bus`,
    });
  }
  if (event.entityId !== undefined && isClosedToEvents(event.entityId)) {
    throw new PolicyError({
      code: 'FORBIDDEN',
      message: `"${event.entityId}" is a chain of the system: choose another entity id`,
    });
  }
  const version = catalog.check(event.topic, event.version, event.payload);
  return { event, version, eventId: event.eventId ?? ids.next(), chain: event.entityId ?? moduleChain(source) };
}

/** What the guard refuses is rejected; the guard sees only what could be recorded. */
async function admit(
  guard: Guard | undefined,
  principal: Principal,
  checked: readonly (Checked | Rejected)[],
): Promise<readonly (Checked | Rejected)[]> {
  if (guard === undefined) return checked;
  const sound = checked.flatMap((one) => (isRejected(one) ? [] : [one]));
  const verdicts = await guard.admit(
    principal,
    sound.map(({ event, eventId, chain }) => ({ eventId, topic: event.topic, chain, origin: event.metadata ?? {} })),
  );
  const refused = new Map(sound.map((one, i) => [one, verdicts[i]]));
  return checked.map((one) => {
    if (isRejected(one)) return one;
    const error = refused.get(one);
    return error === undefined ? one : rejection(error, one.eventId);
  });
}

async function prepare(
  { catalog, vault }: PublishDependencies,
  principal: Principal,
  { event, version, eventId, chain, via }: Checked & { readonly via: string | undefined },
): Promise<Prepared> {
  const source = principal.id;
  const { payload, taken } = takeSensitive(event.payload, catalog.sensitive(event.topic, version));
  const fields = await Promise.all(
    taken.map(({ path, value }) => requireVault(vault).seal(chain, PAYLOAD + path, value)),
  );
  const data: EventData = {
    ...{ topic: event.topic, version, source, payload },
    ...(event.timestamp === undefined ? {} : { timestamp: isoOf(msOf(event.timestamp)) }),
    ...defined({ userId: event.userId }),
    ...(event.metadata === undefined ? {} : { metadata: event.metadata as EventData['metadata'] & object }),
    ...defined({ work: event.work }),
  };
  return {
    eventId,
    chain,
    fields,
    taken,
    idemKey: eventIdemKey(source, eventId),
    ...(event.work === undefined ? {} : { work: { ref: event.work, by: claimerOf(principal) } }),
    draft: {
      type: 'event',
      actor: actorOf(principal, via),
      idem: eventId,
      data: data as EntryDraft['data'] & EventData,
      ...commitsOf(fields),
    },
  };
}

async function publishOne(deps: PublishDependencies, event: Prepared): Promise<PublishResult> {
  try {
    const result = await appendUnderClaims(deps, [event], { entries: [event], ...writesOf([event]) });
    return await answer(deps, event, { result, index: 0 });
  } catch (error) {
    return rejection(error, event.eventId);
  }
}

/** All or nothing: events already recorded are left out and the rest is recorded together. */
async function publishAtomic(
  deps: PublishDependencies,
  prepared: readonly (Prepared | Rejected)[],
): Promise<readonly PublishResult[]> {
  if (prepared.some(isRejected)) return prepared.map(withdrawn);
  const events = prepared as readonly Prepared[];
  const repeated = events.find((event, i) => events.findIndex(({ idemKey }) => idemKey === event.idemKey) !== i);
  if (repeated !== undefined) {
    const message = `event id "${repeated.eventId}" appears twice in one atomic batch: give each event its own`;
    const twice = rejection(new EventError({ code: 'EVENT_INVALID', message }), repeated.eventId);
    return events.map((event) => (event.idemKey === repeated.idemKey ? twice : withdrawn(event)));
  }
  const results = new Array<PublishResult | undefined>(events.length);
  for (;;) {
    const open = events.filter((_, i) => results[i] === undefined);
    if (open.length === 0) return results as readonly PublishResult[];
    let result: AppendResult;
    try {
      result = await appendUnderClaims(deps, open, { entries: open, ...writesOf(open) });
    } catch (error) {
      return events.map(({ eventId }, i) => results[i] ?? rejection(error, eventId));
    }
    if (result.kind === 'exists' && result.entries.every((entry) => entry === undefined)) {
      const message = 'an idempotency record names an entry that is gone: verify the ledger';
      throw new LedgerError({ code: 'STORE_UNAVAILABLE', message });
    }
    for (const [i, event] of open.entries()) {
      if (result.kind === 'appended' || (result.kind === 'exists' && result.entries[i] !== undefined))
        results[events.indexOf(event)] = await answer(deps, event, { result, index: i });
    }
    // An id taken by other content refuses the whole batch, and nothing of it has been recorded so far.
    if (results.some((one) => one?.status === 'rejected'))
      return events.map((event, i) => results[i] ?? withdrawn(event));
  }
}

async function answer(
  { vault }: PublishDependencies,
  event: Prepared,
  { result, index }: { readonly result: AppendResult; readonly index: number },
): Promise<PublishResult> {
  const { eventId, chain: entity } = event;
  switch (result.kind) {
    case 'appended': {
      const placed = result.entries[index];
      if (placed === undefined) throw new Error('an event that was appended has a place');
      return { status: 'accepted', eventId, entity, seq: placed.seq, hash: placed.hash };
    }
    case 'exists': {
      const recorded = result.entries[index];
      if (recorded !== undefined && (await isSameEvent(event, recorded, vault))) {
        return { status: 'duplicate', eventId, entity, seq: recorded.seq, hash: toHex(recorded.hash) };
      }
      const message = `event id "${eventId}" is already recorded with other content: use a new id`;
      return rejection(new EventError({ code: 'EVENT_ID_CONFLICT', message }), eventId);
    }
    default:
      throw new Error('the items of an event have names of their own, so nothing can be in their way');
  }
}

async function isSameEvent(event: Prepared, recorded: StoredEntry, vault: Vault | undefined): Promise<boolean> {
  const parsed = parseEntry(recorded.note);
  if (parsed.kind !== 'entry' || recorded.chain !== event.chain) return false;
  if (canonicalize(parsed.body.data) !== canonicalize(event.draft.data)) return false;
  const { commits = [] } = parsed.body;
  if (commits.length !== event.taken.length) return false;
  for (const commit of commits) {
    const taken = event.taken.find(({ path }) => PAYLOAD + path === commit.path);
    if (taken === undefined) return false;
    const kept = await requireVault(vault).open(recorded.chain, recorded.seq, commit);
    // What was erased can be compared with nothing: the id and all the rest are the same.
    if (kept.kind === 'value' && canonicalize(kept.value) !== canonicalize(taken.value)) return false;
  }
  return true;
}

function requireVault(vault: Vault | undefined): Vault {
  if (vault !== undefined) return vault;
  throw new Error('the configuration has confidential fields, but this engine has no place for them');
}

type Rejected = Extract<PublishResult, { status: 'rejected' }>;

async function attempt<Step>(step: () => Step | Promise<Step>): Promise<Step | Rejected> {
  try {
    return await step();
  } catch (error) {
    return rejection(error);
  }
}

function isRejected(one: Prepared | Checked | Rejected): one is Rejected {
  return 'status' in one;
}

/** Refusals become the event's own result; what is not the event's fault stays an error of the whole call. */
function rejection(error: unknown, eventId?: string): Rejected {
  const isRefusal =
    error instanceof EventError ||
    error instanceof GuardError ||
    error instanceof PolicyError ||
    error instanceof WorkError ||
    error instanceof CanonicalError ||
    (error instanceof LedgerError && error.code !== 'STORE_UNAVAILABLE');
  if (!isRefusal) throw error;
  const { code, message, problems, retryAfterSeconds } = error as NervousError;
  return {
    status: 'rejected',
    ...defined({ eventId }),
    problem: { code, detail: message, errors: problems, ...defined({ retryAfterSeconds }) },
  };
}

function withdrawn(one: Prepared | Rejected): Rejected {
  if (isRejected(one)) return one;
  const message = 'another event of this atomic batch was refused: correct it and send the batch again';
  return rejection(new EventError({ code: 'ATOMIC_REJECTED', message }), one.eventId);
}
