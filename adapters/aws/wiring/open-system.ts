/**
 * The system as one function of the distributed engine has it: the tables, and the parts that this function uses. A part
 * that was not given is one whose code is not in the bundle and whose rights the function does not have; using it is a
 * mistake in that function's handler, and says so.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Executors } from '../../../core/changes/index.ts';
import type { EventBus, FieldKeys, SharedCounts } from '../../../core/events/index.ts';
import type { RootSigner } from '../../../core/ledger/index.ts';
import type { Policy } from '../../../core/policy/index.ts';
import {
  assembleSystem,
  type NervousConfig,
  type NervousSystem,
  type Ports,
  type UseCases,
} from '../../../core/system/index.ts';
import { absentPart as absent } from './absent-part.ts';
import { dynamoClient } from './clients.ts';
import { DynamoStore } from '../dynamo/dynamo-store.ts';
import { localSealer } from '../keys/local-sealer.ts';
import { systemClock, systemIds } from '../request/system-clock.ts';

/** What every part is built on. */
export interface AwsBase {
  readonly config: NervousConfig;
  readonly client: DynamoDBClient;
  readonly store: DynamoStore;
  readonly stateTable: string;
  /** What is in force. Ask when it is needed: a part is made before the system it is a part of. */
  readonly policy: () => Policy;
  /** Told about failures that no caller waits for. Must not throw. */
  readonly onError: (error: unknown) => void;
}

/** What a function wants to be told. */
export type AwsHooks = Pick<AwsBase, 'onError'> & Pick<Ports, 'onGuard' | 'onPassage' | 'onPublished'>;

/** Begun by a request, to be finished before it is answered: afterwards the process may be frozen. */
export interface Flushable {
  readonly flush: () => Promise<void>;
}

/** Makers of the ports; each is in a file of parts/. */
export interface AwsParts {
  /** default: reports, which are part of every system */
  readonly useCases?: Partial<UseCases>;
  /** default: nothing may be published */
  readonly bus?: (base: AwsBase) => EventBus & Flushable;
  /** default: nothing may be signed or verified */
  readonly rootSigner?: (base: AwsBase) => Promise<RootSigner>;
  /** default: change-sets may be read, not moved */
  readonly resumeQueue?: (base: AwsBase) => Flushable & { readonly onChangeStep: Ports['onChangeStep'] };
  readonly verifyLog?: (base: AwsBase, root: RootSigner) => Ports['verifyLog'];
  readonly logFiles?: (base: AwsBase) => NonNullable<Ports['logFiles']>;
  readonly logPoints?: Ports['logPoints'];
  /** default: confidential fields may be neither published nor revealed */
  readonly fieldKeys?: () => FieldKeys;
  /** default: nothing outside the ledger is planned or carried out */
  readonly executors?: (base: AwsBase) => Executors;
  /** default: each process counts for itself what its publishers publish */
  readonly sharedCounts?: (base: AwsBase) => SharedCounts;
  /** default: reports tell what this process counted */
  readonly sharedFigures?: Ports['sharedFigures'];
}

export interface AwsSystemOptions {
  readonly config: NervousConfig;
  readonly env: { readonly ENTRIES_TABLE: string; readonly STATE_TABLE: string };
  readonly parts: AwsParts;
  readonly hooks: AwsHooks;
  /** default: as the environment says */
  readonly client?: DynamoDBClient;
}

export interface AwsSystem extends Flushable {
  readonly system: NervousSystem;
  readonly base: AwsBase;
  readonly root: RootSigner;
  /** Before an invocation: other processes may have changed who may do what. @throws PolicyError, what the SDK throws */
  readonly refreshPolicy: () => Promise<void>;
}

/** So long a process may refuse what a new policy allows. What it allows by an old one, the store refuses. */
const POLICY_MAX_AGE_MS = 10_000;

/** Asks AWS for nothing but the root's public key, where the root key is a part. @throws AwsError, what the SDK throws */
export async function openAwsSystem(options: AwsSystemOptions): Promise<AwsSystem> {
  const { config, parts, hooks } = options;
  const late: { policy?: Policy } = {};
  const base = { ...baseOf(options), policy: () => late.policy ?? absent<Policy>('policy') };
  const { store } = base;
  const bus = parts.bus?.(base);
  const resumeQueue = parts.resumeQueue?.(base);
  const rootSigner = (await parts.rootSigner?.(base)) ?? absent<RootSigner>('rootSigner');
  const { system, flush } = assembleSystem(
    {
      ...{ entries: store, items: store, sealer: localSealer, clock: systemClock, ids: systemIds, rootSigner },
      bus: bus ?? absent<EventBus>('bus'),
      onChangeStep: resumeQueue?.onChangeStep ?? absent<Ports['onChangeStep']>('resumeQueue'),
      ...hooks,
      verifyLog: parts.verifyLog?.(base, rootSigner) ?? absent<Ports['verifyLog']>('verifyLog'),
      ...(parts.fieldKeys === undefined ? {} : { fieldKeys: parts.fieldKeys() }),
      ...(parts.sharedCounts === undefined ? {} : { sharedCounts: parts.sharedCounts(base) }),
      ...(parts.sharedFigures === undefined ? {} : { sharedFigures: parts.sharedFigures }),
      ...(parts.executors === undefined ? {} : { executors: parts.executors(base) }),
      ...(parts.logFiles === undefined ? {} : { logFiles: parts.logFiles(base) }),
      ...(parts.logPoints === undefined ? {} : { logPoints: parts.logPoints }),
    },
    config,
    parts.useCases ?? {},
  );
  late.policy = system.policy;
  return {
    system,
    base,
    root: rootSigner,
    refreshPolicy: () => system.refreshPolicy(POLICY_MAX_AGE_MS),
    flush: async () => {
      await Promise.all([flush(), bus?.flush(), resumeQueue?.flush()]);
    },
  };
}

function baseOf({ config, env, hooks, client = dynamoClient() }: AwsSystemOptions): Omit<AwsBase, 'policy'> {
  const { ENTRIES_TABLE: entriesTable, STATE_TABLE: stateTable } = env;
  const store = new DynamoStore({ client, entriesTable, stateTable, ledger: config.ledger });
  return { config, client, store, stateTable, onError: hooks.onError };
}
