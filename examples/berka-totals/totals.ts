/** A table becomes events, each recorded once however often it is sent; a module sums what it receives, in cents, by account. */
import { readFileSync } from 'node:fs';
import type { Client, RunningSubscription } from 'nervous-system/sdk';
import type { config } from './nervous.config.ts';

const BATCH = 100;
/** Of the Berka data set: income, and two words for what was taken out. */
const KINDS: Readonly<Record<string, 'credit' | 'debit'>> = { PRIJEM: 'credit', VYDAJ: 'debit', VYBER: 'debit' };

/** @returns how many rows there are */
export async function publishTable(bank: Client<typeof config>, file: string): Promise<number> {
  const [, ...rows] = readFileSync(file, 'utf8').trim().split('\n');
  const events = rows.map((row) => {
    const [id = '', account = '', , type = '', , amount = ''] = row.split(';').map((cell) => cell.replaceAll('"', ''));
    const kind = KINDS[type];
    if (kind === undefined) throw new Error(`row ${id}: type is "${type}"`);
    // The row's own number is the event's: sent again, it is the same event.
    return {
      topic: 'transactions.new',
      eventId: `trans-${id}`,
      entityId: `account:${account}`,
      payload: { amount, kind },
    } as const;
  });
  for (let i = 0; i < events.length; i += BATCH) await bank.publishBatch(events.slice(i, i + BATCH), { atomic: true });
  return rows.length;
}

export class Totals {
  readonly cents = new Map<string, bigint>();
  received = 0;

  start(client: Client<typeof config>): Promise<RunningSubscription> {
    return client.subscribe(
      { id: 'totals', topics: ['transactions.*'], order: 'entity', startAt: 'earliest' },
      (event) => {
        const { amount, kind } = event.payload;
        const cents = BigInt(amount.replace('.', '')) * (kind === 'credit' ? 1n : -1n); // never a float
        this.cents.set(event.entityId, (this.cents.get(event.entityId) ?? 0n) + cents);
        this.received += 1;
      },
    );
  }
}
