/** A row of trans.csv as an event, and the money it moves. Amounts are exact: decimal strings outside, cents inside. */
import type { PublishInput } from '../../clients/sdk/index.ts';
import type { config } from '../../nervous.config.ts';
import { CsvError, field, isoDate, readCsv } from './read-csv.ts';

export type Transaction = Extract<PublishInput<typeof config>, { topic: 'transactions.new' }>;

/** Tells the replayed events from others of the same topic. */
export const EVENT_PREFIX = 'trans-';
const COLUMNS = [
  'trans_id',
  'account_id',
  'date',
  'type',
  'operation',
  'amount',
  'balance',
  'k_symbol',
  'bank',
  'account',
];
const KINDS: Readonly<Record<string, 'credit' | 'debit' | 'cash-debit'>> = {
  PRIJEM: 'credit',
  VYDAJ: 'debit',
  VYBER: 'cash-debit',
};
const ID = /^\d{1,20}$/;

/** @param limit rows at most */
export async function* readTransactions(
  path: string,
  limit = Infinity,
): AsyncGenerator<Transaction & { readonly entityId: string }> {
  let rows = 0;
  for await (const { row, line } of readCsv(path, COLUMNS)) {
    if (++rows > limit) return;
    const kind = KINDS[row['type'] ?? ''];
    if (kind === undefined)
      throw new CsvError(`line ${line}: type is "${row['type']}", expected PRIJEM, VYDAJ or VYBER`);
    const optional = {
      operation: row['operation'],
      kSymbol: row['k_symbol']?.trim(),
      bank: row['bank'],
      account: row['account'],
    };
    yield {
      eventId: `${EVENT_PREFIX}${field(row, 'trans_id', ID, line)}`,
      topic: 'transactions.new',
      entityId: `account:${field(row, 'account_id', ID, line)}`,
      payload: {
        amount: twoDecimals(field(row, 'amount', /^\d{1,15}(\.\d{1,2})?$/, line)),
        kind,
        currency: 'CZK',
        date: isoDate(row, line),
        balance: twoDecimals(field(row, 'balance', /^-?\d{1,15}(\.\d{1,2})?$/, line)),
        ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined && value !== '')),
      },
    };
  }
}

/** Cents with their sign: what comes in counts plus. */
export function signedCents({ amount, kind }: { readonly amount: string; readonly kind: string }): bigint {
  const cents = BigInt(amount.replace('.', ''));
  return kind === 'credit' ? cents : -cents;
}

export function decimal(cents: bigint): string {
  const digits = String(cents < 0n ? -cents : cents).padStart(3, '0');
  return `${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

function twoDecimals(amount: string): string {
  const [whole = '', fraction = ''] = amount.split('.');
  return `${whole}.${fraction.padEnd(2, '0')}`;
}
