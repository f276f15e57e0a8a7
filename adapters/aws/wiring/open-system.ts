/**
 * The system as one function of the distributed engine has it: the tables, and the parts that this function was given. Of
 * what was not given the code is not in the bundle, the function has no rights for it, and its system has no such property.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { RootSigner } from '../../../core/ledger/index.ts';
import {
  assembleSystem,
  createGround,
  type Ground,
  type GroundPorts,
  type NervousConfig,
  type Ports,
  type PortsOf,
  type SystemOf,
  type UseCases,
  type CompleteUseCases,
} from '../../../core/system/index.ts';
import { dynamoClient } from './clients.ts';
import { DynamoStore } from '../dynamo/dynamo-store.ts';
import { localSealer } from '../keys/local-sealer.ts';
import { systemClock, systemIds } from '../request/system-clock.ts';

/** The tables, before anything of the system is there. */
export interface AwsTables {
  readonly config: NervousConfig;
  readonly client: DynamoDBClient;
  readonly store: DynamoStore;
  readonly stateTable: string;
}

/** What the ports of a function are made of. */
export interface AwsBase extends AwsTables, Pick<Ground, 'policy' | 'onError'> {
  readonly root: RootSigner;
  /** What was begun by a request is finished by this before it is answered: afterwards the process may be frozen. */
  readonly beforeAnswer: (finish: () => Promise<void>) => void;
}

/** What a function wants to be told. */
export type AwsHooks = Pick<GroundPorts, 'onError' | 'onPassage'> & Pick<Ports, 'onGuard' | 'onPublished'>;

export interface AwsSystemOptions<Make> {
  readonly config: NervousConfig;
  readonly env: { readonly ENTRIES_TABLE: string; readonly STATE_TABLE: string };
  readonly hooks: AwsHooks;
  readonly rootSigner: (tables: AwsTables) => Promise<RootSigner>;
  /** the parts of the system that this function uses */
  readonly useCases: Make & CompleteUseCases<Make>;
  /** what these parts need of AWS */
  readonly ports: (base: AwsBase) => Omit<PortsOf<Make>, GivenPorts>;
  /** default: as the environment says */
  readonly client?: DynamoDBClient;
}

/** Ports that every function has, and those that are its hooks. */
type GivenPorts = 'sealer' | keyof AwsHooks;

export interface AwsSystem<System> {
  readonly system: System;
  readonly base: AwsBase;
  readonly root: RootSigner;
  /** Before an invocation: other processes may have changed who may do what. @throws PolicyError, what the SDK throws */
  readonly refreshPolicy: () => Promise<void>;
  /** Before an answer: what was begun is finished, because the process may be frozen afterwards. */
  readonly flush: () => Promise<void>;
}

/** So long a process may refuse what a new policy allows. What it allows by an old one, the store refuses. */
const POLICY_MAX_AGE_MS = 10_000;

/** Asks AWS for nothing but the root's public key. @throws AwsError, what the SDK throws */
export async function openAwsSystem<const Make extends Partial<UseCases>>(
  options: AwsSystemOptions<Make>,
): Promise<AwsSystem<SystemOf<Make>>> {
  const { config, hooks, useCases } = options;
  const tables = tablesOf(options);
  const { store } = tables;
  const rootSigner = await options.rootSigner(tables);
  const ground = createGround(
    { entries: store, items: store, clock: systemClock, ids: systemIds, rootSigner, ...hooks },
    config,
  );
  const finishing: (() => Promise<void>)[] = [];
  const base: AwsBase = {
    ...{ ...tables, policy: ground.policy, onError: hooks.onError, root: rootSigner },
    beforeAnswer: (finish) => void finishing.push(finish),
  };
  // The compiler cannot see that what was left out of the ports stands here, while it does not know the parts.
  const ports = { sealer: localSealer, ...hooks, ...options.ports(base) } as unknown as PortsOf<Make>;
  const { system, flush } = assembleSystem<Make>(ground, ports, useCases);
  finishing.push(flush);
  return {
    ...{ system, base, root: rootSigner },
    refreshPolicy: () => system.refreshPolicy(POLICY_MAX_AGE_MS),
    flush: async () => {
      await Promise.all(finishing.map((finish) => finish()));
    },
  };
}

function tablesOf<Make>({ config, env, client = dynamoClient() }: AwsSystemOptions<Make>): AwsTables {
  const { ENTRIES_TABLE: entriesTable, STATE_TABLE: stateTable } = env;
  const store = new DynamoStore({ client, entriesTable, stateTable, ledger: config.ledger });
  return { config, client, store, stateTable };
}
