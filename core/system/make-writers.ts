/** Everything that writes, on one appender; what a process leaves out is there all the same, and says so when it is used. */
import type { Changes } from '../changes/index.ts';
import {
  createVault,
  eraseField,
  type Catalog,
  type Ingest,
  type Publish,
  type Quarantine,
  type Vault,
} from '../events/index.ts';
import { gatedAppender, type Appender, type GatedAppender } from '../ledger/index.ts';
import type { Policy } from '../policy/index.ts';
import type { Ports } from './ports.ts';
import type { NervousConfig } from './config.ts';
import type { UseCases } from './use-cases.ts';

export interface Writers {
  readonly appender: GatedAppender;
  readonly vault: Vault | undefined;
  readonly changes: Changes;
  readonly publish: Publish;
  readonly ingest: Ingest;
}

export function makeWriters(
  ports: Ports,
  config: NervousConfig,
  shared: {
    readonly make: Partial<UseCases>;
    readonly policy: Policy;
    readonly catalog: Catalog;
    readonly quarantine: Quarantine;
  },
): Writers {
  const { entries, items, bus, clock, ids } = ports;
  const { ledger, origin } = config;
  const { make, policy, catalog, quarantine } = shared;
  const createAppender = make.createAppender ?? leftOut<Appender>('createAppender');
  const appender = gatedAppender(
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
  const createChanges = make.createChanges ?? leftOut<Changes>('createChanges');
  const changes = createChanges({
    ledger,
    appender,
    items,
    entries,
    policy,
    clock,
    ids,
    risk: config.risk,
    operations: config.operations,
    erase: (entity, seq, path) => eraseField(ledger, { entity, seq, path }),
    onStep: ports.onChangeStep,
  });
  const createPublish = make.createPublish ?? leftOut<Publish>('createPublish');
  const createIngress = make.createIngress ?? leftOut<Ingest>('createIngress');
  const publish = createPublish({ appender, catalog, policy, ids, ...(vault === undefined ? {} : { vault }) });
  const ingest = createIngress({ ledger, rules: config.ingress, policy, publish, quarantine });
  return { appender, vault, changes, publish, ingest };
}

function openVault({ items, ids, fieldKeys }: Ports, { ledger }: NervousConfig): Vault | undefined {
  if (fieldKeys === undefined) return undefined;
  return createVault({ ledger, items, keys: fieldKeys, randomBytes: (length) => ids.bytes(length) });
}

/** Makes what fails when it is used, and says what was left out. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller says what stands there
export function leftOut<UseCase extends object>(name: keyof UseCases): () => UseCase {
  const fail = (): never => {
    throw new Error(
      `this process runs without "${name}": give assembleSystem the use cases (use-cases.ts) it is part of`,
    );
  };
  return () => new Proxy((() => {}) as unknown as UseCase, { get: fail, apply: fail });
}
