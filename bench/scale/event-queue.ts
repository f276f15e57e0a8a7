/** Simulated time: what is to happen, in the order of its moment, and of being said where that is the same. And chance, out of a seed. */

interface Planned {
  readonly at: number;
  readonly order: number;
  readonly happens: () => void;
}

export class EventQueue {
  /** ms */
  now = 0;
  private readonly heap: Planned[] = [];
  private orders = 0;

  at(at: number, happens: () => void): void {
    this.heap.push({ at: Math.max(at, this.now), order: this.orders++, happens });
    this.rise(this.heap.length - 1);
  }

  /** Until nothing is left to happen before `end`. */
  run(end: number): void {
    for (let next = this.heap[0]; next !== undefined && next.at <= end; next = this.heap[0]) {
      this.now = next.at;
      this.removeFirst();
      next.happens();
    }
    this.now = end;
  }

  private rise(from: number): void {
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.isBefore(at, parent)) return;
      this.swap(at, parent);
      at = parent;
    }
  }

  private removeFirst(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    this.heap[0] = last;
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const least = right < this.heap.length && this.isBefore(right, left) ? right : left;
      if (least >= this.heap.length || !this.isBefore(least, at)) return;
      this.swap(at, least);
      at = least;
    }
  }

  private isBefore(one: number, other: number): boolean {
    const [a, b] = [this.heap[one], this.heap[other]];
    if (a === undefined || b === undefined) return false;
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  private swap(one: number, other: number): void {
    const [a, b] = [this.heap[one], this.heap[other]];
    if (a !== undefined && b !== undefined) [this.heap[one], this.heap[other]] = [b, a];
  }
}

/** Standard normal quantile of 0.99. */
const Z99 = 2.3263;

export class Chance {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** Uniform in [0, 1): mulberry32. */
  uniform(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Time to the next of so many a second, ms. */
  gap(perSecond: number): number {
    return (-Math.log(1 - this.uniform()) / perSecond) * 1_000;
  }

  /** Log-normal through its median and its 99th percentile, ms. */
  spread({ p50, p99 }: { readonly p50: number; readonly p99: number }): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
    return p50 * Math.exp((Math.log(p99 / p50) / Z99) * normal);
  }
}
