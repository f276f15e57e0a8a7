/** Those who wait for something to happen: woken together, by time, or by their own signal. */
import type { Clock } from '../../../core/ledger/index.ts';

export class Sleepers {
  private readonly clock: Clock;
  private readonly wakers = new Set<() => void>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  wake(): void {
    for (const waker of this.wakers) waker();
  }

  async sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const slept = new AbortController();
    const stop = (): void => slept.abort('woken'); // a reason of our own spares making an exception
    this.wakers.add(stop);
    signal?.addEventListener('abort', stop, { once: true });
    await this.clock.sleep(ms, slept.signal);
    signal?.removeEventListener('abort', stop);
    this.wakers.delete(stop);
  }
}
