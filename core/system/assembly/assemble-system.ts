/**
 * Builds a system of the parts that a process was given, and of those alone: what was left out is not there, and its type
 * says so. Both engines call it; nothing here knows which one it runs in.
 */
import type { GatedAppender } from '../../ledger/index.ts';
import { defined } from '../../values/index.ts';
import type { NervousSystem } from '../contract/nervous-system.ts';
import type { Ports } from '../contract/ports.ts';
import type { AccessJournal } from '../operations/access-journal.ts';
import { createEntryPoint } from '../operations/entry-point.ts';
import { createTamperRecorder, type TamperRecorder } from '../verify/tell-tampering.ts';
import type { Ground } from './ground.ts';
import type { UseCases } from './use-cases.ts';

/** What every system has, whatever it was given. */
type Base = Pick<NervousSystem, 'config' | 'policy' | 'catalog' | 'refreshPolicy' | 'initialize' | 'execute'>;
/** What parts share with each other, and nobody else is given. */
type Shared = 'appender' | 'accessJournal' | 'actEdge' | 'vault' | 'openStreams';

/** All that these parts ask for: of the ground, of ports, and of other parts. */
type NeedsOf<Make> = Make[keyof Make] extends (from: infer From) => object ? From : never;
/** All that these parts add. */
export type PartsOf<Make> = Intersection<{ [Name in keyof Make]: Added<Make[Name]> }[keyof Make]>;
type Added<Part> = Part extends (from: never) => infer Adds ? Adds : never;
type Intersection<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** The ports that these parts need. */
export type PortsOf<Make> = Pick<NeedsOf<Make>, keyof NeedsOf<Make> & keyof Ports>;
/** Nothing unknown, and no part without those that it rests on: else a type that names what is wrong. */
export type CompleteUseCases<Make> = { readonly [Name in Exclude<keyof Make, keyof UseCases>]: never } & (Ground &
  Ports &
  PartsOf<Make> extends NeedsOf<Make>
  ? unknown
  : { readonly 'a part is left out that gives': Exclude<keyof NeedsOf<Make>, keyof (Ground & Ports & PartsOf<Make>)> });

export type SystemOf<Make> = Base & Omit<PartsOf<Make>, Shared>;

export interface AssembledSystem<Make> {
  readonly system: SystemOf<Make>;
  /** the one that everything is recorded with, for what an engine itself has to record; undefined: nothing is recorded */
  readonly appender: PartsOf<Make> extends { readonly appender: infer Appender } ? Appender : undefined;
  /** Resolves when what was begun beside the requests so far is done. */
  readonly flush: () => Promise<void>;
}

/** The order in which parts are made: each after those that it rests on, or is another one with. */
const ORDER = Object.keys({
  createAppender: true,
  createAccessJournal: true,
  createVault: true,
  createGuards: true,
  createPublish: true,
  createIngress: true,
  createWork: true,
  createReveal: true,
  createActEdge: true,
  createProposalUseCases: true,
  createDecisionUseCases: true,
  createWorkflowUseCases: true,
  createQueryUseCases: true,
  createPolicyUseCases: true,
  createKeyRevocation: true,
  createEntities: true,
  createFeed: true,
  createAccesses: true,
  createNotices: true,
  createPublicLog: true,
  createQuarantineView: true,
  createSubscriptionQueries: true,
  createSubscriptions: true,
  createWebhookStanding: true,
  createWebhooks: true,
  createWebhookRecord: true,
  createTrace: true,
  createMapView: true,
  createReports: true,
  createLedgerVerification: true,
} satisfies Record<keyof UseCases, true>) as (keyof UseCases)[];

/** @param make the parts of this process */
export function assembleSystem<const Make extends Partial<UseCases>>(
  ground: Ground,
  ports: PortsOf<Make>,
  make: Make & CompleteUseCases<Make>,
): AssembledSystem<Make> {
  const made = makeParts(ground, ports, make);
  const { appender, accessJournal: _0, actEdge: _1, vault: _2, openStreams: _3, ...added } = made;
  const recorder = appender === undefined ? undefined : createTamperRecorder(appender, ground.onError);
  // Who records nothing else does not record this either: the engine is told in any case.
  if (recorder !== undefined) ground.tampered.listen(recorder.record);
  const system = { ...baseOf(ground, made), ...added };
  const flush = (): Promise<void> => flushAll([made.guards, recorder]);
  // What the parts added is what their types say, part by part; the compiler does not follow them through the loop.
  return { system, appender, flush } as unknown as AssembledSystem<Make>;
}

/** What this file itself looks at of what was made. */
type Known = Partial<PartsOf<UseCases>> & { readonly appender?: GatedAppender; readonly accessJournal?: AccessJournal };

function makeParts(ground: Ground, ports: object, make: Partial<UseCases>): Known {
  return ORDER.reduce<Known>((made, name) => {
    const part = make[name] as ((from: object) => object) | undefined;
    return part === undefined ? made : { ...made, ...part({ ...ground, ...ports, ...made }) };
  }, {});
}

function baseOf({ config, governance, policy, catalog, metrics, clock, onPassage }: Ground, made: Known): Base {
  return {
    ...{ config, policy, catalog },
    refreshPolicy: (maxAgeMs) => governance.refresh(maxAgeMs),
    initialize: async () => {
      await governance.refresh();
      await made.subscriptions?.attachAll();
    },
    execute: createEntryPoint({
      ...{ policy, metrics, clock, budgets: config.protection.budgets },
      policyVersion: () => governance.inForce().version,
      ...defined({ onPassage, journal: made.accessJournal }),
    }),
  };
}

async function flushAll(parts: readonly (Pick<TamperRecorder, 'flush'> | undefined)[]): Promise<void> {
  await Promise.all(parts.map(async (part) => part?.flush()));
}
