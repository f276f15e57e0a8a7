/**
 * The executor `refunds`: what an approved change-set pays back. What makes it right is one thing: the effect and the mark of
 * the operation are written in one transaction, so that whatever dies, a refund is paid once or not at all.
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
} from 'nervous-system/sdk';
import { refundInput, REFUNDS, type RefundInput } from './refund-input.ts';

export class Refunds {
  readonly executor: Executor;
  private readonly db: DatabaseSync;

  /** @param now milliseconds since the Unix epoch */
  constructor(file: string, rootKeys: RootKeys, now: () => number = Date.now) {
    this.db = new DatabaseSync(file);
    this.db.exec(`
      CREATE TABLE IF NOT EXISTS refunds (customer_order TEXT PRIMARY KEY, cents INTEGER NOT NULL) STRICT;
      CREATE TABLE IF NOT EXISTS operations (operation TEXT PRIMARY KEY, mark TEXT NOT NULL) STRICT;
    `);
    this.executor = defineExecutor<RefundInput>({
      ...{ ...REFUNDS, schema: refundInput, rootKeys, now },
      plan: ({ order, cents }) => {
        const before = this.paid(order);
        return { facts: { order, cents }, precondition: { before }, inverse: { order, cents: before } };
      },
      apply: (input, { operation, precondition }) =>
        this.inTransaction((): Outcome => {
          const use = singleUse.apply(this.markOf(operation));
          if (use !== 'act') return use;
          const before = this.paid(input.order);
          if ((precondition as { before: number }).before !== before) {
            this.mark(operation, 'refused');
            return {
              kind: 'refused',
              reason: `order ${input.order} has been refunded in the meantime: ${before} cents`,
            };
          }
          this.pay(input);
          this.mark(operation, 'applied');
          return { kind: 'applied' };
        }),
      undo: (inverse, { operation }) =>
        this.inTransaction((): Outcome => {
          const use = singleUse.undo(this.markOf(operation));
          if (use !== 'act' && use !== 'close') return use;
          if (use === 'act') this.pay(inverse);
          this.mark(operation, 'undone');
          return { kind: 'applied' };
        }),
      status: (key) => statusOf(this.markOf(key.operation), key),
    });
  }

  /** Order → cents, of every refund there is. */
  all(): Record<string, number> {
    const rows = this.db.prepare('SELECT customer_order, cents FROM refunds WHERE cents > 0 ORDER BY 1').all();
    return Object.fromEntries(rows.map(({ customer_order, cents }) => [String(customer_order), Number(cents)]));
  }

  close(): void {
    this.db.close();
  }

  private paid(order: string): number {
    return Number(this.db.prepare('SELECT cents FROM refunds WHERE customer_order = ?').get(order)?.['cents'] ?? 0);
  }

  private pay({ order, cents }: RefundInput): void {
    this.db.prepare('INSERT OR REPLACE INTO refunds VALUES (?, ?)').run(order, cents);
  }

  private markOf(operation: string): Mark | undefined {
    const row = this.db.prepare('SELECT mark FROM operations WHERE operation = ?').get(operation);
    return row?.['mark'] as Mark | undefined;
  }

  private mark(operation: string, mark: Mark): void {
    this.db.prepare('INSERT OR REPLACE INTO operations VALUES (?, ?)').run(operation, mark);
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
