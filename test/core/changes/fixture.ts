/** A small company in memory: people, an agent, modules, a risk table, one ledger; and hands to do things with. */
import { canonicalize, toHex } from '../../../core/canonical/index.ts';
import {
  createChanges,
  riskSchema,
  type Changes,
  type ChangesDependencies,
  type ChangeView,
  type ChainEntry,
  type RiskConfig,
} from '../../../core/changes/index.ts';
import type { ChangeRecord } from '../../../core/changes/model/record.ts';
import { createAppender, parseEntry } from '../../../core/ledger/index.ts';
import {
  createPolicy,
  modulesSchema,
  rosterSchema,
  type Policy,
  type Principal,
  type Roster,
} from '../../../core/policy/index.ts';
import {
  CountingIds,
  FakeClock,
  localSealer,
  memoryRootSigner,
  MemoryStore,
  type MemoryStoreOptions,
} from '../../../adapters/memory/index.ts';
import { fixedGovernance } from '../../support/fixed-governance.ts';

export const ENTITY = 'account:1695';
const HOUR_MS = 3_600_000;

const rights = { publishes: [], subscribes: [], reads: ['account:*'], proposes: ['account:*'] };

/** ann owns, bob owns too, rita does risk, otto is owner and risk, aud audits, pete only proposes. */
export const roster: Roster = rosterSchema.parse({
  roles: { owner: rights, risk: { ...rights, proposes: [] }, proposer: rights, auditor: {} },
  people: [
    { personId: 'ann', name: 'Ann', accounts: ['ann', 'ann-admin'], roles: ['owner'] },
    { personId: 'bob', name: 'Bob', accounts: ['bob'], roles: ['owner'] },
    { personId: 'rita', name: 'Rita', accounts: ['rita'], roles: ['risk'] },
    { personId: 'otto', name: 'Otto', accounts: ['otto'], roles: ['owner', 'risk'] },
    { personId: 'aud', name: 'Aud', accounts: ['aud'], roles: ['auditor'] },
    { personId: 'pete', name: 'Pete', accounts: ['pete', 'pete-2'], roles: ['proposer'] },
  ],
  agents: [{ id: 'advisor', owner: 'bob', logic: 'advisor@3', rights }],
});
export const modules = modulesSchema.parse({ billing: rights, viewer: { reads: [] } });

export const risk = riskSchema.parse({
  version: '2026-11-01',
  moneyPaths: ['/balance', '/limits/*'],
  rules: [
    {
      name: 'note',
      when: { reversible: [true], money: { touched: [false] } },
      level: 'L1',
      roles: ['owner'],
      approvals: 1,
    },
    { name: 'money', when: { money: { touched: [true] } }, level: 'L2', roles: ['owner', 'risk'], approvals: 2 },
    {
      name: 'large',
      when: { money: { moved: [{ numeric: ['>', 1000] }] } },
      level: 'L3',
      roles: ['risk'],
      approvals: 3,
      timelockMinutes: 60,
    },
    {
      name: 'splitting',
      when: { initiator: { kind: ['agent'], recentChanges: [{ numeric: ['>', 2] }] } },
      level: 'L3',
      roles: ['owner', 'risk'],
      approvals: 2,
    },
  ],
});

/** Another configuration: of the process, or of what it decides by. */
export type Overrides = Partial<ChangesDependencies> & { readonly policy?: Policy; readonly risk?: RiskConfig };

export interface Fixture {
  readonly store: MemoryStore;
  readonly clock: FakeClock;
  readonly changes: Changes;
  /** the same ledger seen by another process, with another configuration if wanted */
  readonly other: (overrides?: Overrides) => Changes;
  readonly chain: (entityId?: string) => Promise<ChainEntry[]>;
  /** the stored record of a change-set */
  readonly record: (id: string) => Promise<ChangeRecord>;
  readonly woken: string[];
}

export function createFixture(options: { store?: MemoryStoreOptions; deps?: Overrides } = {}): Fixture {
  const store = new MemoryStore(options.store);
  const clock = new FakeClock();
  const ids = new CountingIds();
  const rootSigner = memoryRootSigner('ledger.test/main');
  const woken: string[] = [];
  const other = (more: Overrides = {}): Changes => {
    const { policy = createPolicy(roster, modules), risk: table = risk, ...overrides } = { ...options.deps, ...more };
    // Conflicts between writers back off by the clock; here nobody moves it, so waiting is just a turn.
    const impatient = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      sleep: () => new Promise<void>((resolve) => setImmediate(resolve)),
    };
    const appender = createAppender({
      ...{ ledger: 'main', origin: 'ledger.test/main', store, sealer: localSealer, rootSigner, clock: impatient, ids },
    });
    return createChanges({
      ...{
        ledger: 'main',
        appender,
        items: store,
        entries: store,
        governance: fixedGovernance(policy, table, modules),
        clock,
        ids,
      },
      onStep: (id) => void woken.push(id),
      ...overrides,
    });
  };
  return {
    ...{ store, clock, woken, other, changes: other() },
    chain: async (entityId = ENTITY) =>
      (await store.read(entityId, 0, 10_000)).map(({ note, hash }) => {
        const parsed = parseEntry(note);
        if (parsed.kind !== 'entry') throw new Error(parsed.reason);
        return { body: parsed.body, hash: toHex(hash) };
      }),
    record: async (id) => (await store.get({ pk: 'main#change', sk: id }))?.value as unknown as ChangeRecord,
  };
}

export function who(id: string, inRoster = roster): Principal {
  const principal = createPolicy(inRoster, modules).principal(id);
  if (principal === undefined) throw new Error(`nobody is called ${id}`);
  return principal;
}

export const patchOf = (path: string, value: unknown, op = 'add'): object => ({
  type: 'state.patch',
  payload: [{ op, path, value }],
});

export function proposal(operations: readonly unknown[], more: object = {}): object {
  return { entityId: ENTITY, title: 'Change it', rationale: 'Because it is wrong.', operations, ...more };
}

let nonces = 0;
export function nonce(): string {
  nonces += 1;
  return `nonce-${String(nonces).padStart(12, '0')}`;
}

/** A decision on the change-set as the view shows it. */
export function decision(
  view: ChangeView,
  kind: 'approve' | 'reject' | 'request-changes' = 'approve',
  more: object = {},
): object {
  return {
    ...{ revision: view.revision, contentHash: view.contentHash, assessmentHash: view.assessmentHash, decision: kind },
    nonce: nonce(),
    ...(kind === 'approve' ? {} : { reason: 'not now' }),
    ...more,
  };
}

/** Everything the store holds, to see that nothing was written. */
export function contentsOf(store: MemoryStore): string {
  const items = (store as unknown as { items: Map<string, Map<string, unknown>> }).items;
  const all = [...items].map(([pk, partition]) => [pk, [...partition].sort()]).sort();
  return canonicalize(JSON.parse(JSON.stringify([store.log.length, all])));
}

export const hours = (n: number): number => n * HOUR_MS;

/** Entries of one change-set on its chain. */
export async function entriesOf(fixture: Fixture, id: string, entityId = ENTITY): Promise<ChainEntry[]> {
  return (await fixture.chain(entityId)).filter(({ body }) => body.data['change'] === id);
}
