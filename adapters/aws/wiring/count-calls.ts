/**
 * Counts what a client calls: per operation calls, tries and capacity units, and how many calls had to wait for one
 * another. A plug-in for any SDK client and for our own of KMS, for benches and budget tests; it changes no request but to ask DynamoDB what it
 * consumed. Where the endpoint does not say, units are computed from item sizes by AWS's rules.
 */
import type { MetadataBearer, Pluggable } from '@smithy/types';
import { computedUnits, reportedUnits } from '../dynamo/capacity.ts';
import type { Kms } from '../keys/kms.ts';

export interface OperationCount {
  calls: number;
  /** requests sent, repeated ones included; SDK clients only */
  tries: number;
  /** DynamoDB only: read or write units, whichever the operation consumes */
  units: number;
}

export interface CallCounts {
  readonly operations: Readonly<Record<string, Readonly<OperationCount>>>;
  readonly calls: number;
  /** calls on the longest chain in which each began after the one before had ended */
  readonly roundTrips: number;
  readonly readUnits: number;
  readonly writeUnits: number;
}

export interface CallCounter {
  /** `client.middlewareStack.use(counter.plugin)`; one counter may watch several clients. */
  readonly plugin: Pluggable<object, MetadataBearer>;
  /** KMS with its calls counted. */
  counted(kms: Kms): Kms;
  /** What was counted since the last reset. */
  counts(): CallCounts;
  reset(): void;
}

const READS = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan', 'TransactGetItems']);

export function createCallCounter(): CallCounter {
  const operations = new Map<string, OperationCount>();
  /** ticks, not times: only the order of beginnings and ends matters */
  let tick = 0;
  let spans: { readonly begin: number; readonly end: number }[] = [];
  const of = (command: string): OperationCount => {
    const name = command.replace(/Command$/, '');
    const count = operations.get(name) ?? { calls: 0, tries: 0, units: 0 };
    operations.set(name, count);
    return count;
  };
  const called = async <Result>(count: OperationCount, call: () => Promise<Result>): Promise<Result> => {
    const begin = ++tick;
    count.calls += 1;
    try {
      return await call();
    } finally {
      spans.push({ begin, end: ++tick });
    }
  };
  return {
    counted: (kms) => ({ send: (name, input) => called(of(name), () => kms.send(name, input)) }),
    plugin: {
      applyToStack: (stack) => {
        stack.add(
          (next, context) => async (args) => {
            const count = of(context.commandName ?? '?');
            const isDynamo = context.clientName === 'DynamoDBClient';
            const input = isDynamo ? { ...args.input, ReturnConsumedCapacity: 'TOTAL' } : args.input;
            const result = await called(count, () => next({ ...args, input }));
            if (isDynamo)
              count.units += reportedUnits(result.output) ?? computedUnits(context.commandName, input, result.output);
            return result;
          },
          { step: 'initialize', name: 'countCalls', priority: 'high' },
        );
        stack.add(
          (next, context) => (args) => {
            of(context.commandName ?? '?').tries += 1;
            return next(args);
          },
          { step: 'deserialize', name: 'countTries', priority: 'low' },
        );
      },
    },
    counts: () => {
      return {
        operations: Object.fromEntries(operations.entries().map(([name, count]) => [name, { ...count }])),
        calls: spans.length,
        roundTrips: longestSequence(spans),
        readUnits: unitsOf(operations, (name) => READS.has(name)),
        writeUnits: unitsOf(operations, (name) => !READS.has(name)),
      };
    },
    reset: () => {
      operations.clear();
      spans = [];
    },
  };
}

function unitsOf(operations: ReadonlyMap<string, OperationCount>, isWanted: (name: string) => boolean): number {
  return operations.entries().reduce((total, [name, { units }]) => total + (isWanted(name) ? units : 0), 0);
}

/** The most spans that do not overlap: taking whichever ends first is optimal. */
function longestSequence(spans: readonly { readonly begin: number; readonly end: number }[]): number {
  let length = 0;
  let free = 0;
  for (const { begin, end } of spans.toSorted((a, b) => a.end - b.end)) {
    if (begin < free) continue;
    length += 1;
    free = end;
  }
  return length;
}
