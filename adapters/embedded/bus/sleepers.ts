/** Those who wait for something to happen: woken together, by time, or by their own signal. */
import type { Clock } from '../../../core/ledger/index.ts';

export class Sleepers {
  private readonly clock: Clock;
  private readonly waiting = new Set<() => void>();
  /** how often they were woken: who looked before the last time has to look again, not to sleep */
  times = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  wake(): void {
    this.times += 1;
    for (const notify of this.waiting) notify();
  }

  /** @param since `times` before looking whether there is a reason to sleep */
  async sleep(ms: number, since: number, signal: AbortSignal | undefined): Promise<void> {
    if (since !== this.times) return;
    const slept = new AbortController();
    const stop = (): void => slept.abort('woken'); // a reason of our own spares making an exception
    this.waiting.add(stop);
    signal?.addEventListener('abort', stop, { once: true });
    await this.clock.sleep(ms, slept.signal);
    signal?.removeEventListener('abort', stop);
    this.waiting.delete(stop);
  }
}
