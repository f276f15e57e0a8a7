/** The events that every variant publishes: transactions of the Berka sample, cycled, of as many accounts as the bank had. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './programs.ts';

const SAMPLE = join(ROOT, 'test/samples/berka/trans.csv');
const PAYLOAD_BYTES = 200;
const ACCOUNTS = 1_178;
const KINDS: Readonly<Record<string, string>> = { PRIJEM: 'credit', VYDAJ: 'debit', VYBER: 'cash-debit' };

/** One line of JSON an event: entity, id, payload. The sample has 376 accounts; each cycle through it goes to others. */
export function writeEvents(path: string, count: number): void {
  const rows = readFileSync(SAMPLE, 'utf8').trim().split('\n').slice(1).map(fieldsOf);
  const accounts = new Map<string, number>();
  for (const [, account = ''] of rows) if (!accounts.has(account)) accounts.set(account, accounts.size);
  const lines = Array.from({ length: count }, (_, i) => {
    const row = rows[i % rows.length] ?? [];
    const cycle = Math.floor(i / rows.length);
    const account = ((accounts.get(row[1] ?? '') ?? 0) + cycle * accounts.size) % ACCOUNTS;
    return JSON.stringify({
      entity: `account:${account}`,
      id: `trans-${row[0] ?? ''}-${cycle}`,
      payload: payloadOf(row),
    });
  });
  writeFileSync(path, `${lines.join('\n')}\n`);
}

function fieldsOf(line: string): string[] {
  return line.split(';').map((field) => field.replace(/^"|"$/g, ''));
}

function payloadOf(row: readonly string[]): object {
  const [, , day = '', type = '', operation = '', amount = '', balance = '', symbol = ''] = row;
  const money = (text: string): string => {
    const [whole = '', cents = ''] = text.split('.');
    return `${whole}.${cents.padEnd(2, '0')}`;
  };
  const payload = {
    ...{ amount: money(amount), kind: KINDS[type] ?? 'credit', currency: 'CZK' },
    date: `19${day.slice(0, 2)}-${day.slice(2, 4)}-${day.slice(4, 6)}`,
    balance: money(balance),
    ...(symbol.trim() === '' ? {} : { kSymbol: symbol.trim() }),
  };
  const left = PAYLOAD_BYTES - JSON.stringify(payload).length - '"operation":"",'.length;
  return { ...payload, operation: `${operation} `.padEnd(Math.max(operation.length + 1, left), '.') };
}
