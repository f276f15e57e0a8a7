/** Heads of the chains this process writes, newest known. A guess that a conditional write proves or refutes. */
import type { ChainHash } from '../../brands/index.ts';
import { toHex } from '../../canonical/index.ts';
import type { StoredEntry } from '../entries/ports.ts';

export interface Head {
  /** hex hash of the newest entry, or the genesis hash */
  readonly prev: ChainHash;
  /** place of the next entry */
  readonly seq: number;
}

/** Chains remembered; beyond this the least recently used is read again from the store. ~150 bytes each. */
const MAX_HEADS = 100_000;

export class HeadCache {
  private readonly heads = new Map<string, Head>();
  private readonly load: (chain: string) => Promise<Head>;

  constructor(load: (chain: string) => Promise<Head>) {
    this.load = load;
  }

  async get(chain: string): Promise<Head> {
    const known = this.heads.get(chain);
    if (known !== undefined) return known;
    const head = await this.load(chain);
    this.set(chain, head);
    return head;
  }

  set(chain: string, head: Head): void {
    this.heads.delete(chain);
    this.heads.set(chain, head);
    if (this.heads.size > MAX_HEADS) this.heads.delete(this.heads.keys().next().value as string);
  }

  /** Forgets a head that would put an entry at `seq` or before it. */
  forgetUpTo(chain: string, seq: number): void {
    if ((this.heads.get(chain)?.seq ?? Infinity) <= seq) this.heads.delete(chain);
  }

  forget(chain: string): void {
    this.heads.delete(chain);
  }

  clear(): void {
    this.heads.clear();
  }
}

/** What the next entry of the chain is built on. */
export function headAfter(entry: StoredEntry): Head {
  return { prev: toHex(entry.hash), seq: entry.seq + 1 };
}
