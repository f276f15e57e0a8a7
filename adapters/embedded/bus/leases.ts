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
  /** in the order of their expiry, because all of a subscription last equally long */
  private readonly byReceipt = new Map<string, Lease>();
  private readonly positions = new Set<number>();
  private granted = 0;

  get size(): number {
    return this.byReceipt.size;
  }

  grant(arrival: Arrival, attempt: number, expiresAt: number): Lease {
    this.granted += 1;
    const receipt = `${arrival.position}.${attempt}.${this.granted}`;
    const lease = { receipt, arrival, attempt, expiresAt };
    this.byReceipt.set(receipt, lease);
    this.positions.add(arrival.position);
    return lease;
  }

  get(receipt: string): Lease | undefined {
    return this.byReceipt.get(receipt);
  }

  renew(lease: Lease, expiresAt: number): void {
    this.byReceipt.delete(lease.receipt); // so that it expires last
    this.byReceipt.set(lease.receipt, { ...lease, expiresAt });
  }

  end({ receipt, arrival }: Lease): void {
    this.byReceipt.delete(receipt);
    this.positions.delete(arrival.position);
  }

  isOut(position: number): boolean {
    return this.positions.has(position);
  }

  late(nowMs: number): readonly Lease[] {
    const late: Lease[] = [];
    for (const lease of this.byReceipt.values()) {
      if (lease.expiresAt > nowMs) break;
      late.push(lease);
    }
    return late;
  }

  /** Infinity: nothing is out. */
  nextExpiry(): number {
    for (const { expiresAt } of this.byReceipt.values()) return expiresAt;
    return Infinity;
  }
}
