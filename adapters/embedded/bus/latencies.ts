/** How long the newest deliveries of a subscription took, from recorded to acknowledged. */
import { orNone } from '../../../core/values/index.ts';

/** Deliveries looked at. */
const NEWEST = 256;

export class Latencies {
  private readonly newest: number[] = [];
  private next = 0;

  add(ms: number): void {
    this.newest[this.next] = ms;
    this.next = (this.next + 1) % NEWEST;
  }

  /** Undefined: no delivery yet. */
  read(): { readonly p50: number; readonly p95: number } | undefined {
    if (this.newest.length === 0) return undefined;
    const sorted = this.newest.toSorted((a, b) => a - b);
    const at = (share: number): number => orNone(sorted[Math.ceil(share * sorted.length) - 1]);
    return { p50: at(0.5), p95: at(0.95) };
  }
}
