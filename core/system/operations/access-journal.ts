/**
 * Journals who read what, and who was refused what, as entries of the ledger: recorded before the answer leaves, on a chain of the
 * process's session key. What it says are names, places and counts, never what was read.
 */
import { takeTokens } from '../../guard/index.ts';
import { ACCESS_RECORDED, accessChain, LedgerError, type Appender, type Clock, type Ids } from '../../ledger/index.ts';
import {
  actorOf,
  answerableFor,
  EVERY_ACCESS,
  initiatorOf,
  journaledOf,
  type AccessClass,
  type AccessPolicy,
  type Principal,
} from '../../policy/index.ts';
import type { JsonObject } from '../../canonical/index.ts';
import { defined } from '../../values/index.ts';
import { USE_CASES, type UseCaseName } from './use-case-table.ts';

/** What was read, or what somebody wanted. */
export interface AccessSubject {
  readonly entities?: readonly string[];
  /** of an event, a change-set, a piece of work, a file of the log */
  readonly id?: string;
  /** of the first and the last: log index, of a page of a chain `seq` */
  readonly from?: number;
  readonly to?: number;
  /** how many */
  readonly count?: number;
  /** why a part of it was refused */
  readonly code?: string;
}

export interface Access {
  readonly useCase: UseCaseName;
  readonly principal: Principal;
  readonly subject: AccessSubject;
}

export interface AccessJournal {
  /** Resolves when it is recorded, or need not be. @throws LedgerError STORE_UNAVAILABLE: it was not, so it must not be shown */
  read(access: Access): Promise<void>;
  /** Resolves when it is recorded, or cannot be: whoever is refused learns nothing. */
  refused(access: Access & { readonly code?: string | undefined }): Promise<void>;
}

export interface AccessJournalDependencies {
  readonly appender: Pick<Appender, 'append' | 'sessionKey'>;
  readonly policy: () => AccessPolicy | undefined;
  readonly ids: Pick<Ids, 'next' | 'random'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly onError: (error: unknown) => void;
}

/** Entities named in one entry: more would cost more than they tell. */
const MAX_ENTITIES = 50;
/** Refusals of one principal that are journaled; those beyond are counted in its next entry. Whoever tries all day does not fill the log. */
const REFUSALS = { perMinute: 60, burst: 60 };
const MAX_PRINCIPALS = 10_000;
/** What load causes and who is told of it by other means. */
const NOT_JOURNALED: ReadonlySet<string> = new Set([
  'BUDGET_SPENT',
  'RATE_LIMITED',
  'TOPIC_STOPPED',
  'LOOP_DETECTED',
  'TOO_MANY_OPEN',
  'STREAMS_EXHAUSTED',
]);

interface Refusals {
  readonly fullAtMs: number;
  readonly unrecorded: number;
}

export function createAccessJournal(deps: AccessJournalDependencies): AccessJournal {
  const { policy, ids, clock, onError } = deps;
  const refusals = new Map<string, Refusals>();
  const isSampled = (percent: number): boolean => percent >= EVERY_ACCESS || ids.random() * EVERY_ACCESS < percent;
  return {
    read: async (access) => {
      const percent = percentOf(access.useCase, policy());
      if (percent === undefined || percent === 0 || !isSampled(percent)) return;
      try {
        await record(deps, access, { outcome: 'succeeded' });
      } catch (cause) {
        if (percent < EVERY_ACCESS) {
          onError(cause);
          return;
        }
        const message = 'this reading could not be journaled, so nothing is shown: try again';
        throw new LedgerError({ code: 'STORE_UNAVAILABLE', message, cause });
      }
    },
    refused: async (access) => {
      const { code = access.subject.code } = access;
      if (USE_CASES[access.useCase].access === undefined || (code !== undefined && NOT_JOURNALED.has(code))) return;
      if (!isSampled(journaledOf(policy(), 'refused'))) return;
      const initiator = initiatorOf(access.principal);
      const { fullAtMs, unrecorded } = refusals.get(initiator) ?? { fullAtMs: 0, unrecorded: 0 };
      const grant = takeTokens(REFUSALS, fullAtMs, 1, clock.monotonic());
      const isOver = grant.taken === 0;
      remember(refusals, initiator, { fullAtMs: grant.fullAtMs, unrecorded: isOver ? unrecorded + 1 : 0 });
      if (isOver) return;
      const data = { outcome: 'refused', ...defined({ code }), ...(unrecorded === 0 ? {} : { unrecorded }) };
      await record(deps, access, data).catch(onError);
    },
  };
}

/** undefined: readings of it are not journaled */
function percentOf(useCase: UseCaseName, policy: AccessPolicy | undefined): number | undefined {
  const { access } = USE_CASES[useCase];
  if (access === undefined || access === 'acts') return undefined;
  return access === 'journal' ? EVERY_ACCESS : journaledOf(policy, access satisfies AccessClass);
}

async function record(
  { appender, ids }: AccessJournalDependencies,
  { useCase, principal, subject }: Access,
  data: JsonObject,
): Promise<void> {
  const { entities = [], ...rest } = subject;
  const named = [...new Set(entities)].sort();
  const draft = {
    type: ACCESS_RECORDED,
    actor: actorOf(principal),
    idem: ids.next(),
    data: {
      ...{ operation: useCase, ...defined({ person: answerableFor(principal)[0] }), ...defined(rest), ...data },
      ...(named.length === 0 ? {} : { entities: named.slice(0, MAX_ENTITIES) }),
      ...(named.length > MAX_ENTITIES ? { more: true } : {}),
    },
  };
  const chain = accessChain(await appender.sessionKey());
  const { kind } = await appender.append({ entries: [{ chain, draft }] });
  if (kind !== 'appended') throw new Error('an entry without key and items cannot be refused');
}

function remember(refusals: Map<string, Refusals>, initiator: string, state: Refusals): void {
  refusals.delete(initiator);
  refusals.set(initiator, state);
  if (refusals.size > MAX_PRINCIPALS) refusals.delete(refusals.keys().next().value as string);
}
