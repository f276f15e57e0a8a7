/**
 * One ledger, two processes on it, people with several accounts, an agent, and hands that make any write fail or a process
 * die at it. Roster and rules change the way they do for everybody: by a change-set of the highest level.
 */
import {
  CountingIds,
  FakeClock,
  ImpatientClock,
  localSealer,
  memoryRootSigner,
  MemoryStore,
} from '../../adapters/memory/index.ts';
import { toHex, type JsonValue } from '../../core/canonical/index.ts';
import {
  createChanges,
  createGovernance,
  createPolicyUseCases,
  riskSchema,
  type Changes,
  type ChangeView,
  type PolicyUseCases,
} from '../../core/changes/index.ts';
import { createAppender, parseEntry } from '../../core/ledger/index.ts';
import { createEntryVerifier } from '../../core/system/index.ts';
import { createPolicy, modulesSchema, rosterSchema, type Principal } from '../../core/policy/index.ts';
import type { Entry, Rules } from './approval-oracle.ts';

export const LEDGER = 'main';
export const ENTITIES = ['account:1', 'account:2'] as const;
export const POLICY_ENTITY = 'registry:policy';
const ORIGIN = 'ledger.test/main';
const ROOT = memoryRootSigner(ORIGIN);
const DAY_MS = 86_400_000;

const rights = { reads: ['account:*', 'registry:*'], proposes: ['account:*', 'registry:*'] };

/** ann answers for the agent; bob owns with two accounts; carl owns; dora does risk, eli owns and does risk; sam is security. */
const ROSTER = {
  roles: { owner: rights, risk: rights, security: rights, oncall: { overrides: ['account:*'] }, clerk: rights },
  people: [
    { personId: 'ann', name: 'Ann', accounts: ['ann'], roles: ['owner'] },
    { personId: 'bob', name: 'Bob', accounts: ['bob', 'bob-phone'], roles: ['owner', 'oncall'] },
    { personId: 'carl', name: 'Carl', accounts: ['carl'], roles: ['owner'] },
    { personId: 'dora', name: 'Dora', accounts: ['dora'], roles: ['risk'] },
    { personId: 'eli', name: 'Eli', accounts: ['eli'], roles: ['owner', 'risk'] },
    { personId: 'sam', name: 'Sam', accounts: ['sam'], roles: ['security'] },
    { personId: 'clerk', name: 'Clerk', accounts: ['clerk'], roles: ['clerk'] },
  ],
  agents: [{ id: 'bot', owner: 'ann', logic: 'bot@1', rights }],
};
export const ACCOUNTS = ['ann', 'bob', 'bob-phone', 'carl', 'dora', 'eli', 'sam', 'clerk', 'bot', 'billing'] as const;
export const PROPOSERS = ['bot', 'clerk', 'carl', 'billing'] as const;
const MODULES = modulesSchema.parse({ billing: rights });

const riskTable = (strict: boolean): object => ({
  version: strict ? '2' : '1',
  moneyPaths: ['/money/*'],
  escalation: { afterHours: 24, roles: { owner: ['security'] } },
  rules: [
    {
      ...{ name: 'note', when: { money: { touched: [false] } }, level: 'L1', roles: ['owner'] },
      approvals: strict ? 2 : 1,
    },
    { name: 'money', when: { money: { touched: [true] } }, level: 'L2', roles: ['owner', 'risk'], approvals: 2 },
    {
      ...{ name: 'large', when: { money: { moved: [{ numeric: ['>', 1000] }] } }, level: 'L3' },
      ...{ roles: ['owner', 'risk'], approvals: 2, timelockMinutes: 60 },
    },
  ],
});

interface Process {
  readonly changes: Changes;
  readonly governing: PolicyUseCases;
}

/** A process that dies at a write: it neither knows whether the write took effect nor does anything afterwards. */
export class Killed extends Error {}

export class ApprovalFixture {
  readonly clock = new FakeClock();
  readonly rules: Rules[] = [];
  private readonly store: MemoryStore;
  private readonly ids = new CountingIds();
  private fault: { left: number; readonly applied: boolean } | undefined;
  private processes: readonly Process[] = [];

  constructor() {
    const die = (applied: boolean) => (): void => {
      if (this.fault?.applied !== applied) return;
      if (this.fault.left > 0) this.fault.left -= 1;
      else throw new Killed('killed at a write');
    };
    this.store = new MemoryStore({ exclusive: false, faults: { before: die(false), after: die(true) } });
    this.note({ people: ROSTER.people, strict: false });
  }

  /** Every entity gets a document with places for notes and money. */
  async prepare(): Promise<void> {
    await this.restart();
    for (const entityId of ENTITIES) {
      const { change } = await this.process(0).propose(this.who('clerk'), {
        ...{ entityId, title: 'Begin', rationale: 'It has to begin.' },
        operations: [{ type: 'state.put', payload: { money: {}, notes: {} } }],
      });
      await this.process(0).decide(this.who('carl'), change.id, this.decision(change));
      await this.process(0).advance(change.id);
    }
  }

  process(index: number): Changes {
    return (this.processes[index % 2] as Process).changes;
  }

  governing(index: number): PolicyUseCases {
    return (this.processes[index % 2] as Process).governing;
  }

