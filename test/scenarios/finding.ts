/** U8: change-sets are found, looked at and proven through the API alone, the same on every engine. */
import { expect } from 'vitest';
import { reportApprovals, type ReportEntry } from '../../core/changes/index.ts';
import { parseProof } from '../../core/ledger/index.ts';
import { freshAccount, until, type Scenario, type Fixture } from './fixture.ts';

async function* chainOf(fixture: Fixture, entity: string): AsyncGenerator<ReportEntry> {
  const { entries } = await fixture.as('eva').entries(entity, { limit: 100 });
  yield* entries;
}

export const finding: readonly Scenario[] = [
  {
    name: 'change-sets are found by person, level and time, and say beforehand who may decide',
    run: async (fixture) => {
      const entity = freshAccount();
      const bot = fixture.as('budget-bot');
      const operations = [{ type: 'state.put', payload: { currency: 'CZK', limit: '20000.00' } }];
      const { change } = await bot.propose({ entityId: entity, title: 'A limit', rationale: 'Asked', operations });
      const eva = fixture.as('eva');
      const find = async (query: Parameters<typeof eva.changeSets>[0]): Promise<string[]> =>
        (await eva.changeSets({ entity, ...query })).changes.map(({ id }) => id);
      const soon = new Date(Date.now() + 3_600_000).toISOString();
      const before = new Date(Date.now() - 3_600_000).toISOString();
      expect(await find({ level: 'L2', person: 'ana', from: before, to: soon })).toEqual([change.id]);
      expect(await find({ level: 'L4' })).toEqual([]);
      expect(await find({ person: 'boris' })).toEqual([]);
      expect(await find({ to: before })).toEqual([]);
      expect(await find({ from: soon })).toEqual([]);
      expect(await fixture.as('ana').changeSet(change.id)).toMatchObject({
        ...{ mayVoteAs: [], mayNotVote: { code: 'SELF_APPROVAL' } },
      });
      expect(await bot.changeSet(change.id)).toMatchObject({ mayNotVote: { code: 'AGENTS_CANNOT_DECIDE' } });
      const shown = await fixture.as('boris').changeSet(change.id);
      expect(shown).toMatchObject({ mayVoteAs: [{ personId: 'boris' }] });
      await fixture.as('boris').decide(shown, 'reject', { reason: 'no' });
      expect(await find({ person: 'boris', status: 'rejected' })).toEqual([change.id]);
      const { rows } = await reportApprovals(chainOf(fixture, entity));
      expect(rows).toMatchObject([{ person: 'boris', decision: 'reject', level: 'L2', outcome: 'rejected' }]);
    },
  },
  {
    name: 'an entry is proven through the client, with its checkpoint and the files of the log',
    run: async (fixture) => {
      const entityId = freshAccount();
      const payload = { amount: '1.00', kind: 'credit' } as const;
      const { seq } = await fixture.as('bank-feed').publish({ topic: 'transactions.new', entityId, payload });
      const eva = fixture.as('eva');
      const proof = await until('the entry should be published', () => eva.proof(entityId, seq).catch(() => undefined));
      const parsed = parseProof(proof);
      expect(parsed).toMatchObject({ index: expect.any(Number) as number });
      const size = Number(
        Buffer.from(await eva.checkpoint())
          .toString('utf8')
          .split('\n', 2)[1],
      );
      expect(size).toBeGreaterThan('index' in parsed ? parsed.index : Infinity);
      await expect(eva.logFile('tile/entries/999')).rejects.toMatchObject({ code: 'TILE_NOT_FOUND' });
    },
  },
];
