/**
 * The whole story on one page: publish, deliver, propose, assess, refuse, approve, execute, verify, tamper, find out.
 * Runs on an engine of its own in a temporary folder; ends with 1 and a sentence when anything is not as told.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEngine, verifyDataDir } from '../../adapters/embedded/index.ts';
import { createClient, type Client } from '../../clients/sdk/index.ts';
import { config } from '../../nervous.config.ts';
import { detail, expect, refusal, step } from './narrate.ts';
import { decideWithCopiedNonce, flipStoredByte } from './tamper.ts';

const ACCOUNT = 'account:1695';
/** ms until something that should have happened counts as missing */
const PATIENCE_MS = 120_000;

if (process.argv.length > 2) {
  console.error('npm run demo: tells its story on an engine of its own; takes no options');
  process.exit(process.argv.includes('--help') ? 0 : 2);
}
const dataDir = mkdtempSync(join(tmpdir(), 'nervous-demo-'));
try {
  await tellOnRunningEngine();
  await tellOnStoppedEngine();
  console.log('\nThat is the main job: one signed record, no change without approval, and no quiet edit.');
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}

async function tellOnRunningEngine(): Promise<void> {
  step('Start the engine: one process, one SQLite file');
  const engine = await startEngine({ config, dataDir });
  try {
    detail(`listening on ${engine.url}, data in ${dataDir}`);
    const as = (id: string): Client<typeof config> =>
      createClient<typeof config>({ url: engine.url, token: engine.tokens[id] ?? `no-token-for-${id}` });
    await publishAndReceive(as);
    await proposeAndApprove(as, engine.url, engine.tokens);
    await verifyLedger(as);
  } finally {
    await engine.close();
  }
}

type As = (principal: string) => Client<typeof config>;

async function publishAndReceive(as: As): Promise<void> {
  step('budget-engine subscribes, bank-feed publishes');
  const received: string[] = [];
  const subscription = await as('budget-engine').subscribe({ topics: ['transactions.*'] }, (event) => {
    received.push(`${event.topic} ${event.eventId} on ${event.entityId}, link #${event.ledger.seq}`);
  });
  const event = {
    eventId: 'trans-1',
    topic: 'transactions.new',
    entityId: ACCOUNT,
    payload: { amount: '3200.00', kind: 'credit', currency: 'CZK' },
  } as const;
  const first = await as('bank-feed').publish(event);
  detail(`${first.status}: link #${first.seq} of ${first.entity}, hash ${first.hash.slice(0, 16)}…`);
  const again = await as('bank-feed').publish(event);
  detail(`the same again: ${again.status}, still link #${again.seq}`);
  expect(first.status === 'accepted' && again.status === 'duplicate', 'publishing twice must record once');
  try {
    await until(async () => received.length > 0, 'the subscriber must receive the event');
  } finally {
    await subscription.stop();
  }
  expect(received.length === 1, 'the subscriber must receive the event once');
  detail(`budget-engine received ${received.join()}`);
}

async function proposeAndApprove(as: As, url: string, tokens: Readonly<Record<string, string>>): Promise<void> {
  step('The agent budget-bot proposes a credit limit');
  const { change } = await as('budget-bot').propose({
    entityId: ACCOUNT,
    title: 'Give the account a credit limit',
    rationale: 'Regular income of 3200.00 and no rejected payment in a year',
    operations: [{ type: 'state.put', payload: { currency: 'CZK', limit: '20000.00' } }],
  });
  detail(`change-set ${change.id} is ${change.state}`);
  detail(
    `risk ${change.risk?.level}, by rule "${change.risk?.matched.join('", "')}"; needs ${change.stillNeeded?.text}`,
  );
  expect(change.risk?.level === 'L2', 'a limit of 20000 must be of level L2');

  step('Approvals that do not count');
  await refusal('budget-bot approves its own', 'AGENTS_CANNOT_DECIDE', as('budget-bot').decide(change, 'approve'));
  await refusal('ana, who answers for it, approves', 'SELF_APPROVAL', as('ana').decide(change, 'approve'));
  const forged = { ...change, contentHash: '0'.repeat(64) } as typeof change;
  await refusal('boris is shown other content', 'NOT_AS_SHOWN', as('boris').decide(forged, 'approve'));
  const other = as('boris').decide(forged, 'reject', { reason: 'not this' });
  await refusal('boris decides on other content', 'DECISION_STALE', other);
  await refusal('somebody without a token approves', 'UNAUTHENTICATED', as('nobody').decide(change, 'approve'));

  step('Two people approve');
  const half = await as('boris').decide(change, 'approve');
  detail(`boris approves; needs ${half.change.stillNeeded?.text}`);
  await refusal('boris again, from his phone', 'ALREADY_VOTED', as('boris-mobile').decide(change, 'approve'));
  const copied = decideWithCopiedNonce({
    url,
    token: tokens['clara'],
    change,
    entries: await as('clara').entries(ACCOUNT),
  });
  await refusal("boris' decision, copied for clara", 'DECISION_REPLAYED', copied);
  const whole = await as('clara').decide(change, 'approve');
  detail(`clara approves; the change-set is ${whole.change.state}`);

  step('It executes');
  await until(async () => (await as('eva').changeSet(change.id)).state === 'executed', 'the change-set must execute');
  const { document, version, head } = await as('eva').entity(ACCOUNT);
  detail(`${ACCOUNT}, version ${version}: ${JSON.stringify(document)}; its chain has ${head.seq + 1} links`);
  expect(document?.['limit'] === '20000.00', 'the document must hold the approved limit');
}

async function verifyLedger(as: As): Promise<void> {
  step('eva, an auditor, verifies the whole ledger');
  const report = await as('eva').verifyAll();
  detail(
    `${report.verdict}: ${report.entries} entries in ${report.chains} chains; checked ${report.checked.join(', ')}`,
  );
  expect(report.verdict === 'OK', 'an untouched ledger must verify');
}

async function tellOnStoppedEngine(): Promise<void> {
  step('The engine is stopped and one stored byte is changed, behind its back');
  const seq = 0;
  detail(flipStoredByte(dataDir, ACCOUNT, seq));
  const { verdict, firstBad } = await verifyDataDir(dataDir);
  detail(`${verdict} at link #${firstBad?.seq} of ${firstBad?.entity}: ${firstBad?.detail}`);
  const isFound = verdict === 'CONTENT_MISMATCH' && firstBad?.entity === ACCOUNT && firstBad.seq === seq;
  expect(isFound, 'verification must name the entry that was changed');
}

async function until(isDone: () => Promise<boolean>, expectation: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isDone())) {
    expect(performance.now() < deadline, expectation);
    await sleep(10);
  }
}