  /** Somebody writes the document behind the ledger's back. */
  async tamper(entityId: string): Promise<void> {
    const key = { pk: `${LEDGER}#document`, sk: entityId };
    const stored = (await this.store.get(key))?.value as { readonly document: object };
    const value = { document: { ...stored.document, tampered: true }, change: 'nobody' } as JsonValue;
    await this.store.write([{ kind: 'put', key, value, expect: 'any' }]);
  }

  /** Everything from the write after `left` more on fails in the next act; before it is applied, or after. */
  arm(left: number, applied: boolean): void {
    this.fault = { left, applied };
  }

  /** The killed process is gone; both start again from what is stored. */
  async restart(): Promise<void> {
    this.fault = undefined;
    this.processes = [await this.start(), await this.start()];
  }

  who(id: string): Principal {
    return createPolicy(rosterSchema.parse(ROSTER), MODULES).principal(id) as Principal;
  }

  /** Every account's person has these roles from now on, by a change-set that three people approved and a day passed over. */
  async govern({ without, strict }: { readonly without: readonly string[]; readonly strict: boolean }): Promise<void> {
    const people = ROSTER.people.map((one) => ({
      ...one,
      roles: without.includes(one.personId) ? ['clerk'] : one.roles,
    }));
    const document = { roster: { ...ROSTER, people }, risk: riskTable(strict) };
    const changes = this.process(0);
    const { change } = await changes.propose(this.who('clerk'), {
      ...{ entityId: POLICY_ENTITY, title: 'Change the policy', rationale: 'It has to change.' },
      operations: [{ type: 'state.put', payload: JSON.parse(JSON.stringify(this.whole(document))) as JsonValue }],
    });
    const voters = await this.governors();
    let view: ChangeView = change;
    for (const account of voters)
      view = (await changes.decide(this.who(account), change.id, this.decision(view))).change;
    await this.clock.advance(DAY_MS);
    const end = await changes.advance(change.id);
    if (end.kind !== 'end' || end.state !== 'executed')
      throw new Error(`the policy did not change: ${JSON.stringify(end)}`);
    this.note({ people, strict });
  }

  decision(
    view: ChangeView,
    kind: 'approve' | 'reject' | 'request-changes' = 'approve',
    nonce = this.ids.next(),
  ): object {
    const { revision, contentHash, assessmentHash } = view;
    return {
      ...{ revision, contentHash, assessmentHash, decision: kind, nonce: nonce.padEnd(16, '0') },
      ...(kind === 'approve' ? {} : { reason: 'not so' }),
    };
  }

  async entries(): Promise<Entry[]> {
    return (await this.store.readLog(0, 1_000_000)).map(({ chain, note, position, hash }) => {
      const parsed = parseEntry(note);
      if (parsed.kind !== 'entry') throw new Error(parsed.reason);
      const { type, at, actor, data } = parsed.body;
      return { position, chain, hash: toHex(hash), type, at: Date.parse(at), actor, data };
    });
  }

  get stores(): MemoryStore {
    return this.store;
  }

  /** One owner, one for risk, one for security: who still has the role. */
  private async governors(): Promise<string[]> {
    const people = this.rules.at(-1)?.people ?? new Map<string, readonly string[]>();
    const first = (role: string, not: readonly string[]): string => {
      const found = [...people].find(([person, roles]) => roles.includes(role) && !not.includes(person));
      if (found === undefined) throw new Error(`nobody is left who is ${role}`);
      return found[0];
    };
    const risk = first('risk', []);
    const owner = first('owner', [risk]);
    return [owner, risk, first('security', [])];
  }

  private note({
    people,
    strict,
  }: {
    readonly people: readonly { personId: string; roles: readonly string[] }[];
    strict: boolean;
  }): void {
    this.rules.push({
      since: this.store.log.length,
      people: new Map(people.map(({ personId, roles }) => [personId, roles])),
      owners: new Map([['bot', 'ann']]),
      accounts: new Map(ROSTER.people.flatMap(({ personId, accounts }) => accounts.map((one) => [one, personId]))),
      strict,
    });
  }

  private whole(document: { readonly roster: object; readonly risk: object }): object {
    return { roster: rosterSchema.parse(document.roster), risk: riskSchema.parse(document.risk) };
  }

  private async start(): Promise<Process> {
    const { store, ids, clock } = this;
    const impatient = new ImpatientClock();
    const appender = createAppender({
      ...{ ledger: LEDGER, origin: ORIGIN, store, sealer: localSealer, rootSigner: ROOT, ids },
      clock: { now: () => clock.now(), monotonic: () => clock.monotonic(), sleep: () => impatient.sleep() },
    });
    const governance = createGovernance({
      ...{ ledger: LEDGER, items: store, entries: store, clock, modules: MODULES },
      proofs: {
        origin: ORIGIN,
        verifier: () => createEntryVerifier({ ledger: LEDGER, root: ROOT, entries: store, signatures: true }),
        onTamper: ({ detail }) => {
          throw new Error(detail);
        },
      },
      configured: { roster: rosterSchema.parse(ROSTER), risk: riskSchema.parse(riskTable(false)) },
    });
    await governance.refresh();
    const deps = { ledger: LEDGER, appender, items: store, entries: store, clock, ids, governance };
    return { changes: createChanges(deps), governing: createPolicyUseCases(deps) };
  }
}
