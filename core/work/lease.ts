/**
 * Leases: how long a claim lasts without a renewal, and when it is over. Only the entry that ends a claim makes its fence stale;
 * being over merely allows somebody to record that entry.
 */
import * as z from 'zod';
import type { EpochMs } from '../brands/index.ts';
import type { Clock } from '../ledger/index.ts';
import { codecOf, epochMs, stored, whole } from '../values/index.ts';

/** A holder whose renewal is on its way is not overtaken. */
export const LEASE_GRACE_MS = 10_000;

export interface Lease {
  readonly workId: string;
  readonly fence: number;
  readonly ttlMs: number;
  readonly until: EpochMs;
}

export const leaseCodec = codecOf<Lease>(
  'lease',
  stored<Lease>({ workId: z.string(), fence: whole, ttlMs: whole, until: epochMs }),
);

export interface LeaseClock {
  readonly isOver: (lease: Lease) => boolean;
  /** It began, or was renewed, just now. */
  readonly began: (lease: Lease) => void;
  /** Forgets what is not among these. */
  readonly keep: (leases: readonly Pick<Lease, 'workId'>[]) => void;
}

/** Where several processes serve one ledger: by server time. */
export function sharedLeaseClock(clock: Pick<Clock, 'now'>): LeaseClock {
  const nothing = (): void => undefined;
  return { isOver: ({ until }) => clock.now() >= until + LEASE_GRACE_MS, began: nothing, keep: nothing };
}

/**
 * For a process that is alone, and so sees every renewal: a lease is over when it has stood unchanged for its whole term, by a clock
 * that nobody sets. After a start every lease gets one full term, because its holder could not reach anybody before.
 */
export function aloneLeaseClock(clock: Pick<Clock, 'monotonic'>): LeaseClock {
  const seen = new Map<string, Lease & { readonly at: number }>();
  const began = (lease: Lease): void => void seen.set(lease.workId, { ...lease, at: clock.monotonic() });
  return {
    began,
    isOver: (lease) => {
      const before = seen.get(lease.workId);
      if (before?.fence === lease.fence && before.until === lease.until)
        return clock.monotonic() - before.at >= lease.ttlMs + LEASE_GRACE_MS;
      began(lease);
      return false;
    },
    keep: (leases) => {
      const kept = new Set(leases.map(({ workId }) => workId));
      for (const workId of seen.keys()) if (!kept.has(workId)) seen.delete(workId);
    },
  };
}
