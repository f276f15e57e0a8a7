/**
 * A store for who reads much on the calling thread: SQLite answers at once, so that without a pause nothing else would get its turn
 * there before the end, not even the signal to stop.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { SqliteStore } from '../store/sqlite-store.ts';

/** Some milliseconds of work. */
const READS_PER_TURN = 64;

export class TurnTakingStore extends SqliteStore {
  private reads = 0;

  override async read(...asked: Parameters<SqliteStore['read']>): ReturnType<SqliteStore['read']> {
    await this.pause();
    return super.read(...asked);
  }

  override async get(...asked: Parameters<SqliteStore['get']>): ReturnType<SqliteStore['get']> {
    await this.pause();
    return super.get(...asked);
  }

  private async pause(): Promise<void> {
    this.reads += 1;
    if (this.reads % READS_PER_TURN === 0) await turn();
  }
}
