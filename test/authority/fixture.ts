/**
 * A ledger with an honest history, and a thief who has a session key and the root key: he can have any entry signed and
 * appended, but is not the engine, so no rule holds him. On any store.
 */
import type { PersonId } from '../../core/brands/index.ts';
import { FakeClock, CountingIds, localSealer } from '../../adapters/memory/index.ts';
import { toHex, type JsonObject, type JsonValue } from '../../core/canonical/index.ts';
import {
  createChanges,
  createGovernance,
  createPolicyUseCases,
  foldChange,
  riskSchema,
  stepHash,
  type Changes,
  type ChainEntry,
  type ChangeRecord,
  type ChangeView,
  type PolicyUseCases,
} from '../../core/changes/index.ts';
import {
  createAppender,
  parseEntry,
  SYSTEM_ACTOR,
  type Actor,
  type Appender,
  type EntryStore,
  type ItemStore,
  type RootSigner,
} from '../../core/ledger/index.ts';
import { createEntryVerifier } from '../../core/system/index.ts';
import { createPolicy, modulesSchema, rosterSchema, type Principal } from '../../core/policy/index.ts';
import { checked } from '../support/checked.ts';

export const LEDGER = 'main';
export const ORIGIN = 'ledger.test/main';
export const POLICY = 'registry:policy';
export const ACCOUNT = 'account:1';
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

const rights = { reads: ['account:*', 'registry:*'], proposes: ['account:*', 'registry:*'] };

/** ann, bob and carl own, the bot is bob's; rita and ralf do risk, sam security, olga is on call; pete and petra are their peers. */
const ROSTER = {
  roles: {
    ...{ owner: rights, risk: { reads: ['*'] }, security: { reads: ['*'] }, peer: rights },
    ...{ oncall: { reads: ['account:*'], overrides: ['account:*'] }, guest: {} },
  },
  people: [
    { personId: 'ann', name: 'Ann', accounts: ['ann', 'ann-phone'], roles: ['owner'] },
    { personId: 'bob', name: 'Bob', accounts: ['bob'], roles: ['owner'] },
    { personId: 'carl', name: 'Carl', accounts: ['carl'], roles: ['owner'] },
    { personId: 'rita', name: 'Rita', accounts: ['rita'], roles: ['risk'] },
    { personId: 'ralf', name: 'Ralf', accounts: ['ralf'], roles: ['risk'] },
    { personId: 'sam', name: 'Sam', accounts: ['sam'], roles: ['security'] },
    { personId: 'olga', name: 'Olga', accounts: ['olga'], roles: ['oncall'] },
    { personId: 'pete', name: 'Pete', accounts: ['pete'], roles: ['peer'] },
    { personId: 'petra', name: 'Petra', accounts: ['petra'], roles: ['peer'] },
    { personId: 'gus', name: 'Gus', accounts: ['gus'], roles: ['guest'] },
  ],
  agents: [{ id: 'bot', owner: 'bob', logic: 'bot@1', rights }],
  separation: [['risk', 'security']],
};
const RISK = {
  version: '1',
  moneyPaths: ['/money/*'],
  escalation: { afterHours: 24, roles: { owner: ['peer'] } },
  rules: [
    { name: 'note', when: { money: { touched: [false] } }, level: 'L1', roles: ['owner'], approvals: 1 },
    { name: 'money', when: { money: { touched: [true] } }, level: 'L2', roles: ['owner', 'risk'], approvals: 2 },
    {
      ...{ name: 'large', when: { money: { moved: [{ numeric: ['>', 1000] }] } }, level: 'L3' },
      ...{ roles: ['owner', 'risk'], approvals: 2, timelockMinutes: 60 },
    },
    {
      ...{ name: 'split', when: { initiator: { recentMoved: [{ numeric: ['>', 2000] }] } }, level: 'L3' },
      ...{ roles: ['owner', 'risk'], approvals: 2, timelockMinutes: 60 },
    },
  ],
};
const MODULES = modulesSchema.parse({ billing: rights });

export interface Ledger {
  readonly store: EntryStore & ItemStore;
  readonly rootSigner: RootSigner;
}

/** What an entry says that the thief writes. */
export interface Forged {
  readonly type: string;
  readonly actor: Actor;
  readonly data: JsonObject;
  readonly idem?: string;
}

