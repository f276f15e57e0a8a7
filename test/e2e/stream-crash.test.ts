/** kill -9 while a stream runs: whoever follows it with the client sees every recorded event once, in the order of the log. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createClient, type Client } from '../../clients/sdk/index.ts';
import type { config } from '../../nervous.config.ts';
import { killDevEngines, startDevEngine } from './dev-engine.ts';

const ROUNDS = 3;
const dataDir = mkdtempSync(join(tmpdir(), 'nervous-stream-crash-'));
afterAll(() => {
  killDevEngines();
  rmSync(dataDir, { recursive: true, force: true });
});

it('neither loses nor repeats an event', async () => {
  let engine = await startDevEngine(dataDir);
  const { url, tokens } = engine;
  const as = (id: string): Client<typeof config> => createClient<typeof config>({ url, token: tokens[id] ?? '' });
  const stop = new AbortController();
  const seen: string[] = [];
  const following = (async () => {
    for await (const { event } of as('eva').stream({ topics: ['transactions.*'], signal: stop.signal }))
      seen.push(event.eventId);
  })();
  const acknowledged = new Set<string>();
  const publishing = (async () => {
    const hasEnough = (): boolean => stop.signal.aborted;
    for (let i = 0; !hasEnough(); i++) {
      const payload = { amount: '1.00', kind: 'credit' } as const;
      const event = { topic: 'transactions.new', entityId: `account:${i % 5}`, eventId: `e-${i}`, payload } as const;
      while (!hasEnough() && !acknowledged.has(event.eventId))
        await as('bank-feed')
          .publish(event)
          .then(
            ({ eventId }) => acknowledged.add(eventId),
            () => undefined,
          );
    }
  })();
  for (let round = 1; round <= ROUNDS; round++) {
    const enough = seen.length + 40;
    while (seen.length < enough) await new Promise((resolve) => setTimeout(resolve, 5));
    engine.child.kill('SIGKILL');
    await once(engine.child, 'exit');
    engine = await startDevEngine(dataDir, new URL(url).port);
  }
  const enough = seen.length + 40;
  while (seen.length < enough) await new Promise((resolve) => setTimeout(resolve, 5));
  stop.abort();
  await Promise.all([following, publishing]);

  const recorded: string[] = [];
  for await (const { event } of as('eva').feed({ topics: ['transactions.*'], live: false }))
    recorded.push(event.eventId);
  expect(seen).toEqual(recorded.slice(0, seen.length));
  expect(acknowledged.difference(new Set(recorded))).toEqual(new Set());
  expect(seen.length).toBeGreaterThan(ROUNDS * 40);
  engine.child.kill('SIGTERM');
  await once(engine.child, 'exit');
});
