/**
 * What each act costs in calls: round trips one after the other, read and write units, KMS signatures, events put, messages
 * sent. Counted in this process on the AWS adapters; an AWS-compatible endpoint is started unless AWS_ENDPOINT_URL names
 * one. docs/costs.md multiplies the figures by list prices.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import type { ChangeView } from '../../core/changes/index.ts';
import type { EventInput } from '../../core/events/index.ts';
import type { Principal } from '../../core/policy/index.ts';
import { FIRST_STEP, type StepName } from '../../core/changes/index.ts';
import { startEmulator } from '../../test/aws/emulator.ts';
import { openCostSystem, type CostSystem, type CountedProcess } from './cost-system.ts';

/** What one act took. Everything but `roundTrips` is a sum. */
export type Cost = {
  /** calls on the longest chain in which each had to wait for the one before */
  readonly roundTrips: number;
  readonly calls: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  readonly kmsSigns: number;
  /** PutEvents calls; each takes up to 10 events */
  readonly putEvents: number;
  readonly sqsSends: number;
};

export const ACTIONS = [
  'append one entry alone, warm',
  'publish 1, cold process',
  'publish 1, warm',
  'publish 100 on 100 entities, warm',
  'publish 100 on one entity, warm',
  'sequence 1 entry of a known chain',
  'sequence 99 entries of known chains',
  'sequence 99 entries of chains not met before',
  'propose',
  'vote',
  'vote that approves',
  'execute one operation',
  'read an entity, journaled, warm',
] as const;
export type Action = (typeof ACTIONS)[number];

export interface Costs {
  readonly actions: Readonly<Record<Action, Cost>>;
  /** steps of the workflow that the execution took */
  readonly executionSteps: number;
}

const MANY = 100;
/** What the sequencer writes in one transaction. */
const ONE_BATCH = 99;
const LOCAL_CREDENTIALS = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };

export async function benchCosts(): Promise<Readonly<Record<string, Cost>>> {
  const stop = await openEndpoint();
  try {
    return (await measureCosts(await openCostSystem())).actions;
  } finally {
    await stop();
  }
}

/** @returns how to end what was started */
async function openEndpoint(): Promise<() => Promise<void>> {
  if (process.env['AWS_ENDPOINT_URL'] !== undefined) return async () => {};
  const runDir = mkdtempSync(join(tmpdir(), 'nervous-costs-'));
  const cacheDir = join(import.meta.dirname, '../..', '.cache', 'aws');
  mkdirSync(cacheDir, { recursive: true });
  const emulator = await startEmulator({ cacheDir, runDir });
  Object.assign(process.env, LOCAL_CREDENTIALS, { AWS_ENDPOINT_URL: emulator.endpoint });
  return async () => {
    await emulator.stop();
    rmSync(runDir, { recursive: true, force: true });
  };
}

export async function measureCosts(costs: CostSystem): Promise<Costs> {
  const measure = meter(costs);
  await publish(await costs.process(), 1, 'account:cold'); // neither the ledger nor the entity is new
  const publishCold = await measure(undefined, async () => publish(await costs.process(), 1, 'account:cold'));
  const warm = await costs.process();
  const older = await publish(warm, MANY);
  await publish(warm, 1, 'account:1');
  let newer: readonly Place[] = [];
  const published = {
    'publish 1, cold process': publishCold,
    'publish 1, warm': await measure(warm, () => publish(warm, 1, 'account:1')),
    'publish 100 on 100 entities, warm': await measure(warm, async () => (newer = await publish(warm, MANY))),
    'publish 100 on one entity, warm': await measure(warm, () => publish(warm, MANY, 'account:1')),
  };
  const sequence = (places: readonly Place[]) => () => warm.sequence(places.slice(0, ONE_BATCH));
  const [first, second] = [await publish(warm, 1, 'account:2'), await publish(warm, 1, 'account:2')];
  await warm.sequence(first); // it knows the end of the log
  const sequenced = {
    'sequence 1 entry of a known chain': await measure(warm, sequence(second)),
    'sequence 99 entries of chains not met before': await measure(warm, sequence(older)),
    'sequence 99 entries of known chains': await measure(warm, sequence(newer)),
  };
  const appendAlone = await measureAppend(warm, measure);
  const { executionSteps, ...changes } = await measureChange(warm, measure);
  const read = await measureRead(warm, measure);
  return {
    actions: {
      ...published,
      ...sequenced,
      ...changes,
      'append one entry alone, warm': appendAlone,
      'read an entity, journaled, warm': read,
    },
    executionSteps,
  };
}

/** @param process undefined: the act opens it and waits for all it began */
type Measure = (process: CountedProcess | undefined, action: () => Promise<unknown>) => Promise<Cost>;

