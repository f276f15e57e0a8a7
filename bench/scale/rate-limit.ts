/** A quota of so many a second. It counts what was asked of it, whether or not it gave it. */

/** DynamoDB and EventBridge take a little more for a moment. */
const BURST_SECONDS = 1;

export class RateLimit {
  readonly name: string;
  readonly perSecond: number;
  /** units, all in all */
  asked = 0;
  private readonly burst: number;
  /** ms at which all that was given is paid back */
  private paidAt = 0;

  constructor(name: string, perSecond: number, burst = perSecond * BURST_SECONDS) {
    this.name = name;
    this.perSecond = perSecond;
    this.burst = burst;
  }

  /** @returns ms that one has to wait; what was waited for is given */
  wait(now: number, units: number): number {
    this.asked += units;
    this.paidAt = Math.max(now, this.paidAt) + (units / this.perSecond) * 1_000;
    return Math.max(0, this.paidAt - now - (this.burst / this.perSecond) * 1_000);
  }

  /** @returns false: refused, and nothing was taken */
  take(now: number, units: number): boolean {
    this.asked += units;
    const paidAt = Math.max(now, this.paidAt) + (units / this.perSecond) * 1_000;
    if (paidAt - now > (this.burst / this.perSecond) * 1_000) return false;
    this.paidAt = paidAt;
    return true;
  }
}
