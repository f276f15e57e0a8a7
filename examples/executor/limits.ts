/**
 * A sample executor: spending limits in a database of its own. What makes it right is one thing: the limit and the mark of
 * the operation are written in one transaction. Copy it. docs/executors.md explains it; try it: nervous executor test
 * examples/executor/subject.ts
 */
import { DatabaseSync } from 'node:sqlite';
import {
  defineExecutor,
  singleUse,
  statusOf,
  type Executor,
  type Mark,
  type Outcome,
  type RootKeys,
} from '../../clients/sdk/index.ts';
import { limitInput, LIMITS, type LimitInput } from './limit-input.ts';

export class Limits {
  readonly executor: Executor;
  private readonly db: DatabaseSync;

  constructor(file: string, rootKeys: RootKeys, now: () => number = Date.now) {
    this.db = new DatabaseSync(file);
    this.db.exec(`
      CREATE TABLE IF NOT EXISTS limits (account TEXT PRIMARY KEY, amount INTEGER, version INTEGER NOT NULL) STRICT;
      CREATE TABLE IF NOT EXISTS operations (operation TEXT PRIMARY KEY, mark TEXT NOT NULL) STRICT;
    `);
    this.executor = defineExecutor<LimitInput>({
      ...{ ...LIMITS, schema: limitInput, rootKeys, now },
      plan: ({ account, limit }) => {
        const { amount, version } = this.read(account);
        return {
          facts: { account, raises: limit === null || (amount !== null && limit > amount) },
          precondition: { version },
          inverse: { account, limit: amount },
        };
      },
      apply: (input, { operation, precondition }) =>
        this.inTransaction((): Outcome => {
          const use = singleUse.apply(this.markOf(operation));
          if (use !== 'act') return use;
          const { version } = this.read(input.account);
          if ((precondition as { version: number }).version !== version) {
            this.mark(operation, 'refused');
            return { kind: 'refused', reason: `the limit of ${input.account} has changed since: it is at ${version}` };
          }
          this.write(input);
          this.mark(operation, 'applied');
          return { kind: 'applied' };
        }),
      undo: (inverse, { operation }) =>
        this.inTransaction((): Outcome => {
          const use = singleUse.undo(this.markOf(operation));
          if (use !== 'act' && use !== 'close') return use;
          if (use === 'act') this.write(inverse);
          this.mark(operation, 'undone');
          return { kind: 'applied' };
        }),
      status: (key) => statusOf(this.markOf(key.operation), key),
    });
  }

  /** Every limit there is. */
  all(): Record<string, number | null> {
    const rows = this.db.prepare('SELECT account, amount FROM limits WHERE amount IS NOT NULL ORDER BY account').all();
    return Object.fromEntries(rows.map(({ account, amount }) => [String(account), amount as number | null]));
  }

  close(): void {
    this.db.close();
  }

  private read(account: string): { readonly amount: number | null; readonly version: number } {
    const row = this.db.prepare('SELECT amount, version FROM limits WHERE account = ?').get(account);
    return row === undefined
      ? { amount: null, version: 0 }
      : { amount: row['amount'] as number | null, version: row['version'] as number };
  }

  /** The version grows with every write, so what was planned on another one is noticed. */
  private write({ account, limit }: LimitInput): void {
    this.db
      .prepare(
        `INSERT INTO limits VALUES (?, ?, 1)
         ON CONFLICT (account) DO UPDATE SET amount = excluded.amount, version = version + 1`,
      )
      .run(account, limit);
  }

  private markOf(operation: string): Mark | undefined {
    return this.db.prepare('SELECT mark FROM operations WHERE operation = ?').get(operation)?.['mark'] as
      Mark | undefined;
  }

  private mark(operation: string, mark: Mark): void {
    this.db
      .prepare('INSERT INTO operations VALUES (?, ?) ON CONFLICT (operation) DO UPDATE SET mark = excluded.mark')
      .run(operation, mark);
  }

  /** Begins for writing at once: two calls with one grant follow each other. */
  private inTransaction<T>(work: () => T): T {
    this.db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.db.exec('COMMIT');
      return result;
    } catch (error) {
      this.db.exec('ROLLBACK');
      throw error;
    }
  }
}