export interface Place {
  readonly entity: string;
  readonly seq: number;
}

const ROOT_SIGNED = ['approved', 'rejected', 'claimed', 'executed', 'rolled-back', 'overridden', 'rollback-failed'];

/** Others than those that were given out before. */
class LaterIds extends CountingIds {
  private readonly start: number;

  constructor(start: number) {
    super();
    this.start = start;
  }

  override next(): string {
    return `${super.next()}-${this.start}`;
  }
}

export class AuthorityFixture {
  readonly clock: FakeClock;
  readonly changes: Changes;
  readonly governing: PolicyUseCases;
  readonly ids: CountingIds;
  private readonly store: Ledger['store'];
  private readonly appender: Appender;
  private nonces = 0;

  /** @param start ms since the Unix epoch: not before what is recorded */
  constructor({ store, rootSigner }: Ledger, start = Date.UTC(2026, 10, 21, 9)) {
    this.store = store;
    this.clock = new FakeClock(start);
    this.ids = new LaterIds(start);
    const { clock, ids } = this;
    const impatient = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      sleep: () => new Promise<void>((resolve) => setImmediate(resolve)),
    };
    this.appender = createAppender({
      ...{ ledger: LEDGER, origin: ORIGIN, store, sealer: localSealer, rootSigner, clock: impatient, ids },
    });
    const governance = createGovernance({
      ...{ ledger: LEDGER, items: store, entries: store, clock, modules: MODULES },
      proofs: {
        origin: ORIGIN,
        verifier: () => createEntryVerifier({ ledger: LEDGER, root: rootSigner, entries: store, signatures: true }),
        onTamper: () => {},
      },
      configured: { roster: rosterSchema.parse(ROSTER), risk: riskSchema.parse(RISK) },
    });
    const deps = { ledger: LEDGER, appender: this.appender, items: store, entries: store, governance, clock, ids };
    this.changes = createChanges(deps);
    this.governing = createPolicyUseCases(deps);
  }

  who(id: string): Principal {
    const principal = createPolicy(rosterSchema.parse(ROSTER), MODULES).principal(id);
    return principal ?? { kind: 'person', id, personId: checked<PersonId>(id) };
  }

  nonce(): string {
    this.nonces += 1;
    return `nonce-${this.clock.now()}-${String(this.nonces).padStart(6, '0')}`;
  }

  async propose(by: string, operations: readonly unknown[], entityId = ACCOUNT): Promise<ChangeView> {
    const input = { entityId, title: 'Change it', rationale: 'It is time.', operations };
    return (await this.changes.propose(this.who(by), input)).change;
  }

  async approve(view: ChangeView, ...people: readonly string[]): Promise<void> {
    for (const person of people) {
      const { revision, contentHash, assessmentHash } = await this.changes.get(this.who('ann'), view.id);
      const decision = { revision, contentHash, assessmentHash, decision: 'approve', nonce: this.nonce() };
      await this.changes.decide(this.who(person), view.id, decision);
    }
  }

  /** Approves, waits for the lock, and has it carried out. */
  async carryOut(view: ChangeView, ...people: readonly string[]): Promise<void> {
    await this.approve(view, ...people);
    await this.clock.advance(view.entityId === POLICY ? DAY_MS : HOUR_MS);
    const end = await this.changes.advance(view.id);
    if (end.kind !== 'end' || end.state !== 'executed') throw new Error(`not executed: ${JSON.stringify(end)}`);
  }

  async chain(entity: string): Promise<ChainEntry[]> {
    return (await this.store.read(entity, 0, 10_000)).map(({ note, hash }) => {
      const parsed = parseEntry(note);
      if (parsed.kind !== 'entry') throw new Error(parsed.reason);
      return { body: parsed.body, hash: toHex(hash) };
    });
  }

  async entriesOf(change: string, entity = ACCOUNT): Promise<ChainEntry[]> {
    return (await this.chain(entity)).filter(
      ({ body }) => body.type.startsWith('change.') && body.data['change'] === change,
    );
  }

  /** As its entries have it, the forged ones too while they fold. */
  async record(change: string, entity = ACCOUNT): Promise<ChangeRecord> {
    const folded = foldChange(await this.entriesOf(change, entity));
    if (folded.kind === 'refused') throw new Error(folded.message);
    return folded.record;
  }

  /** The entry that made the policy in force; `back`: the one so many before it. */
  async under(back = 0): Promise<{ seq: number; hash: string }> {
    const writing = (await this.chain(POLICY)).filter(({ body }) =>
      ['policy.adopted', 'change.applied'].includes(body.type),
    );
    const { body, hash } = writing.at(-1 - back) as ChainEntry;
    return { seq: body.seq, hash };
  }

  /** Appends whatever it is, signed by a session key that the root key certified, and by the root key where that is asked for. */
  async append(chain: string, ...forged: readonly Forged[]): Promise<Place[]> {
    const entries = forged.map(({ idem = this.ids.next(), type, ...draft }) => {
      const rootSigned = ROOT_SIGNED.some((name) => type === `change.${name}`) || type === 'policy.adopted';
      return { chain, draft: { ...draft, type, idem, ...(rootSigned ? { rootSigned } : {}) } };
    });
    const result = await this.appender.append({ entries });
    if (result.kind !== 'appended') throw new Error(`not appended: ${result.kind}`);
    return result.entries.map(({ seq }) => ({ entity: chain, seq }));
  }

  /** Appends the next steps of a change-set, each with the fields that every step has. */
  async steps(change: string, ...drafts: readonly Omit<Forged, 'idem'>[]): Promise<Place[]> {
    const before = await this.entriesOf(change);
    const revision = (before.findLast(({ body }) => 'contentHash' in body.data)?.body.data['revision'] ??
      1) as JsonValue;
    return this.append(
      ACCOUNT,
      ...drafts.map(({ type, actor, data }, i) => ({
        ...{ type, actor, idem: `${change}#${before.length + i}` },
        data: { change, revision, ...data },
      })),
    );
  }
}

