/**
 * Everything goes wrong at once, on any DynamoDB: answers and requests get lost, tries are throttled, two processes write the
 * same chains and two sequencers place them. Afterwards nothing acknowledged is missing and nothing is there twice.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { DynamoStore } from '../../../../adapters/aws/dynamo/dynamo-store.ts';
import { createSequencer } from '../../../../adapters/aws/dynamo/sequencer.ts';
import { appenderOn, note, recordedIds, soundLog } from '../../../core/ledger/ledger-fixture.ts';

interface StormPlace {
  readonly client: DynamoDBClient;
  readonly entriesTable: string;
  readonly stateTable: string;
  readonly ledger: string;
  readonly close: () => Promise<void>;
}

/** Loses one request in five, half of them after they were applied. The same seed loses the same ones, as far as order allows. */
export function loseMessages(client: DynamoDBClient, seed: number): { readonly losses: () => number; stop(): void } {
  let state = seed;
  let losses = 0;
  let isOn = true;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  client.middlewareStack.add(
    (next) => async (args) => {
      const fate = isOn ? random() : 1;
      if (fate > 1 / 5) return next(args);
      losses += 1;
      if (fate < 1 / 10) await next(args);
      throw Object.assign(new Error('the answer got lost'), { name: 'TimeoutError' });
    },
    { step: 'deserialize', name: 'loseMessages', priority: 'low' },
  );
  return { losses: () => losses, stop: () => void (isOn = false) };
}

export function describeStorm(name: string, open: () => Promise<StormPlace>): void {
  describe(`a storm on ${name}`, () => {
    it.each([1, 2, 3])('loses nothing acknowledged and doubles nothing (seed %i)', async (seed) => {
      const { close, ...place } = await open();
      const sleep = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
      const stores = [1, 2].map(() => new DynamoStore({ ...place, sleep }));
      const storm = loseMessages(place.client, seed * 7_919);
      const acknowledged = new Set<string>();
      const publish = async (store: DynamoStore, writer: number): Promise<void> => {
        const appender = appenderOn(store);
        // Eight at a time write one after the other, so that there are many small commits.
        const publisher = async (p: number): Promise<void> => {
          for (let i = 0; i < 10; i++) {
            const id = `${writer}-${p}-${i}`;
            for (let isDone = false; !isDone;)
              isDone = await appender.append({ entries: [note(`account:${(p + i) % 5}`, id)] }).then(
                () => true,
                () => false, // the outcome is not known, or it was too busy: the same id again
              );
            acknowledged.add(id);
          }
        };
        await Promise.all(Array.from({ length: 8 }, (_, p) => publisher(p)));
      };
      let isWriting = true;
      const sequencing = async (store: DynamoStore): Promise<void> => {
        const sequencer = createSequencer({ store });
        while (isWriting) await sequencer.catchUp().catch(() => undefined);
      };
      const placing = stores.map(sequencing);
      await Promise.all(stores.map(publish));
      isWriting = false;
      await Promise.all(placing);
      storm.stop();
      expect(storm.losses()).toBeGreaterThan(20);
      const [store] = stores as [DynamoStore];
      await createSequencer({ store }).catchUp();
      await soundLog(store);
      expect((await recordedIds(store)).sort()).toEqual([...acknowledged].sort());
      expect(acknowledged.size).toBe(160);
      await close();
    });
  });
}
