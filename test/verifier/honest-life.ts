/**
 * A random honest life of a ledger, on the real use cases with a clock that stands still until it is moved: events, change-sets
 * at every level, votes, vetoes, delegations, overrides, changes of the policy, erasures, revoked session keys, a rotated root
 * key. What the system refuses is part of it. It leaves a data folder.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EpochMs } from '../../core/brands/index.ts';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { openForWriting } from '../../adapters/embedded/store/sqlite-schema.ts';
import { createAnchorFolder } from '../../adapters/embedded/log/anchor-folder.ts';
import { createLogFolder } from '../../adapters/embedded/log/log-folder.ts';
import { systemIds } from '../../adapters/embedded/machine/system-clock.ts';
import { localSealer, memoryRootSigner } from '../../adapters/memory/index.ts';
import { NervousError } from '../../core/errors/index.ts';
import {
  createAppender,
  createLogPublisher,
  ed25519Key,
  formatVerifierKey,
  recordRotation,
  type Clock,
  type RootSigner,
} from '../../core/ledger/index.ts';
import type { ChangeView } from '../../core/changes/index.ts';
import type { Principal } from '../../core/policy/index.ts';
import { config } from '../../nervous.config.ts';
import { startTestSystem, type TestSystem } from '../../testing/index.ts';
import { Random } from './random.ts';
import { checked } from '../support/checked.ts';

type Fixture = Pick<TestSystem, 'clock' | 'settled' | 'system'>;

const { ledger, origin } = config;
const PEOPLE = ['ana', 'boris', 'boris-mobile', 'clara', 'dan', 'eva'] as const;
const ENTITIES = ['account:1', 'account:2', 'account:3', 'registry:policy'] as const;
/** Quiet, within the sample's freeze window, and around its edges. */
const STARTS = ['2026-05-04T09:00:00Z', '2025-12-29T20:00:00Z', '2026-01-02T23:00:00Z', '2026-11-21T09:00:00Z'];

export interface HonestLife {
  readonly entries: number;
  /** verifier key of a root key of the ledger: the first one, or the newest */
  readonly vkey: string;
  /** ms since the Unix epoch */
  readonly now: number;
}

export async function liveHonestly(seed: number, dataDir: string): Promise<HonestLife> {
  const random = new Random(seed);
  mkdirSync(dataDir, { recursive: true });
  const db = openForWriting(dataDir, { ledger, origin });
  db.exec('PRAGMA synchronous = OFF');
  const store = new SqliteStore(db);
  const roots = [memoryRootSigner(origin)];
  const keys = db.prepare("SELECT chain FROM entries WHERE chain LIKE 'keys/%' AND seq = 0");
  let now = Date.parse(random.pick(STARTS));
  try {
    // Every round is a process of its own; between two of them the root key may be handed over.
    for (let rounds = random.pick([1, 1, 2, 3]); rounds > 0; rounds -= 1) {
      const rootSigner = roots.at(-1) as RootSigner;
      const running = { isOver: false };
      const own = storeOf(store, running);
      const fixture: Fixture = await startTestSystem({
        config,
        store: own,
        at: new Date(now),
        rootSigner,
        ids: systemIds,
      });
      const life = new Life(random, fixture, () => keys.all().map(({ chain }) => String(chain)));
      const publisher = publisherOf(dataDir, store, { clock: clockOf(fixture), roots });
      for (let steps = 3 + random.below(16); steps > 0; steps -= 1) {
        await life.step();
        if (random.chance(0.2)) await publisher.publish();
      }
      await fixture.settled();
      now = fixture.clock.now();
      running.isOver = true;
      if (random.chance(0.2)) roots.push(await rotate(store, fixture, rootSigner));
      await publisherOf(dataDir, store, { clock: clockOf(fixture), roots }).publish();
    }
    const vkey = formatVerifierKey(origin, random.pick(roots).publicKey);
    writeFileSync(join(dataDir, 'root.vkey'), `${vkey}\n`);
    return { entries: await store.size(), vkey, now };
  } finally {
    store.close();
  }
}

