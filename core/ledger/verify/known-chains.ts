/**
 * What this process knows of chains because it verified or wrote it itself, kept in its memory and nowhere else: a segment of
 * a chain and the hash of its last entry. Whoever finds that hash again at that place, and every link before it right, has
 * the same bytes as then. What is forgotten is verified again.
 */
import type { ChainHash } from '../../brands/index.ts';

/** Entries `from` to `seq` of a chain. */
export interface KnownRun {
  readonly from: number;
  readonly seq: number;
  /** hex hash of entry `seq` */
  readonly hash: ChainHash;
}

/** Chains remembered, about 400 bytes each; beyond this the one that was longest untouched is forgotten. */
const MAX_CHAINS = 20_000;

interface Known {
  /** from the first entry on */
  readonly verified?: KnownRun;
  readonly written?: KnownRun;
}

export class KnownChains {
  private readonly chains = new Map<string, Known>();

  runs(chain: string): readonly KnownRun[] {
    const { verified, written } = this.chains.get(chain) ?? {};
    return [verified, written].filter((run) => run !== undefined);
  }

  /** Every entry up to this one was verified, signatures included. */
  verified(chain: string, head: Omit<KnownRun, 'from'>): void {
    const known = this.chains.get(chain);
    if ((known?.verified?.seq ?? -1) <= head.seq) this.keep(chain, { ...known, verified: { from: 0, ...head } });
  }

  /** This process signed the entry with its own key, on top of the one before, and it is stored. */
  wrote(chain: string, entry: Omit<KnownRun, 'from'>): void {
    const known = this.chains.get(chain);
    const before = known?.written;
    // Nobody writes a place twice: what is known of it stands against what is there now.
    if (before !== undefined && entry.seq <= before.seq) return;
    const from = before?.seq === entry.seq - 1 ? before.from : entry.seq;
    this.keep(chain, { ...known, written: { from, ...entry } });
  }

  private keep(chain: string, known: Known): void {
    this.chains.delete(chain);
    this.chains.set(chain, known);
    if (this.chains.size > MAX_CHAINS) this.chains.delete(this.chains.keys().next().value as string);
  }
}
