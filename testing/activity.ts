/** Whether anything is still going on in this process: what only waits for time, or for events that nobody publishes, is not. */
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';

/** Turns of the event loop without a sign of life after which nothing more will come. */
const QUIET_TURNS = 4;

export class Activity {
  private signs = 0;
  private running = new Set<object>();
  private readonly patienceMs: number;

  /** @param patienceMs a handler without a sign of life for so long counts as hanging, and is waited for no more */
  constructor(patienceMs: number) {
    this.patienceMs = patienceMs;
  }

  /** Something happened, and something more may come of it. */
  sign(): void {
    this.signs += 1;
  }

  /** The handler, waited for while it runs: it may be reading a file, which no turn of the event loop tells of. */
  watch<Args extends unknown[]>(handler: (...args: Args) => unknown): (...args: Args) => Promise<unknown> {
    return async (...args) => {
      const run = {};
      this.running.add(run);
      try {
        return await handler(...args);
      } finally {
        this.running.delete(run);
        this.sign();
      }
    };
  }

  async settled(): Promise<void> {
    for (;;) {
      await this.quiet();
      if (this.running.size === 0) return;
      await this.runOut();
    }
  }

  private async quiet(): Promise<void> {
    for (let turns = 0; turns < QUIET_TURNS; turns++) {
      const { signs } = this;
      await turn();
      if (this.signs !== signs) turns = -1;
    }
  }

  /** Counts what this process waited, because a handler gets no further while a machine under load lets the whole process wait. */
  private async runOut(): Promise<void> {
    const { signs } = this;
    for (let waited = 0; this.signs === signs && waited < this.patienceMs; waited++) await sleep(1);
    if (this.signs === signs) this.running = new Set();
  }
}
