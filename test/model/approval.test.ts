/**
 * Whatever proposers, approvers with several accounts, people who come and go, changing rules, time, forged and doubled
 * callbacks and deaths at any write do in whatever order: nothing runs that was not approved, nothing runs twice, nothing
 * is lost. `APPROVAL_RUNS=10000 npx vitest run test/model` runs more of them.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalize } from '../../core/canonical/index.ts';
import { createDocumentStore, foldChange, verifyState, type ChainEntry } from '../../core/changes/index.ts';
import { toHex } from '../../core/canonical/index.ts';
import { parseEntry } from '../../core/ledger/index.ts';
import { replayed } from '../support/replayed.ts';
import { anyCommands, statement, type Model } from './approval-commands.ts';
import { judge } from './approval-oracle.ts';
import { ApprovalFixture, ENTITIES, LEDGER, POLICY_ENTITY } from './approval-fixture.ts';

const RUNS = Number(process.env['APPROVAL_RUNS'] ?? 100);
const DAY_MS = 86_400_000;

it(`keeps its invariants in ${RUNS} random lives`, { timeout: 7_200_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(anyCommands, async (commands) => {
      const fixture = new ApprovalFixture();
      await fixture.prepare();
      const model: Model = { shown: new Map(), spent: [], lent: undefined, nonces: 0, proposals: 0 };
      await fc.asyncModelRun(() => ({ model, real: fixture }), commands);
      await comeToRest(fixture, [...model.shown.keys()]);
      expect(judge(await fixture.entries(), fixture.rules)).toEqual([]);
      for (const entity of [...ENTITIES, POLICY_ENTITY]) await expectProven(fixture, entity);
      // Nobody is accused of what they were entitled to, whether or not the order of the log is that of the commits.
      for (const isCommitOrder of [true, false])
        expect((await replayed(fixture.stores, { isCommitOrder })).finding).toBeUndefined();
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 7_000_000, markInterruptAsFailure: true },
  );
});

/** No wake-up is lost: once everything's time has passed, nothing waits any more. */
async function comeToRest(fixture: ApprovalFixture, ids: readonly string[]): Promise<void> {
  await fixture.restart();
  await resolveAll(fixture, ids);
  for (const days of [0, 1, 8]) {
    await fixture.clock.advance(days * DAY_MS);
    for (let rounds = 0; rounds < 3; rounds++) for (const id of ids) await fixture.process(0).advance(id);
  }
  expect(await fixture.process(0).openIds({ limit: 100 })).toEqual([]);
}

/** What only people can end: everybody is back, and two of those who had no part in it agree. */
async function resolveAll(fixture: ApprovalFixture, ids: readonly string[]): Promise<void> {
  await fixture.govern({ without: [], strict: false });
  for (const id of ids)
    for (const account of ['bob', 'carl', 'dora', 'eli']) {
      const { state, proposer } = await fixture.process(0).get(fixture.who('eli'), id);
      if (state === 'rollback_failed' && proposer.id !== account)
        await fixture.process(0).resolve(fixture.who(account), id, statement('rolled_back'));
    }
}

/** The records are the folds of their entries, and the document is what the chain leads to. */
async function expectProven(fixture: ApprovalFixture, entity: string): Promise<void> {
  const chain: ChainEntry[] = (await fixture.stores.read(entity, 0, 100_000)).map(({ note, hash }) => {
    const parsed = parseEntry(note);
    if (parsed.kind !== 'entry') throw new Error(parsed.reason);
    return { body: parsed.body, hash: toHex(hash) };
  });
  const { document, version, hash } = await createDocumentStore(LEDGER, fixture.stores).read(entity);
  expect(verifyState(entity, chain)).toEqual({ kind: 'state', document, version, hash });
  const ids = new Set(chain.map(({ body }) => body.data['change']).filter((id) => typeof id === 'string'));
  for (const id of ids) {
    const folded = foldChange(
      chain.filter(({ body }) => body.type.startsWith('change.') && body.data['change'] === id),
    );
    const stored = (await fixture.stores.get({ pk: `${LEDGER}#change`, sk: id }))?.value;
    expect(folded.kind === 'record' && canonicalize(folded.record)).toBe(canonicalize(stored));
  }
}
