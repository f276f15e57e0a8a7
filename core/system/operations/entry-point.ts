/**
 * The one way in. Every call of a use case, from whatever shell, passes here. The entry point establishes who calls, the right
 * that the call needs, the policy that judges it and the budget that pays for it, and it counts and times the outcome. It
 * knows nothing about the inside of a use case.
 */
import type { EpochMs } from '../../brands/index.ts';
import { NervousError } from '../../errors/index.ts';
import { Budgets, type BudgetLimits, type BudgetName, type Spent } from '../../guard/index.ts';
import type { Clock } from '../../ledger/index.ts';
import { initiatorOf, PolicyError, type Policy, type Principal } from '../../policy/index.ts';
import { defined, isUnreadable } from '../../values/index.ts';
import { SystemError } from '../config/errors.ts';
import type { AccessJournal, AccessSubject } from './access-journal.ts';
import { journaledCall } from './journaled-call.ts';
import type { Metrics, Outcome } from './metrics.ts';
import { USE_CASES, type UseCaseName } from './use-case-table.ts';

/** One passage, when it is over. Holds nothing of what was said. */
export interface Passage {
  readonly useCase: UseCaseName;
  /** undefined: nobody who is known */
  readonly principal: Principal | undefined;
  /** of the policy that was in force when it began; 0: as configured */
  readonly policyVersion: number;
  readonly outcome: Outcome;
  /** why it was refused or failed; absent: it succeeded, or failed without a code */
  readonly code?: string;
  /** server time, milliseconds since the Unix epoch */
  readonly startedAt: EpochMs;
  readonly durationMs: number;
}

export interface Call<Result> {
  readonly useCase: UseCaseName;
  readonly principal: Principal | undefined;
  /** said to somebody without credentials, or with unknown ones */
  readonly unknown?: string | undefined;
  /** Begun when the caller may pass. */
  readonly run: (pass: Pass) => Promise<Result>;
  /** of what came out, where nothing is thrown; default: succeeded */
  readonly outcomeOf?: (result: Result) => Outcome;
}

/** What is only known to be heavy when the request has been read is paid for then. */
export interface Pass {
  /** Runs heavy work on the caller's budget. @throws SystemError BUDGET_SPENT */
  heavily<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Says what the call is about, for the access journal: what is read, or wanted. The last word counts; undefined: nothing was shown. */
  about(subject: AccessSubject | undefined): void;
  /** Journals what goes out piece by piece, before each piece does. @throws LedgerError STORE_UNAVAILABLE */
  journal(subject: AccessSubject): Promise<void>;
}

/** @throws PolicyError UNAUTHENTICATED | FORBIDDEN, SystemError BUDGET_SPENT; what the use case throws */
export type Execute = <Result>(call: Call<Result>) => Promise<Result>;

export interface EntryPointDependencies {
  readonly policy: Pick<Policy, 'isAuditor' | 'require' | 'holds'>;
  readonly policyVersion: () => number;
  readonly budgets: BudgetLimits;
  readonly metrics: Metrics;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** absent: this process serves nothing whose readings are journaled */
  readonly journal?: AccessJournal;
  /** Told of every passage, for a platform's own metrics. Must not throw. */
  readonly onPassage?: (passage: Passage) => void;
}

/** Faults of ours, though they have a code: everything else that has one is a refusal. */
export const FAULTS: ReadonlySet<string> = new Set([
  'INTERNAL',
  'CONFIG_INVALID',
  'KEY_FILE_INVALID',
  'LAKE_SOURCE_DAMAGED',
  'LAKE_NEEDS_PARQUET',
  'TILE_MISSING',
  'TILE_MALFORMED',
  'PROOF_IMPOSSIBLE',
  'EDGE_INVALID',
  'CHECKPOINT_INVALID',
  'LOG_DIVERGED',
  'LOG_SHRUNK',
  'STORE_NEWER',
  'BUNDLE_ENTRY_TOO_LARGE',
  'WITNESS_REFUSED',
  'LEDGER_BUSY',
  'CHANGE_BUSY',
  'LEDGER_TAMPERED',
  'POLICY_UNREADABLE',
  'ENTRY_UNREADABLE',
  'FIELD_DAMAGED',
  'STORE_UNAVAILABLE',
  'SERVER_BUSY',
  'VERIFICATION_ENDED',
]);

