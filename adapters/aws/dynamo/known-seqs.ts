/** Newest seq known per chain: a lower bound, because entries are never removed and others may have written more. */
const MAX_CHAINS = 100_000;

export class KnownSeqs {
  private readonly seqs = new Map<string, number>();

  /** -1: nothing known. */
  get(chain: string): number {
    return this.seqs.get(chain) ?? -1;
  }

  /** Beyond the limit the chain raised least recently is forgotten. ~100 bytes each. */
  raise(chain: string, seq: number): void {
    const newest = Math.max(seq, this.get(chain));
    this.seqs.delete(chain);
    this.seqs.set(chain, newest);
    if (this.seqs.size > MAX_CHAINS) this.seqs.delete(this.seqs.keys().next().value as string);
  }

  forget(chain: string): void {
    this.seqs.delete(chain);
  }
}