export const person = (id: string): Actor => ({ kind: 'person', id });
export const SYSTEM: Actor = SYSTEM_ACTOR;
export { stepHash };

/** Operations on the account's document. */
export const patch = (path: string, value: JsonValue, op = 'add'): JsonObject => ({
  type: 'state.patch',
  payload: [{ op, path, value }],
});

/**
 * An account with money and notes; two people lent their votes, one took it back, one's time is over; the policy was changed once, by
 * people; small and large changes were carried out. Then an hour of quiet.
 */
export async function honestHistory(ledger: Ledger): Promise<AuthorityFixture> {
  const fixture = new AuthorityFixture(ledger);
  const { governing, clock } = fixture;
  const begin = await fixture.propose('pete', [{ type: 'state.put', payload: { money: { a: '0' }, notes: {} } }]);
  await fixture.carryOut(begin, 'ann');
  const lend = (from: string, to: string, hours: number, more: object = {}) => {
    const until = new Date(clock.now() + hours * HOUR_MS).toISOString();
    return governing.delegate(fixture.who(from), { to, until, reason: 'away', ...more });
  };
  const hires = { personId: 'hugo', name: 'Hugo', accounts: ['hugo'], roles: ['risk'] };
  const hire = { type: 'state.patch', payload: [{ op: 'add', path: '/roster/people/-', value: hires }] };
  await fixture.carryOut(await fixture.propose('pete', [hire], POLICY), 'ann', 'rita', 'sam');
  await lend('rita', 'petra', 24 * 20); // delegation 0 stands
  await lend('ralf', 'petra', 1); // 1 is over soon
  const taken = await lend('hugo', 'petra', 24 * 20); // 2 is taken back
  await governing.endDelegation(fixture.who('hugo'), taken.id);
  await fixture.carryOut(await fixture.propose('bot', [patch('/money/a', '400')]), 'ann', 'rita');
  await fixture.carryOut(await fixture.propose('pete', [patch('/notes/n', 'x')]), 'carl');
  await clock.advance(2 * DAY_MS);
  return fixture;
}

/** Ids of the delegations that were granted, in order. */
export async function delegations(fixture: AuthorityFixture): Promise<string[]> {
  return (await fixture.chain('system/delegations'))
    .filter(({ body }) => body.type === 'delegation.granted')
    .map(({ hash }) => hash);
}
