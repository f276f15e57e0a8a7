/** What of a subscription is out: each delivery has a receipt, and a time by which it must be settled. */
import type { Arrival } from './event-log.ts';

export interface Lease {
  readonly receipt: string;
  readonly arrival: Arrival;
  readonly attempt: number;
  /** milliseconds since the Unix epoch */
  readonly expiresAt: number;
}

export class Leases {
  /** in the order of their expiry, because all of a subscription last equally long; unless it was changed meanwhile */
  private readonly byReceipt = new Map<string, Lease>();
  private newestExpiry = 0;
  private isMixed = false;
  private readonly positions = new Set<number>();
  private granted = 0;

  get size(): number {
    return this.byReceipt.size;
  }

  grant(arrival: Arrival, attempt: number, expiresAt: number): Lease {
    this.granted += 1;
    const receipt = `${arrival.position}.${attempt}.${this.granted}`;
    const lease = { receipt, arrival, attempt, expiresAt };
    this.keep(lease);
    this.positions.add(arrival.position);
    return lease;
  }

  get(receipt: string): Lease | undefined {
    return this.byReceipt.get(receipt);
  }

  renew(lease: Lease, expiresAt: number): void {
    this.byReceipt.delete(lease.receipt); // so that it expires last
    this.keep({ ...lease, expiresAt });
  }

  end({ receipt, arrival }: Lease): void {
    this.byReceipt.delete(receipt);
    this.positions.delete(arrival.position);
    if (this.byReceipt.size === 0) [this.newestExpiry, this.isMixed] = [0, false];
  }

  /** Of what is out. */
  *arrivals(): Generator<Arrival> {
    for (const { arrival } of this.byReceipt.values()) yield arrival;
  }

  isOut(position: number): boolean {
    return this.positions.has(position);
  }

  late(nowMs: number): readonly Lease[] {
    const late: Lease[] = [];
    for (const lease of this.byReceipt.values()) {
      if (lease.expiresAt <= nowMs) late.push(lease);
      else if (!this.isMixed) break;
    }
    return late;
  }

  /** Infinity: nothing is out. */
  nextExpiry(): number {
    let next = Infinity;
    for (const { expiresAt } of this.byReceipt.values()) {
      next = Math.min(next, expiresAt);
      if (!this.isMixed) break;
    }
    return next;
  }

  private keep(lease: Lease): void {
    this.isMixed ||= lease.expiresAt < this.newestExpiry;
    this.newestExpiry = Math.max(this.newestExpiry, lease.expiresAt);
    this.byReceipt.set(lease.receipt, lease);
  }
}
