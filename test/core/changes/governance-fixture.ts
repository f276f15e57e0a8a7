/** A company that governs itself: a ledger in memory with as many processes on it as wanted, each with its configuration. */
import type { Signers } from '../../../core/assertions/index.ts';
import type { PersonId } from '../../../core/brands/index.ts';
import { toHex } from '../../../core/canonical/index.ts';
import {
  createChanges,
  createGovernance,
  createPolicyUseCases,
  riskSchema,
  type Changes,
  type ChangeView,
  type ChainEntry,
  type Governance,
  type PolicyDocument,
  type PolicyUseCases,
} from '../../../core/changes/index.ts';
import type { ChangeRecord } from '../../../core/changes/model/record.ts';
import {
  createAppender,
  parseEntry,
  type EntryStore,
  type Finding,
  type ItemStore,
  type RootSigner,
  type StoredEntry,
} from '../../../core/ledger/index.ts';
import { createPolicy, modulesSchema, rosterSchema, type Principal } from '../../../core/policy/index.ts';
import { CountingIds, FakeClock, localSealer, memoryRootSigner, MemoryStore } from '../../../adapters/memory/index.ts';
import { createEntryVerifier } from '../../../core/system/index.ts';
import { decision } from './fixture.ts';
import { checked } from '../../support/checked.ts';

export const ENTITY = 'account:1';
export const POLICY = 'registry:policy';
export const DAY_MS = 86_400_000;

const all = { reads: ['*'], proposes: ['account:*', 'registry:*'] };

/** ann, bob and carl own, pete is their peer, rita and ralf do risk, sam and sue security; the bot is bob's. */
export const ROSTER = {
  roles: { owner: all, peer: all, risk: { reads: ['*'] }, security: { reads: ['*'] } },
  people: [
    { personId: 'ann', name: 'Ann', accounts: ['ann', 'ann-2'], roles: ['owner'] },
    { personId: 'bob', name: 'Bob', accounts: ['bob'], roles: ['owner'] },
    { personId: 'carl', name: 'Carl', accounts: ['carl'], roles: ['owner'] },
    { personId: 'pete', name: 'Pete', accounts: ['pete'], roles: ['peer'] },
    { personId: 'rita', name: 'Rita', accounts: ['rita'], roles: ['risk'] },
    { personId: 'ralf', name: 'Ralf', accounts: ['ralf'], roles: ['risk'] },
    { personId: 'sam', name: 'Sam', accounts: ['sam'], roles: ['security'] },
    { personId: 'sue', name: 'Sue', accounts: ['sue'], roles: ['security'] },
  ],
  agents: [{ id: 'bot', owner: 'bob', logic: 'bot@1', rights: all }],
};
export const RISK = {
  version: '1',
  rules: [
    { name: 'any', when: { reversible: [true] }, level: 'L2', roles: ['owner', 'risk'], approvals: 2 },
    // What a careless or hostile table would say.
    { name: 'nothing to see', when: { entity: [{ prefix: 'registry:' }] }, level: 'L0', approvals: 0 },
  ],
};
const MODULES = modulesSchema.parse({ billing: { proposes: ['account:*'] } });

export interface Company {
  readonly changes: Changes;
  readonly governing: PolicyUseCases;
  readonly governance: Governance;
}

/** What a process is configured with. */
export interface Configuration {
  readonly roster?: object;
  readonly risk?: object;
  /** of enrolled keys */
  readonly signers?: Signers;
}

export interface GovernanceFixture extends Company {
  readonly store: MemoryStore;
  readonly clock: FakeClock;
  /** what was found not to be as it was recorded */
  readonly tampered: readonly Finding[];
  /** another process on the same ledger */
  readonly process: (configuration?: Configuration) => Company;
  readonly chain: (entityId?: string) => Promise<ChainEntry[]>;
  /** every entry, in the order of the log */
  readonly log: () => Promise<ChainEntry[]>;
  readonly record: (id: string) => Promise<ChangeRecord>;
  /** Proposes on the entity, as ann unless told otherwise. */
  readonly propose: (operations?: readonly object[], more?: object, by?: string) => Promise<ChangeView>;
  readonly approve: (view: ChangeView, ...people: string[]) => Promise<ChangeView>;
  /** Through proposal, approval, lock and execution. */
  readonly carryOut: (view: ChangeView, ...people: string[]) => Promise<ChangeView>;
}

