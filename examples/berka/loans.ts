/**
 * Loans become change-sets: budget-bot proposes, people approve as the risk asks. Large ones (L3) stay approved under
 * their time lock; the rest is executed.   node examples/berka/loans.ts <loan.csv> [--limit <n>]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createClient, type Client } from '../../clients/sdk/index.ts';
import type { ChangeView } from '../../core/changes/index.ts';
import { field, isoDate, readCsv, type Row } from './read-csv.ts';
import { openTarget } from './target.ts';

const COLUMNS = ['loan_id', 'account_id', 'date', 'amount', 'duration', 'payments', 'status'];
/** Who approves for a role; ana is left out because she answers for the agent. */
const APPROVERS: Readonly<Record<string, string>> = { owner: 'boris', peer: 'clara', risk: 'dan', security: 'eva' };
const PATIENCE_MS = 120_000;

const { values, positionals } = parseArgs({ allowPositionals: true, options: { limit: { type: 'string' } } });
try {
  const [path] = positionals;
  if (path === undefined) throw new Error('name the file: node examples/berka/loans.ts <loan.csv> [--limit <n>]');
  const limit = Number(values.limit ?? Infinity);
  if (!(limit > 0)) throw new Error(`--limit is "${values.limit}", expected a positive number`);
  const target = await openTarget({});
  try {
    await runLoans(path, limit, (id) => createClient({ url: target.url, token: target.token(id) }));
  } finally {
    await target.close();
  }
} catch (error) {
  console.error(`loans failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

async function runLoans(path: string, limit: number, as: (id: string) => Client): Promise<void> {
  const start = performance.now();
  const counts = new Map<string, number>();
  let loans = 0;
  for await (const { row, line } of readCsv(path, COLUMNS)) {
    if (loans >= limit) break;
    loans += 1;
    const { risk, state } = await assessed(as, await decideOnLoan(as, row, line));
    const key = `${risk?.level} ${state}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const perSecond = (loans / (performance.now() - start)) * 1000;
  console.log([...counts].map(([key, count]) => `${key}: ${count}`).join('\n'));
  console.log(
    `${loans} loans, ${perSecond.toFixed(1)} per second; ledger verified: ${(await as('eva').verifyAll()).verdict}`,
  );
}

async function decideOnLoan(as: (id: string) => Client, row: Row, line: number): Promise<ChangeView> {
  const id = field(row, 'loan_id', /^\d{1,20}$/, line);
  const loan = {
    amount: field(row, 'amount', /^\d{1,15}(\.\d{1,2})?$/, line),
    months: Number(field(row, 'duration', /^\d{1,4}$/, line)),
    payment: field(row, 'payments', /^\d{1,15}(\.\d{1,2})?$/, line),
    status: field(row, 'status', /^[A-D]$/, line),
    date: isoDate(row, line),
  };
  const entityId = `account:${field(row, 'account_id', /^\d{1,20}$/, line)}`;
  const { change } = await as('budget-bot').propose(
    {
      entityId,
      title: `Grant loan ${id}`,
      rationale: `${loan.amount} over ${loan.months} months`,
      operations: [{ type: 'state.put', payload: { loans: { [id]: loan } }, baseVersion: 0 }],
    },
    { idempotencyKey: `loan-${id}` },
  );
  let decided = change;
  for (const role of change.risk?.roles ?? []) {
    decided = (await as(APPROVERS[role] ?? role).decide(change, 'approve')).change;
  }
  return decided;
}

/** Waits for the execution, unless a time lock stands before it. */
async function assessed(as: (id: string) => Client, change: ChangeView): Promise<ChangeView> {
  const deadline = performance.now() + PATIENCE_MS;
  let now = change;
  while (['approved', 'executing'].includes(now.state) && now.risk?.timelockMinutes === 0) {
    if (performance.now() > deadline) throw new Error(`change-set ${change.id} stays ${now.state}`);
    await sleep(2);
    now = await as('eva').changeSet(change.id);
  }
  return now;
}
