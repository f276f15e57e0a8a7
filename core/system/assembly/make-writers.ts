/** Everything that writes, on one appender; what a process leaves out is there all the same, and says so when it is used. */
import type { Changes, Governance, PolicyUseCases } from '../../changes/index.ts';
import {
  createVault,
  eraseField,
  type Catalog,
  type Guards,
  type GuardsDependencies,
  type Ingest,
  type Publish,
  type Quarantine,
  type Vault,
} from '../../events/index.ts';
import { createGatedAppender, type Appender, type GatedAppender } from '../../ledger/index.ts';
import type { Ports } from '../contract/ports.ts';
import type { NervousConfig } from '../config/config.ts';
import type { UseCases } from './use-cases.ts';

export interface Writers {
  readonly appender: GatedAppender;
  readonly vault: Vault | undefined;
  readonly changes: Changes;
  readonly governing: PolicyUseCases;
  readonly publish: Publish;
  readonly ingest: Ingest;
  /** undefined: this process publishes nothing, or whatever comes */
  readonly guards: Guards | undefined;
}

export function makeWriters(
  ports: Ports,
  config: NervousConfig,
  shared: {
    readonly make: Partial<UseCases>;
    readonly governance: Governance;
    readonly catalog: Catalog;
    readonly quarantine: Quarantine;
  },
): Writers {
  const { entries, items, bus, clock, ids } = ports;
  const { ledger, origin } = config;
  const { make, governance, catalog, quarantine } = shared;
  const { policy } = governance;
  const createAppender = make.createAppender ?? leftOut<Appender>('createAppender');
  const appender = createGatedAppender(
    createAppender({
      ledger,
      origin,
      store: entries,
      ...ports,
      onCommit: (appended) => {
        bus.relay(appended);
        ports.onCommit?.();
      },
    }),
  );
  const vault = openVault(ports, config);
  const dependencies = {
    ledger,
    appender,
    items,
    entries,
    governance,
    catalog,
    clock,
    ids,
    executors: { declared: config.executors, executors: ports.executors, root: ports.rootSigner },
    erase: (entity: string, seq: number, path: string) => eraseField(ledger, { entity, seq, path }),
    onStep: ports.onChangeStep,
  };
  const changes = makeChanges(make, { ...dependencies, operations: config.operations });
  const governing = make.createPolicyUseCases?.(dependencies) ?? leftOut<PolicyUseCases>('createPolicyUseCases')();
  const createPublish = make.createPublish ?? leftOut<Publish>('createPublish');
  const createIngress = make.createIngress ?? leftOut<Ingest>('createIngress');
  const guards = make.createGuards?.(guardsDependencies(ports, config, { appender, policy, catalog }));
  const publish = createPublish({
    ...{ appender, catalog, policy, ids },
    ...(guards === undefined ? {} : { guard: guards }),
    ...(vault === undefined ? {} : { vault }),
  });
  const ingest = createIngress({ ledger, rules: config.ingress, policy, publish, quarantine });
  return { appender, vault, changes, governing, publish, ingest, guards };
}

function makeChanges(make: Partial<UseCases>, dependencies: Parameters<UseCases['createActs']>[0]): Changes {
  const acts = make.createActs?.(dependencies);
  if (acts === undefined) return leftOut<Changes>('createActs')();
  return leftOut<Changes>('createActs', {
    ...make.createProposalUseCases?.(acts),
    ...make.createDecisionUseCases?.(acts),
    ...make.createWorkflowUseCases?.(acts),
    ...make.createQueryUseCases?.(acts),
  })();
}

function guardsDependencies(
  { entries, items, clock, ids, sharedCounts, onGuard, onError }: Ports,
  { ledger, protection }: NervousConfig,
  shared: Pick<GuardsDependencies, 'appender' | 'policy' | 'catalog'>,
): GuardsDependencies {
  return {
    ...{ ledger, protection, items, clock, ids, onError, ...shared },
    isAlone: entries.exclusive,
    ...(sharedCounts === undefined ? {} : { shared: sharedCounts }),
    ...(onGuard === undefined ? {} : { onCount: onGuard }),
  };
}

function openVault({ items, ids, fieldKeys }: Ports, { ledger }: NervousConfig): Vault | undefined {
  if (fieldKeys === undefined) return undefined;
  return createVault({ ledger, items, keys: fieldKeys, randomBytes: (length) => ids.bytes(length) });
}

/**
 * Makes what fails when it is used, and says what was left out.
 * @param made the methods that are there all the same
 */
export function leftOut<UseCase extends object>(name: keyof UseCases, made: Partial<UseCase> = {}): () => UseCase {
  const fail = (method?: PropertyKey): never => {
    throw new Error(
      `this process runs without "${String(method ?? name)}": give assembleSystem the use cases (use-cases.ts) it is part of`,
    );
  };
  const get = (target: UseCase, method: PropertyKey): unknown =>
    Reflect.get(target, method) ?? fail(`${name}.${String(method)}`);
  return () => new Proxy<UseCase>(Object.assign(() => {}, made) as unknown as UseCase, { get, apply: () => fail() });
}
