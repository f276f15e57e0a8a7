/**
 * Counts that the functions of one ledger share, in the state table: one update for each count that a request moved, beside
 * what it records. The table forgets windows by itself; a bucket is one number that grows.
 *   pk `<ledger>#count#<key>`   sk window's beginning    c events, ttl
 *                               sk `bucket`              f when it will be full again (ms), ttl
 */
import { ConditionalCheckFailedException, UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SharedCounts } from '../../../core/events/index.ts';
import { oweTokens, tokenMsOf, type Rate } from '../../../core/guard/index.ts';
import { orNone } from '../../../core/values/index.ts';
import { padded, stateKey, type Attributes } from '../dynamo/dynamo-items.ts';
import { MS_PER_SECOND } from '../../../core/values/index.ts';

/** Long after the window, whatever the clocks of processes and table say. */
const KEPT_SECONDS = 3_600;
/** Processes that meet on one bucket; each round one of them gets through. */
const MAX_ROUNDS = 8;

export interface DynamoCountsOptions {
  readonly client: DynamoDBClient;
  readonly stateTable: string;
  readonly ledger: string;
}

export class DynamoCounts implements SharedCounts {
  private readonly options: DynamoCountsOptions;

  constructor(options: DynamoCountsOptions) {
    this.options = options;
  }

  async add(
    key: string,
    { startMs, lengthMs }: { readonly startMs: number; readonly lengthMs: number },
    events: number,
  ): Promise<number> {
    const counted = await this.update(key, padded(startMs), {
      UpdateExpression: 'ADD c :n SET #ttl = :ttl',
      ExpressionAttributeNames: { '#ttl': 'ttl' },
      ExpressionAttributeValues: { ':n': number(events), ':ttl': ttlOf(startMs + lengthMs) },
    });
    return Number(counted['c']?.N);
  }

  /** A bucket that is neither full nor overdrawn takes any number of takers at once; otherwise they go one after the other. */
  async owe(key: string, rate: Rate, tokens: number, nowMs: number): Promise<number> {
    const burstMs = rate.burst * tokenMsOf(rate);
    let before: Attributes = {};
    try {
      return fullAt(await this.addTo(key, { costMs: tokens * tokenMsOf(rate), nowMs, burstMs })) ?? nowMs;
    } catch (error) {
      before = found(error);
    }
    for (let round = 1; ; round++) {
      const known = fullAt(before);
      const next = oweTokens(rate, orNone(known), tokens, nowMs);
      try {
        await this.replace(key, { known, next, ttlMs: next + burstMs });
        return next;
      } catch (error) {
        if (round === MAX_ROUNDS) throw error;
        before = found(error);
      }
    }
  }

  private addTo(
    key: string,
    { costMs, nowMs, burstMs }: { readonly costMs: number; readonly nowMs: number; readonly burstMs: number },
  ): Promise<Attributes> {
    return this.update(key, 'bucket', {
      UpdateExpression: 'ADD f :cost SET #ttl = :ttl',
      ConditionExpression: 'f BETWEEN :now AND :empty',
      ExpressionAttributeNames: { '#ttl': 'ttl' },
      ExpressionAttributeValues: {
        ...{ ':cost': number(costMs), ':now': number(nowMs), ':empty': number(nowMs + burstMs) },
        ':ttl': ttlOf(nowMs + burstMs),
      },
    });
  }

  private replace(
    key: string,
    { known, next, ttlMs }: { readonly known: number | undefined; readonly next: number; readonly ttlMs: number },
  ): Promise<Attributes> {
    return this.update(key, 'bucket', {
      UpdateExpression: 'SET f = :next, #ttl = :ttl',
      ConditionExpression: known === undefined ? 'attribute_not_exists(f)' : 'f = :known',
      ExpressionAttributeNames: { '#ttl': 'ttl' },
      ExpressionAttributeValues: {
        ...{ ':next': number(next), ':ttl': ttlOf(ttlMs) },
        ...(known === undefined ? {} : { ':known': number(known) }),
      },
    });
  }

  private async update(
    key: string,
    sk: string,
    expressions: Pick<
      UpdateItemCommand['input'],
      'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
    >,
  ): Promise<Attributes> {
    const { client, stateTable: TableName, ledger } = this.options;
    const { Attributes: after = {} } = await client.send(
      new UpdateItemCommand({
        ...{ TableName, Key: stateKey({ pk: `${ledger}#count#${key}`, sk }), ...expressions },
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    return after;
  }
}

/** What stood there instead. @throws whatever else went wrong */
function found(error: unknown): Attributes {
  if (error instanceof ConditionalCheckFailedException) return error.Item ?? {};
  throw error;
}

function fullAt({ f }: Attributes): number | undefined {
  return f?.N === undefined ? undefined : Number(f.N);
}

function number(value: number): { N: string } {
  return { N: String(value) };
}

function ttlOf(endMs: number): { N: string } {
  return number(Math.ceil(endMs / MS_PER_SECOND) + KEPT_SECONDS);
}