/** @param on where the ledger is kept; default: in memory, as `store` */
export function createGovernanceFixture(
  configuration: Configuration = {},
  on?: EntryStore & ItemStore,
  rootSigner: RootSigner = memoryRootSigner('ledger.test/main'),
): GovernanceFixture {
  const store = new MemoryStore({ exclusive: false });
  const kept = on ?? store;
  const clock = new FakeClock();
  const ids = new CountingIds();
  const tampered: Finding[] = [];
  const proofs = {
    origin: rootSigner.name,
    verifier: () => createEntryVerifier({ ledger: 'main', root: rootSigner, entries: kept, signatures: true }),
    onTamper: (finding: Finding) => void tampered.push(finding),
  };
  const process = (own: Configuration = {}): Company => {
    const { roster, risk, signers } = { roster: ROSTER, risk: RISK, signers: {}, ...configuration, ...own };
    const impatient = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      sleep: () => new Promise<void>((resolve) => setImmediate(resolve)),
    };
    const appender = createAppender({
      ...{
        ledger: 'main',
        origin: 'ledger.test/main',
        store: kept,
        sealer: localSealer,
        rootSigner,
        clock: impatient,
        ids,
      },
    });
    const governance = createGovernance({
      ...{ ledger: 'main', items: kept, entries: kept, clock, modules: MODULES, proofs },
      configured: {
        roster: rosterSchema.parse(roster),
        risk: riskSchema.parse(risk),
        ...(signers as Pick<PolicyDocument, 'webauthn' | 'credentials'>),
      },
    });
    const deps = { ledger: 'main', appender, items: kept, entries: kept, governance, clock, ids };
    return { governance, changes: createChanges(deps), governing: createPolicyUseCases(deps) };
  };
  const first = process();
  const { changes } = first;
  const approve = async (view: ChangeView, ...people: string[]): Promise<ChangeView> => {
    let now = view;
    for (const person of people) now = (await changes.decide(who(person), view.id, decision(now))).change;
    return now;
  };
  return {
    ...first,
    ...{ store, clock, process, approve, tampered },
    chain: async (entityId = POLICY) => (await kept.read(entityId, 0, 10_000)).map(parsed),
    log: async () => (await kept.readLog(0, 10_000)).map(parsed),
    record: async (id) => (await kept.get({ pk: 'main#change', sk: id }))?.value as unknown as ChangeRecord,
    propose: async (operations = [put({ limit: 1 })], more = {}, by = 'ann') => {
      const input = { entityId: ENTITY, title: 'Change it', rationale: 'It is time.', operations, ...more };
      return (await changes.propose(who(by), input)).change;
    },
    carryOut: async (view, ...people) => {
      await approve(view, ...people);
      await clock.advance(DAY_MS);
      await changes.advance(view.id);
      return changes.get(who('ann'), view.id);
    },
  };
}

function parsed({ note, hash }: StoredEntry): ChainEntry {
  const entry = parseEntry(note);
  if (entry.kind !== 'entry') throw new Error(entry.reason);
  return { body: entry.body, hash: toHex(hash) };
}

export const put = (document: object): object => ({ type: 'state.put', payload: document });
/** Operations on the policy. */
export const patch = (...steps: object[]): object => ({ type: 'state.patch', payload: steps });
export const onPolicy = { entityId: POLICY };

/** Whoever the company begins with, and whoever it may get. */
export function who(id: string, roster: object = ROSTER): Principal {
  const principal = createPolicy(rosterSchema.parse(roster), MODULES).principal(id);
  return principal ?? { kind: 'person', id, personId: checked<PersonId>(id) };
}

/** The index of a person in the roster, for patches. */
export function at(personId: string): number {
  return ROSTER.people.findIndex((person) => person.personId === personId);
}
