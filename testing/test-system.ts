/**
 * The whole system in memory: publishing, delivery, retries, dead letters, approvals, time locks, verification, through the
 * same client and the same HTTP contract as in operation, without a network, a file or a timer. Nothing has to be closed.
 */
import { InProcessBus } from '../adapters/embedded/bus/in-process-bus.ts';
import type { Functions } from '../adapters/embedded/bus/function-targets.ts';
import { createExecutors, type Implementations } from '../adapters/embedded/runtime/executors.ts';
import { createWorkflowRunner } from '../adapters/embedded/runtime/workflow-runner.ts';
import { CountingIds, localSealer, memoryRootSigner, MemoryStore } from '../adapters/memory/index.ts';
import { handleRequest } from '../api/index.ts';
import { createClient, type Client } from '../clients/sdk/index.ts';
import type { FieldKeys } from '../core/events/index.ts';
import type { Clock, EntryStore, Ids, ItemStore, RootSigner } from '../core/ledger/index.ts';
import {
  createGround,
  createMayRead,
  createNervousSystem,
  createReadFacts,
  createSignal,
  type NervousConfig,
  type NervousSystem,
} from '../core/system/index.ts';
import { Activity } from './activity.ts';
import { createInProcessFetch } from './in-process-fetch.ts';
import { createTestClock, type TestClock } from './test-clock.ts';
import { createVerifySmall } from './verify-small.ts';

export interface TestSystemOptions<C extends NervousConfig = NervousConfig> {
  readonly config: C;
  /** when it is, to begin with; default 2026-11-21T09:00:00Z */
  readonly at?: string | Date;
  /** what subscriptions with `"target": {"kind": "function", "name": …}` deliver to, by name */
  readonly functions?: Functions;
  /** implementations of the executors that the configuration declares, by name */
  readonly executors?: Implementations;
  /** where everything is kept; default: in memory. Whoever gives one closes it */
  readonly store?: EntryStore & ItemStore;
  /** signs what the root key has to sign; default: a key of its own */
  readonly rootSigner?: RootSigner;
  /** default: counted from 1; to go on with a store that has a ledger, give others */
  readonly ids?: Ids;
  /** ms of real time after which a handler that does not move counts as hanging, default 1000 */
  readonly patienceMs?: number;
}

export interface TestSystem<C extends NervousConfig = NervousConfig> {
  /**
   * The client of a module, an agent or an account of the roster.
   * @param network what lies between it and the service, for networks that lose or hold back
   */
  as(principal: string, network?: (send: typeof fetch) => typeof fetch): Client<C>;
  readonly clock: TestClock;
  /** Resolves when everything that can happen without time passing has happened, running handlers included. */
  settled(): Promise<void>;
  /** Failures that no caller waited for, oldest first. */
  readonly errors: readonly unknown[];
  /** the use cases themselves, for what the client does not show */
  readonly system: NervousSystem;
}

const URL_IN_NAME_ONLY = 'http://in-process';
const DEFAULT_START = '2026-11-21T09:00:00Z';
const DEFAULT_PATIENCE_MS = 1_000;

export async function startTestSystem<C extends NervousConfig>(options: TestSystemOptions<C>): Promise<TestSystem<C>> {
  const activity = new Activity(options.patienceMs ?? DEFAULT_PATIENCE_MS);
  const start = new Date(options.at ?? DEFAULT_START).getTime();
  const { clock, system: systemClock } = createTestClock(start, activity);
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const system = await openInMemory(options, { clock: systemClock, activity, onError });
  return {
    ...{ clock, system, errors },
    as: (principal, network = (send) => send) => {
      requireKnown(system, principal);
      const send = createInProcessFetch({
        ...{ handle: handleRequest, system, onError },
        principal: () => system.policy.principal(principal),
      });
      const fetchIt: typeof fetch = (input, init) => {
        activity.sign();
        return send(input, init).finally(() => activity.sign());
      };
      const client = createClient<C>({ url: URL_IN_NAME_ONLY, clock: systemClock, fetch: network(fetchIt) });
      return { ...client, subscribe: (of, handler, run) => client.subscribe(of, activity.watch(handler), run) };
    },
    settled: () => activity.settled(),
  };
}

interface Running {
  readonly clock: Clock;
  readonly activity: Activity;
  readonly onError: (error: unknown) => void;
}

async function openInMemory(
  { config, functions = {}, executors = {}, store = new MemoryStore(), ...options }: TestSystemOptions,
  { clock, activity, onError }: Running,
): Promise<NervousSystem> {
  const { ledger, origin } = config;
  const { ids = new CountingIds(), rootSigner = memoryRootSigner(origin) } = options;
  const ground = createGround({ entries: store, items: store, rootSigner, clock, ids, onError }, config);
  const { policy } = ground;
  const bus = new InProcessBus({
    ...{ ledger, entries: store, items: store, clock, ids, onError },
    functions: Object.fromEntries(Object.entries(functions).map(([name, run]) => [name, activity.watch(run)])),
    mayRead: createMayRead(policy),
    readFacts: createReadFacts({ ledger, items: store, policy }),
  });
  await bus.open();
  const stepped = createSignal<string>();
  const { system } = createNervousSystem(ground, {
    ...{ sealer: localSealer, bus, fieldKeys },
    executors: createExecutors(executors, config.executors).executors,
    onChangeStep: stepped.tell,
    verifyLog: createVerifySmall({ ledger, origin, store, root: rootSigner }),
  });
  const runner = createWorkflowRunner({
    ...{ changes: system.changes, clock, ids },
    onError: (_, error) => onError(error),
  });
  stepped.listen((id) => runner.wake(id));
  await system.initialize();
  return system;
}

/** Protects nothing: what is confidential here is gone with the process. */
const fieldKeys: FieldKeys = { wrap: async (key) => key, unwrap: async (wrapped) => wrapped };

function requireKnown({ policy, config }: NervousSystem, principal: string): void {
  if (policy.principal(principal) !== undefined) return;
  const { people, agents } = config.roster;
  const known = [
    ...Object.keys(config.modules),
    ...people.flatMap(({ accounts }) => accounts),
    ...agents.map(({ id }) => id),
  ];
  throw new TypeError(`nobody is called "${principal}" in this configuration: use one of ${known.join(', ')}`);
}
