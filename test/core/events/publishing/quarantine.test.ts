/** What arrived and could not be taken: kept once for each content, whatever it is. */
import { expect, it } from 'vitest';
import { FakeClock, MemoryStore } from '../../../../adapters/memory/index.ts';
import { createQuarantine } from '../../../../core/events/index.ts';

it('keeps each content under an id of its own, and the same content once', async () => {
  const quarantine = createQuarantine({ ledger: 'main', items: new MemoryStore(), clock: new FakeClock() });
  const ids: string[] = [];
  for (const event of [{ a: 1 }, { a: 2 }, 'x', 'y', null, [1], { a: '\ud800' }, { a: '\ud801' }])
    ids.push((await quarantine.keep(event, 'why')).id);
  expect(new Set(ids).size).toBe(ids.length);
  expect((await quarantine.keep({ a: 1 }, 'another reason')).id).toBe(ids[0]);
  const listed = await quarantine.list({ limit: 100 });
  expect(listed).toHaveLength(ids.length);
  expect(listed.find(({ id }) => id === ids[0])).toMatchObject({ reason: 'why', event: { a: 1 } });
});
