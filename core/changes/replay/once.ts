/** What may be used once in a ledger: 128 bits of the hash of each, with the entry that used it; sorted when asked. */
import { hash } from 'node:crypto';

const FIRST_CAPACITY = 1_024;

export interface UsedTwice {
  /** log index of the second use */
  readonly position: number;
  /** log index of the first */
  readonly first: number;
}

/** Plain data: where it was left off. */
export interface OnceState {
  readonly high: BigUint64Array<ArrayBuffer>;
  readonly low: BigUint64Array<ArrayBuffer>;
  readonly positions: Float64Array<ArrayBuffer>;
}

export class Once {
  private high = new BigUint64Array(FIRST_CAPACITY);
  private low = new BigUint64Array(FIRST_CAPACITY);
  private positions = new Float64Array(FIRST_CAPACITY);
  private size = 0;

  constructor(from?: OnceState) {
    if (from === undefined || from.positions.length === 0) return;
    [this.high, this.low, this.positions] = [from.high, from.low, from.positions];
    this.size = from.positions.length;
  }

  state(): OnceState {
    const { high, low, positions, size } = this;
    return { high: high.slice(0, size), low: low.slice(0, size), positions: positions.slice(0, size) };
  }

  use(name: string, position: number): void {
    if (this.size === this.positions.length) this.grow();
    const digest = hash('sha256', name, 'buffer');
    this.high[this.size] = digest.readBigUInt64BE(0);
    this.low[this.size] = digest.readBigUInt64BE(8);
    this.positions[this.size] = position;
    this.size += 1;
  }

  /** The second use with the lowest log index. */
  firstTwice(): UsedTwice | undefined {
    const sorted = this.high.slice(0, this.size).sort();
    const suspects = new Set<bigint>();
    for (let i = 1; i < sorted.length; i += 1) if (sorted[i] === sorted[i - 1]) suspects.add(sorted[i] as bigint);
    if (suspects.size === 0) return undefined;
    const seen = new Map<string, number>();
    for (let i = 0; i < this.size; i += 1) {
      if (!suspects.has(this.high[i] as bigint)) continue;
      const whole = `${this.high[i]} ${this.low[i]}`;
      const first = seen.get(whole);
      const position = this.positions[i] as number;
      if (first !== undefined) return { position, first };
      seen.set(whole, position);
    }
    return undefined;
  }

  private grow(): void {
    const capacity = this.positions.length * 2;
    const [high, low, positions] = [
      new BigUint64Array(capacity),
      new BigUint64Array(capacity),
      new Float64Array(capacity),
    ];
    high.set(this.high);
    low.set(this.low);
    positions.set(this.positions);
    [this.high, this.low, this.positions] = [high, low, positions];
  }
}
