/**
 * Relay marks: which events were handed to EventBridge, one item per round and minute of recording, so that the sweeper
 * finds the rest. A minute has several partitions, for DynamoDB takes about 1,000 writes a second in each. A lost mark costs a second delivery, never an event. The table forgets marks by itself.
 */
import * as z from 'zod';
import { randomInt, randomUUID } from 'node:crypto';
import { PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { ItemStore } from '../../../core/ledger/index.ts';
import { codecOf, defined, MS_PER_SECOND } from '../../../core/values/index.ts';

/** Longer than any sweeper outage that should not end in deliveries coming twice. */
const KEPT_SECONDS = 2 * 86_400;
/** 1,000 places of at most 150 characters stay below DynamoDB's 400 KB. */
const PLACES_PER_MARK = 1_000;
const MINUTE_CHARS = 'YYYY-MM-DDTHH:MM'.length;
const PAGE = 1_000;
/** Partitions of a minute: 8,000 rounds a second, and eight small reads per minute with events. */
export const MARK_SHARDS = 8;

/** A recorded event: where, and when (ISO 8601 UTC). */
export const marksCodec = codecOf<readonly string[]>('relay mark', z.array(z.string()));

export interface RecordedPlace {
  readonly chain: string;
  readonly seq: number;
  readonly at: string;
}

export interface RelayMarks {
  write(places: readonly RecordedPlace[]): Promise<void>;
  /** @returns those of `places` that carry a mark, as `chain#seq` */
  read(places: readonly RecordedPlace[]): Promise<ReadonlySet<string>>;
}

export interface DynamoRelayMarksOptions {
  readonly client: DynamoDBClient;
  readonly stateTable: string;
  readonly ledger: string;
  readonly items: Pick<ItemStore, 'list'>;
}

export class DynamoRelayMarks implements RelayMarks {
  private readonly options: DynamoRelayMarksOptions;

  constructor(options: DynamoRelayMarksOptions) {
    this.options = options;
  }

  async write(places: readonly RecordedPlace[]): Promise<void> {
    const byMinute = Map.groupBy(places, minuteOf);
    for (const [minute, ofMinute] of byMinute) {
      for (let start = 0; start < ofMinute.length; start += PLACES_PER_MARK)
        await this.put(minute, ofMinute.slice(start, start + PLACES_PER_MARK));
    }
  }

  async read(places: readonly RecordedPlace[]): Promise<ReadonlySet<string>> {
    const { ledger } = this.options;
    const marked = new Set<string>();
    for (const minute of new Set(places.map(minuteOf))) {
      const shards = Array.from({ length: MARK_SHARDS }, (_, shard) => shard);
      await Promise.all(shards.map((shard) => this.collect(partition(ledger, minute, shard), marked)));
    }
    return marked;
  }

  private async put(minute: string, places: readonly RecordedPlace[]): Promise<void> {
    const { client, stateTable, ledger } = this.options;
    const expires = Math.floor(Date.parse(`${minute}:00Z`) / MS_PER_SECOND) + KEPT_SECONDS;
    await client.send(
      new PutItemCommand({
        TableName: stateTable,
        Item: {
          pk: { S: partition(ledger, minute, randomInt(MARK_SHARDS)) },
          sk: { S: randomUUID() },
          n: { N: '1' },
          v: { S: JSON.stringify(marksCodec.encode(places.map(placeKey))) },
          ttl: { N: String(expires) },
        },
      }),
    );
  }

  private async collect(pk: string, marked: Set<string>): Promise<void> {
    const { items } = this.options;
    let after: string | undefined;
    for (;;) {
      const page = await items.list(pk, {
        ...defined({ after }),
        limit: PAGE,
      });
      for (const item of page) for (const place of marksCodec.decode(item)) marked.add(place);
      if (page.length < PAGE) return;
      after = page.at(-1)?.sk;
    }
  }
}

export function placeKey({ chain, seq }: Pick<RecordedPlace, 'chain' | 'seq'>): string {
  return `${chain}#${seq}`;
}

function minuteOf({ at }: RecordedPlace): string {
  return at.slice(0, MINUTE_CHARS);
}

function partition(ledger: string, minute: string, shard: number): string {
  return `${ledger}#relayed#${minute}#${shard}`;
}