function meter({ counter }: CostSystem): Measure {
  return async (process, action) => {
    await process?.flush();
    counter.reset();
    await action();
    await process?.flush();
    const { operations, roundTrips, calls, readUnits, writeUnits } = counter.counts();
    const count = (name: string): number => operations[name]?.calls ?? 0;
    return {
      ...{ roundTrips, calls, readUnits, writeUnits },
      kmsSigns: count('Sign'),
      putEvents: count('PutEvents'),
      sqsSends: count('SendMessage'),
    };
  };
}

let serial = 0;

/** An entry as the stream tells the sequencer of it. */
interface Place {
  readonly chain: string;
  readonly seq: number;
  readonly hash: Uint8Array;
}

/** @param entity one for all events; default: each event its own, the same ones every time */
async function publish({ system, flush }: CountedProcess, count: number, entity?: string): Promise<readonly Place[]> {
  const events = Array.from({ length: count }, (_, i): EventInput => {
    serial += 1;
    return {
      eventId: `cost-${serial}`,
      topic: 'transactions.new',
      entityId: entity ?? `account:many-${i}`,
      payload: { amount: '1234.50', kind: 'credit', operation: 'VKLAD', date: '1993-01-01', balance: '5678.00' },
    };
  });
  const results = await system.publish(who(system, 'bank-feed'), events);
  await flush();
  return results.map((result) => {
    if (result.status !== 'accepted') throw new Error(`an event was not accepted: ${JSON.stringify(result)}`);
    return { chain: result.entity, seq: result.seq, hash: Buffer.from(result.hash, 'hex') };
  });
}

async function measureAppend(process: CountedProcess, measure: Measure): Promise<Cost> {
  const entry = {
    chain: 'account:alone',
    draft: { type: 'event', actor: { kind: 'module', id: 'bank-feed' }, idem: 'x', data: { amount: '1.00' } },
  } as const;
  const appender = await process.appender();
  const append = () => appender.append({ entries: [entry] });
  await append();
  return measure(process, append);
}

/** With what the entry point adds: who read it. */
async function measureRead({ system, ...process }: CountedProcess, measure: Measure): Promise<Cost> {
  const principal = who(system, 'eva');
  const entityId = 'account:change';
  const read = () =>
    system.execute({
      useCase: 'getEntity',
      principal,
      run: async (pass) => {
        pass.about({ entities: [entityId], count: 1 });
        return system.entities.get(principal, entityId);
      },
    });
  await read();
  return measure({ system, ...process }, read);
}

type ChangeAction = 'propose' | 'vote' | 'vote that approves' | 'execute one operation';

/** Proposed by an agent, approved by two people, executed: the sample's L2. */
async function measureChange(
  process: CountedProcess,
  measure: Measure,
): Promise<Record<ChangeAction, Cost> & { executionSteps: number }> {
  const { changes } = process.system;
  const proposal = {
    entityId: 'account:change',
    title: 'Give the account a credit limit',
    rationale: 'Regular income of 3200.00 and no rejected payment in a year',
    operations: [{ type: 'state.put', payload: { currency: 'CZK', limit: '20000.00' } }],
  };
  // With its first proposal a ledger adopts a policy, once and for all: nobody's everyday cost.
  await changes.propose(who(process.system, 'clara'), { ...proposal, entityId: 'account:first' });
  let change: ChangeView | undefined;
  const propose = await measure(process, async () => {
    ({ change } = await changes.propose(who(process.system, 'budget-bot'), proposal));
  });
  if (change === undefined) throw new Error('nothing was proposed');
  const { id, revision, contentHash, assessmentHash } = change;
  const vote = (person: string) =>
    changes.decide(who(process.system, person), id, {
      ...{ revision, contentHash, assessmentHash, decision: 'approve' },
      nonce: `costs-${person}-${id}`.slice(0, 64),
    });
  const first = await measure(process, () => vote('boris'));
  const second = await measure(process, () => vote('clara'));
  let executionSteps = 0;
  const execute = await measure(process, async () => {
    for (let step: StepName | undefined = FIRST_STEP; step !== undefined; executionSteps++) {
      const result = await changes.runStep(step, id);
      if (result.kind === 'wait' && result.until > Date.now()) throw new Error(`it waits at ${step}`);
      step = result.kind === 'end' ? undefined : result.step;
    }
  });
  return {
    propose,
    vote: first,
    'vote that approves': second,
    'execute one operation': execute,
    executionSteps,
  };
}

function who(system: CountedProcess['system'], id: string): Principal {
  const found = system.policy.principal(id);
  if (found === undefined) throw new Error(`"${id}" is not in nervous.config.ts`);
  return found;
}
