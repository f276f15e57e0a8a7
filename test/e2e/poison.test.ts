/** V9: an entry that says it is an event and holds nonsense, signed with a key of the ledger, is in nobody's way. */
import { afterAll, expect, it } from 'vitest';
import { startEngine } from '../../adapters/embedded/index.ts';
import type { EntryDraft } from '../../core/ledger/index.ts';
import { config } from '../../nervous.config.ts';
import { forge, newDir, removeDirs, round, withEngine } from './tamper-fixture.ts';

afterAll(removeDirs);

it('V9: delivery, feed, map and reads step over an event of nonsense and keep it where auditors look', async () => {
  const dir = newDir();
  await withEngine(dir, (engine) => round(engine, '1.00', [0]));
  const poison: EntryDraft = {
    ...{ type: 'event', actor: { kind: 'module', id: 'bank-feed' }, idem: 'poison', data: { nonsense: 1 } },
  };
  await forge(dir, [{ chain: 'account:0', draft: poison }]);
  const engine = await startEngine({ config, dataDir: dir });
  try {
    const { system, tokens, url } = engine;
    await round(engine, '2.00', [0]);
    const as = (id: string) => {
      const principal = system.policy.principal(id);
      if (principal === undefined) throw new Error(`the sample roster has no ${id}`);
      return principal;
    };
    const [reader, auditor] = [as('reporting'), as('eva')];
    await system.subscriptions.create(reader, { id: 'all', topics: ['transactions.*'], startAt: 'earliest' });
    const messages = await system.subscriptions.receive(reader, 'all', { max: 10, waitMs: 20_000 });
    expect(messages.map(({ event }) => event.payload['amount'])).toEqual(['1.00', '2.00']);
    for (const path of [
      '/v1/feed?limit=10',
      '/v1/map?observe=100',
      '/v1/entities/account%3A0/entries?verify=1',
      '/v1/events/poison',
    ]) {
      const answer = await fetch(url + path, { headers: { authorization: `Bearer ${tokens['eva'] ?? ''}` } });
      expect(answer.status, path).toBeLessThan(500);
    }
    const kept = await system.quarantined(auditor, { limit: 10 });
    expect(kept.map(({ event }) => event)).toMatchObject([{ entity: 'account:0', seq: 1 }]);
  } finally {
    await engine.close();
  }
});
