/**
 * Recording events, those under a claim on condition that it stands: in the same write, so a claim that ends meanwhile refuses them.
 * What was recorded before it ended is still a duplicate when it is sent again.
 */
import type { Appender, AppendRequest, AppendResult, EntryStore } from '../../ledger/index.ts';
import { fenceCheck, fenceStale, isFence, type WorkRef } from '../../work/index.ts';

export interface Claims {
  readonly ledger: string;
  /** what was recorded before a claim ended is found here */
  readonly entries: Pick<EntryStore, 'findByIdemKey'>;
}

/** What is published under a claim, and by whom. */
export interface UnderClaim {
  readonly idemKey: string;
  readonly work?: { readonly ref: WorkRef; readonly by: string };
}

/** @throws WorkError FENCE_STALE; what appending throws */
export async function appendUnderClaims(
  { appender, claims: standing }: { readonly appender: Pick<Appender, 'append'>; readonly claims?: Claims },
  events: readonly UnderClaim[],
  { writes, ...request }: AppendRequest,
): Promise<AppendResult> {
  const claims = events.flatMap(({ work }) => (work === undefined ? [] : [work]));
  if (claims.length === 0) return appender.append({ ...request, ...(writes && { writes }) });
  if (standing === undefined)
    throw new Error('an event comes under a claim, but this process was not told where claims stand');
  const { ledger, entries } = standing;
  const result = await appender.append({
    ...request,
    writes: (placed) => {
      const others = writes?.(placed) ?? [];
      return others === 'withdraw' ? others : [...others, ...checksOf(ledger, claims)];
    },
  });
  if (result.kind !== 'precondition') return result;
  const stale = claims.find(({ ref, by }) => isFence(ledger, result.failed, ref, by));
  if (stale === undefined) return result;
  const recorded = await Promise.all(events.map(({ idemKey }) => entries.findByIdemKey(idemKey)));
  if (recorded.some((entry) => entry !== undefined)) return { kind: 'exists', entries: recorded };
  throw fenceStale(stale.ref, stale.by);
}

/** One for each claim, however many events rest on it. */
function checksOf(ledger: string, claims: readonly NonNullable<UnderClaim['work']>[]): ReturnType<typeof fenceCheck>[] {
  const checks = claims.map(({ ref, by }) => fenceCheck(ledger, ref, by));
  return [...new Map(checks.map((check) => [JSON.stringify(check.key), check])).values()];
}