export function createEntryPoint(deps: EntryPointDependencies): Execute {
  const { metrics, clock, onPassage } = deps;
  const budgets = new Budgets(deps.budgets);
  return async ({ useCase, principal, unknown, run, outcomeOf = () => 'succeeded' }) => {
    const startedAtTick = clock.monotonic();
    const begun = { useCase, principal, policyVersion: deps.policyVersion(), startedAt: clock.now() };
    const end = (outcome: Outcome, code?: string): void => {
      const durationMs = clock.monotonic() - startedAtTick;
      const passage: Passage = { ...begun, outcome, durationMs, ...defined({ code }) };
      metrics.count(passage);
      onPassage?.(passage);
    };
    const access = journaledCall(deps.journal, useCase, principal);
    try {
      const pass: SpendingPass = { ...passOf({ budgets, clock }, principal), ...access.said };
      admit(deps, { useCase, principal, unknown });
      const { budget } = USE_CASES[useCase];
      if (budget !== undefined && budget !== 'heavy') pass.spend(budget);
      const result = await (budget === 'heavy' ? pass.heavily(() => run(pass)) : run(pass));
      const outcome = outcomeOf(result);
      // Before the answer leaves: what nobody could record is not shown.
      await access.ended(outcome);
      end(outcome);
      return result;
    } catch (error) {
      const code = error instanceof NervousError ? (error as NervousError).code : undefined;
      const isFault = code === undefined || FAULTS.has(code) || isUnreadable(error);
      if (!isFault) await access.ended('refused', code);
      end(isFault ? 'failed' : 'refused', code);
      throw error;
    }
  };
}

/** @throws PolicyError */
function admit(
  { policy }: EntryPointDependencies,
  { useCase, principal, unknown }: Pick<Call<unknown>, 'useCase' | 'principal' | 'unknown'>,
): void {
  const { for: whom } = USE_CASES[useCase];
  if (whom === 'open') return;
  if (principal === undefined)
    throw new PolicyError({
      code: 'UNAUTHENTICATED',
      message: unknown ?? 'the request has no credentials: send a token, or sign it',
    });
  switch (whom) {
    case 'known':
      return;
    case 'auditor':
      if (!policy.isAuditor(principal)) throw forbidden(`"${principal.id}" is not an auditor: ask one`);
      return;
    case 'everything':
      policy.require(principal, 'reads', '*');
      return;
    default:
      if (!policy.holds(principal, whom))
        throw forbidden(`${principal.kind} "${principal.id}" has no right "${whom}" for anything`);
  }
}

interface SpendingPass extends Pass {
  spend(name: BudgetName): void;
}

function passOf(
  { budgets, clock }: { readonly budgets: Budgets; readonly clock: Pick<Clock, 'monotonic'> },
  principal: Principal | undefined,
): Pick<SpendingPass, 'heavily' | 'spend'> {
  const spender = principal === undefined ? 'nobody' : initiatorOf(principal);
  const spend = (name: BudgetName): void => require(budgets.spend(name, spender, clock.monotonic()));
  return {
    spend,
    heavily: async (work) => {
      require(budgets.enter(spender));
      try {
        spend('heavy');
        return await work();
      } finally {
        budgets.leave(spender);
      }
    },
  };
}

/** @throws SystemError BUDGET_SPENT */
function require(spent: Spent): void {
  if (spent.kind === 'granted') return;
  const { message, retryAfterSeconds } = spent;
  throw new SystemError({ code: 'BUDGET_SPENT', message, retryAfterSeconds });
}

function forbidden(message: string): PolicyError {
  return new PolicyError({ code: 'FORBIDDEN', message });
}