/** What of an ended process still runs, an execution for one, writes nothing any more. */
function storeOf(store: SqliteStore, running: { readonly isOver: boolean }): SqliteStore {
  const ended = async (): Promise<never> => {
    throw new Error('the process has ended');
  };
  return new Proxy(store, {
    get: (target, name) => {
      if (running.isOver && (name === 'commit' || name === 'write')) return ended;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

function publisherOf(
  dataDir: string,
  entries: SqliteStore,
  { clock, roots }: { readonly clock: Clock; readonly roots: readonly RootSigner[] },
) {
  return createLogPublisher({
    ...{ origin, entries, rootSigner: roots.at(-1) as RootSigner, clock, witnesses: [] },
    formerKeys: roots.map(({ publicKey }) => ed25519Key(origin, publicKey)),
    files: createLogFolder(join(dataDir, 'log')),
    anchors: createAnchorFolder(join(dataDir, 'anchors')),
  });
}

function clockOf({ clock }: Fixture): Clock {
  return { now: () => checked<EpochMs>(clock.now()), monotonic: () => clock.now(), sleep: async () => undefined };
}

async function rotate(store: SqliteStore, fixture: Fixture, from: RootSigner): Promise<RootSigner> {
  const to = memoryRootSigner(origin);
  const clock = clockOf(fixture);
  const alone = createAppender({
    ...{ ledger, origin, store, sealer: localSealer, rootSigner: from, clock, ids: systemIds },
  });
  await recordRotation({ alone, entries: store }, { from, to, reason: 'a year has passed' });
  return to;
}

class Life {
  private readonly random: Random;
  private readonly fixture: Fixture;
  private readonly changes: string[] = [];
  private readonly delegations: [from: string, id: string][] = [];
  private count = 0;

  private readonly keys: () => readonly string[];

  /** @param keys session keys so far */
  constructor(random: Random, fixture: Fixture, keys: () => readonly string[]) {
    this.keys = keys;
    this.random = random;
    this.fixture = fixture;
  }

  /** One act; that it is refused is an honest answer. */
  async step(): Promise<void> {
    try {
      await this[this.random.pick(ACTIONS)]();
    } catch (error) {
      if (!(error instanceof NervousError)) throw error;
    }
  }

  private get system() {
    return this.fixture.system;
  }

  who(id: string): Principal {
    const found = this.system.policy.principal(id);
    return found ?? { kind: 'module', id };
  }

  someone(): Principal {
    return this.who(this.random.pick(PEOPLE));
  }

  async publish(): Promise<void> {
    const events = Array.from({ length: 1 + this.random.below(12) }, () => ({
      ...{
        eventId: `e${(this.count += 1)}`,
        topic: 'transactions.new',
        entityId: this.random.pick(ENTITIES.slice(0, 3)),
      },
      payload: { amount: `${this.random.below(9_999)}.00`, kind: this.random.pick(['credit', 'debit'] as const) },
    }));
    await this.system.publish(this.who('bank-feed'), events);
  }

  async signIn(): Promise<void> {
    const payload = { method: 'sso' as const, ip: `203.0.113.${this.random.below(255)}` };
    const event = { eventId: `l${(this.count += 1)}`, topic: 'user.login', entityId: 'account:1', payload };
    await this.system.publish(this.who('agent-layer'), [event]);
  }

  async propose(): Promise<void> {
    const { random } = this;
    const entityId = random.pick(ENTITIES);
    const by = random.pick(['budget-bot', 'ana', 'boris', 'clara', 'eva']);
    const operations = entityId === 'registry:policy' ? this.policyChange() : this.operations();
    const key = random.chance(0.3) ? `k${random.below(4)}` : undefined;
    const title = `Change ${random.below(100)}`;
    const proposal = { entityId, title, rationale: 'Income is regular', operations };
    const { change } = await this.system.changes.propose(this.who(by), proposal, key);
    this.changes.push(change.id);
  }

  private operations(): object[] {
    const { random } = this;
    const limit = random.pick(['1.00', '700.00', '1800.50', '90000.00', '999999.99', '12345678901234567890.10']);
    const all = [
      { type: 'state.put', payload: { limit, note: 'ř ž \u{1f600}' } },
      {
        type: 'state.put',
        payload: { limit, holder: `Person ${random.below(9)}`, loans: [{ amount: limit }, { amount: 3 }] },
      },
      { type: 'state.patch', payload: [{ op: 'add', path: '/limit', value: limit }] },
      {
        type: 'state.patch',
        payload: [
          { op: 'add', path: '/a~1b', value: { c: [1, null] } },
          { op: 'copy', from: '/a~1b', path: '/d' },
        ],
      },
      {
        type: 'state.patch',
        payload: [
          { op: 'test', path: '/limit', value: limit },
          { op: 'remove', path: '/limit' },
        ],
      },
      { type: 'state.delete', payload: {} },
      { type: 'field.erase', payload: { seq: random.below(6), fields: ['/payload/ip'], basis: 'GDPR article 17' } },
    ];
    const some = Array.from({ length: random.chance(0.7) ? 1 : 2 + random.below(2) }, () => random.pick(all));
    return random.chance(0.2) ? some.map((one) => ({ ...one, baseVersion: random.below(3) })) : some;
  }

  private policyChange(): object[] {
    const { random } = this;
    const name = `p${random.below(50)}`;
    const person = {
      personId: name,
      name: 'Somebody',
      accounts: [name],
      roles: [random.pick(['peer', 'owner', 'risk'])],
    };
    return [
      {
        type: 'state.patch',
        payload: [
          random.pick([
            { op: 'add', path: '/roster/people/-', value: person },
            { op: 'remove', path: '/roster/people/2' },
            { op: 'replace', path: '/risk/version', value: `v${random.below(9)}` },
            { op: 'replace', path: '/risk/rules/0/approvals', value: 2 },
            { op: 'replace', path: '/risk/sampleL0', value: 50 },
            { op: 'replace', path: '/roster/people/1/roles', value: ['peer'] },
          ]),
        ],
      },
    ];
  }

  /** A change-set that there is, as an auditor sees it. */
  async someChange(): Promise<ChangeView> {
    if (this.changes.length === 0) await this.propose();
    const id = this.random.chance(0.7) ? this.changes.at(-1) : this.random.pick(this.changes);
    return this.system.changes.get(this.who('eva'), id ?? '');
  }

  async decide(): Promise<void> {
    const { random } = this;
    const change = await this.someChange();
    const { revision, contentHash, assessmentHash = '' } = change;
    const decision = random.pick(['approve', 'approve', 'approve', 'approve', 'reject', 'request-changes'] as const);
    const lent = random.chance(0.25) && this.delegations.length > 0 ? random.pick(this.delegations)[0] : undefined;
    await this.system.changes.decide(this.someone(), change.id, {
      ...{ revision, contentHash, assessmentHash, decision, reason: 'because' },
      nonce: `nonce-${(this.count += 1)}-${random.below(1e9)}-0123456789`,
      ...(lent === undefined ? {} : { onBehalfOf: lent }),
    });
  }

  async decideTogether(): Promise<void> {
    for (const id of PEOPLE) {
      const { revision, contentHash, assessmentHash = '', ...change } = await this.someChange();
      const nonce = `nonce-${(this.count += 1)}-${id}-0123456789abc`;
      const decision = { revision, contentHash, assessmentHash, decision: 'approve' as const, nonce };
      await this.system.changes.decide(this.who(id), change.id, decision).catch((error: unknown) => {
        if (!(error instanceof NervousError)) throw error;
      });
    }
  }

  async act(): Promise<void> {
    await this.someAction();
  }

  private async someAction(): Promise<unknown> {
    const { random, system } = this;
    const { id, revision, contentHash, assessmentHash = '' } = await this.someChange();
    const by = this.someone();
    const nonce = `nonce-${(this.count += 1)}-override-0123456789`;
    const bound = { revision, contentHash, assessmentHash };
    switch (random.below(6)) {
      case 0:
        return system.changes.withdraw(random.pick([by, this.who('budget-bot')]), id, {});
      case 1:
        return system.changes.revoke(by, id, {});
      case 2:
        return system.changes.override(this.who('eva'), id, { ...bound, nonce, ticket: 'INC-1', reason: 'outage' });
      case 3:
        return system.changes.review(by, id, { verdict: 'justified', reason: 'it was needed' });
      case 4:
        return system.changes.revise(this.who('budget-bot'), id, {
          ...{ title: 'Revised', rationale: 'Asked for', operations: this.operations() },
        });
      default:
        return system.changes.revert(by, id, { rationale: 'It was wrong' });
    }
  }

  async delegate(): Promise<void> {
    const { random } = this;
    const from = random.pick(PEOPLE);
    const until = new Date(this.fixture.clock.now() + random.pick([1, 24, 24 * 20]) * 3_600_000).toISOString();
    const to = random.pick(['clara', 'ana', 'eva', 'dan']);
    const given = await this.system.governing.delegate(this.who(from), { to, until, reason: 'on leave' });
    this.delegations.push([given.from, given.id]);
  }

  async endDelegation(): Promise<void> {
    const [from, id] = this.delegations.at(-1) ?? ['ana', '0'.repeat(64)];
    await this.system.governing.endDelegation(this.who(from), id);
  }

  async reveal(): Promise<void> {
    await this.system.reveal(this.who('eva'), 'account:1', this.random.below(8));
  }

  async revokeKey(): Promise<void> {
    const keys = this.keys();
    const key = keys.length === 0 ? `keys/${'0'.repeat(16)}` : this.random.pick(keys);
    await this.system.revokeKey(this.who('eva'), key, 'host seized');
  }

  async wait(): Promise<void> {
    await this.fixture.clock.advance(this.random.pick(['1s', '5m', '1h', '3h', '25h', '50h', '8d']));
  }
}

type Action = keyof {
  [Name in keyof Life as Life[Name] extends () => Promise<void> ? Name : never]: true;
};

/** Often repeated, what is often done. */
const ACTIONS: readonly Action[] = [
  ...(['publish', 'publish', 'signIn', 'propose', 'propose', 'propose'] as const),
  ...(['decide', 'decide', 'decide', 'decideTogether', 'act', 'act'] as const),
  ...(['delegate', 'endDelegation', 'reveal', 'revokeKey', 'wait', 'wait'] as const),
];
