/** The breaker of one subscription as its queue works it: asked before a delivery, told how deliveries end. In memory only. */
import type { BreakerState } from '../../../core/events/index.ts';
import {
  askBreaker,
  breakerAfter,
  createBreaker,
  type Breaker,
  type BreakerSettings,
  type BreakerVerdict,
} from '../../../core/guard/index.ts';
import { defined } from '../../../core/values/index.ts';

export type BreakerMove = { readonly from: BreakerState; readonly to: BreakerState; readonly reason?: string };

export class BreakerSwitch {
  private breaker: Breaker;
  private readonly onMove: (move: BreakerMove) => void;

  constructor(settings: Partial<BreakerSettings> | undefined, onMove: (move: BreakerMove) => void) {
    this.breaker = createBreaker(settings);
    this.onMove = onMove;
  }

  get state(): BreakerState {
    return this.breaker.state;
  }

  ask(nowMs: number): BreakerVerdict {
    return askBreaker(this.breaker, nowMs);
  }

  /** The probe is out. */
  probing(breaker: Breaker): void {
    this.move(breaker);
  }

  succeeded(nowMs: number): void {
    if (this.breaker.state === 'closed' && this.breaker.failed === 0) return;
    this.move(breakerAfter(this.breaker, 'success', nowMs));
  }

  failed(nowMs: number, reason: string): void {
    this.move(breakerAfter(this.breaker, 'failure', nowMs), reason);
  }

  reset(): void {
    this.move(createBreaker(this.breaker), 'reset');
  }

  /** It counts on, by other settings. */
  change(settings: Partial<BreakerSettings> | undefined): void {
    const { failures, probeAfterMs } = createBreaker(settings);
    this.breaker = { ...this.breaker, failures, probeAfterMs };
  }

  private move(next: Breaker, reason?: string): void {
    const { state: from } = this.breaker;
    this.breaker = next;
    if (from !== next.state) this.onMove({ from, to: next.state, ...defined({ reason }) });
  }
}
