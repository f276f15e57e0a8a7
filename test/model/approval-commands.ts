/**
 * What people, agents, attackers and bad luck can do to change-sets, each with the answer that the rules demand. A command
 * knows the ledger only by what the API showed before it; whether the whole was right is judged at the end by the oracle.
 */
import fc from 'fast-check';
import { STEP_NAMES, type ChangeView, type Delegation, type StepName } from '../../core/changes/index.ts';
import { NervousError } from '../../core/errors/index.ts';
import { ACCOUNTS, ENTITIES, Killed, PROPOSERS, type ApprovalFixture } from './approval-fixture.ts';

/** Every view of a change-set that was ever shown, oldest first. */
export interface Model {
  readonly shown: Map<string, ChangeView[]>;
  /** of decisions that were recorded */
  readonly spent: string[];
  /** every delegation that was made, ended ones included; filled once anybody lends a vote */
  lent: readonly Delegation[] | undefined;
  nonces: number;
  /** so far: each has a name of its own in the document */
  proposals: number;
}
type Command = fc.AsyncCommand<Model, ApprovalFixture>;

const MINUTE_MS = 60_000;

/** A command; a process that is killed under it is started again, and whatever it was about to do is unknown. */
interface Act extends Command {
  readonly act: (model: Model, fixture: ApprovalFixture) => Promise<void>;
}

function command(label: string, act: Act['act'], isPossible: Act['check'] = ({ shown }) => shown.size > 0): Act {
  return {
    act,
    check: isPossible,
    toString: () => label,
    run: async (model, fixture) => {
      try {
        await act(model, fixture);
      } catch (error) {
        if (!isKilled(error)) throw error;
        await fixture.restart();
      }
      await look(model, fixture);
    },
  };
}

const propose = (by: string, entityId: string, amount: number): Act =>
  command(
    `propose(${by}, ${entityId}, ${amount})`,
    async (model, fixture) => {
      const operations = operationsOf(model, amount);
      const input = { entityId, title: 'Do it', rationale: 'It is needed.', operations };
      const { change } = await fixture.process(0).propose(fixture.who(by), input);
      model.shown.set(change.id, [change]);
    },
    () => true,
  );

const revise = (at: number, by: string, amount: number): Act =>
  command(`revise(#${at}, ${by}, ${amount})`, async (model, fixture) => {
    const view = pick(model, at);
    const input = { title: 'Do it so', rationale: 'It is better.', operations: operationsOf(model, amount) };
    const isRight = by === view.proposer.id && view.state === 'pending';
    await expectAnswer(isRight, () => fixture.process(1).revise(fixture.who(by), view.id, input));
  });

interface Deciding {
  readonly at: number;
  readonly by: string;
  readonly kind: 'approve' | 'reject' | 'request-changes';
  /** which of the views shown so far it is based on, counted back from the newest */
  readonly back: number;
  readonly replayed: boolean;
  /** whose vote is cast, when not one's own */
  readonly as?: string | undefined;
  /** cast with this one of the votes that were lent, by who was lent it, where there is any */
  readonly loan?: number | undefined;
  readonly process: number;
}

const decide = (planned: Deciding): Act =>
  command(`decide(${JSON.stringify(planned)})`, async (model, fixture) => {
    const what = withLoan(model, planned);
    const { id } = pick(model, what.at);
    const { input, isRight, nonce: used } = prepared(model, fixture, what);
    await expectAnswer(isRight, async () => {
      const answer = await fixture.process(what.process).decide(fixture.who(what.by), id, input);
      model.spent.push(used);
      return answer;
    });
  });

/** Two decisions on one change-set at once, by two processes: each is right or refused, and one counts if one could. */
const race = (one: Deciding, other: Deciding): Act =>
  command(`race(${JSON.stringify([one, other])})`, async (model, fixture) => {
    const { id } = pick(model, one.at);
    const both = [one, { ...other, at: one.at }]
      .map((planned) => withLoan(model, planned))
      .map((what) => ({ what, ...prepared(model, fixture, what) }));
    const settled = await Promise.allSettled(
      both.map(({ what, input }, i) => fixture.process(i).decide(fixture.who(what.by), id, input)),
    );
    for (const result of settled) if (result.status === 'rejected') assertRefusal(result.reason);
    if (both.some(({ isRight }) => isRight) && settled.every(({ status }) => status === 'rejected'))
      throw new Error('both were refused, though one was right');
    if (settled.some((result, i) => result.status === 'fulfilled' && isNew(result.value) && both[i]?.isRight === false))
      throw new Error('one was accepted that never could be');
  });

const revoke = (at: number, by: string): Act =>
  command(`revoke(#${at}, ${by})`, async (model, fixture) => {
    const view = pick(model, at);
    const person = personOf(fixture, by);
    const stands = person !== undefined && usedIn(fixture, view).includes(person);
    const isOpen = view.state === 'pending' || view.state === 'approved';
    const isRight = stands && isOpen && view.override === undefined && isBeforeDeadline(fixture, view);
    await expectAnswer(isRight, () => fixture.process(0).revoke(fixture.who(by), view.id, {}));
  });

const override = (at: number, by: string): Act =>
  command(`override(#${at}, ${by})`, async (model, fixture) => {
    const { id, revision, contentHash, assessmentHash } = pick(model, at);
    const input = { revision, contentHash, assessmentHash, ticket: 'INC-1', reason: 'it burns', nonce: nonce(model) };
    await allowRefusal(() => fixture.process(0).override(fixture.who(by), id, input));
  });

const stop = (how: 'withdraw' | 'abort', at: number, by: string): Act =>
  command(`${how}(#${at}, ${by})`, async (model, fixture) => {
    const { id } = pick(model, at);
    await allowRefusal(() => fixture.process(1)[how](fixture.who(by), id, { reason: 'enough' }));
  });

/** The callback that was due, a second one, or a forged one for a step that nobody may take now. */
const callback = (at: number, step: StepName, process: number): Act =>
  command(`callback(#${at}, ${step}, ${process})`, async (model, fixture) => {
    const { id } = pick(model, at);
    await allowRefusal(() => fixture.process(process).runStep(step, id));
  });

/** The workflow stops half-way, with some operations applied: others may interfere. */
const begin = (at: number, steps: number): Act =>
  command(`begin(#${at}, ${steps} steps)`, async (model, fixture) => {
    const { id } = pick(model, at);
    const walk = ['claim', 'intend', 'apply', 'intend', 'apply'] as const;
    for (const step of walk.slice(0, steps)) await allowRefusal(() => fixture.process(0).runStep(step, id));
  });

const revert = (at: number, by: string): Act =>
  command(`revert(#${at}, ${by})`, async (model, fixture) => {
    const { id } = pick(model, at);
    await allowRefusal(async () => {
      const { change } = await fixture.process(1).revert(fixture.who(by), id, { rationale: 'It was wrong.' });
      model.shown.set(change.id, [change]);
    });
  });

const review = (at: number, by: string, verdict: 'justified' | 'unjustified'): Act =>
  command(`review(#${at}, ${by}, ${verdict})`, async (model, fixture) => {
    const { id } = pick(model, at);
    await allowRefusal(() => fixture.process(0).review(fixture.who(by), id, { verdict, reason: 'looked at it' }));
  });

const lend = (from: string, to: string, roles: readonly string[], days: number): Act =>
  command(
    `lend(${from} to ${to}, ${JSON.stringify(roles)}, ${days} days)`,
    async (model, fixture) => {
      model.lent ??= [];
      const until = new Date(fixture.clock.now() + days * 24 * 60 * MINUTE_MS).toISOString();
      const input = { to, until, reason: 'on leave', ...(roles.length === 0 ? {} : { roles }) };
      await allowRefusal(() => fixture.governing(0).delegate(fixture.who(from), input));
    },
    () => true,
  );

const takeBack = (at: number): Act =>
  command(
    `takeBack(#${at})`,
    async ({ lent = [] }, fixture) => {
      const { from, id } = lent[at % lent.length] as Delegation;
      await fixture.governing(1).endDelegation(fixture.who(from), id);
    },
    ({ lent = [] }) => lent.length > 0,
  );

/** One operation is applied when somebody writes the document behind the ledger's back: it cannot be undone any more. */
const tamper = (at: number): Act =>
  command(`tamper(#${at})`, async (model, fixture) => {
    const { id, entityId } = inState(model, 'approved') ?? pick(model, at);
    for (const step of ['claim', 'intend', 'apply'] as const)
      await allowRefusal(() => fixture.process(0).runStep(step, id));
    const { state, entries } = await fixture.process(0).get(fixture.who('eli'), id);
    if (state !== 'executing' || entries.filter(({ type }) => type === 'change.applied').length !== 1) return;
    await fixture.tamper(entityId);
    const end = await fixture.process(1).advance(id);
    if (end.kind !== 'end' || end.state !== 'rollback_failed') throw new Error(`not stuck: ${JSON.stringify(end)}`);
  });

const resolve = (at: number, by: string, outcome: 'executed' | 'rolled_back'): Act =>
  command(`resolve(#${at}, ${by}, ${outcome})`, async (model, fixture) => {
    const view = inState(model, 'rollback_failed') ?? pick(model, at);
    const person = personOf(fixture, by);
    const roles = fixture.rules.at(-1)?.people.get(person ?? '') ?? [];
    const isRight =
      view.state === 'rollback_failed' &&
      person !== undefined &&
      !isExcluded(view, person) &&
      roles.some((role) => role === 'owner' || role === 'risk') &&
      (view.resolutions ?? []).length < 10 &&
      !(view.resolutions ?? []).some((one) => one.personId === person && one.outcome === outcome);
    await expectAnswer(isRight, () => fixture.process(0).resolve(fixture.who(by), view.id, statement(outcome)));
  });

export function statement(outcome: 'executed' | 'rolled_back'): object {
  return { outcome, reason: 'as the bank says', evidence: [{ url: 'https://bank.test/77', hash: 'ab'.repeat(32) }] };
}

/** The workflow goes on by itself, on two processes at once. */
const work = (at: number): Act =>
  command(`work(#${at})`, async (model, fixture) => {
    const { id } = pick(model, at);
    await Promise.all([0, 1].map((process) => allowRefusal(() => fixture.process(process).advance(id))));
  });

const wait = (minutes: number): Act =>
  command(
    `wait(${minutes} min)`,
    (_, fixture) => fixture.clock.advance(minutes * MINUTE_MS),
    () => true,
  );

/** People leave or come back, rules become stricter or not. */
const govern = (without: readonly string[], strict: boolean): Act =>
  command(
    `govern(without ${JSON.stringify(without)}, ${strict ? 'strict' : 'plain'})`,
    (_, fixture) => fixture.govern({ without, strict }),
    () => true,
  );

/** A process dies at one of the writes of an act. */
const kill = (left: number, applied: boolean, during: Act): Act =>
  command(
    `kill(write ${left}, ${applied ? 'applied' : 'lost'}) during ${during.toString()}`,
    async (model, fixture) => {
      fixture.arm(left, applied);
      try {
        await during.act(model, fixture);
      } finally {
        await fixture.restart();
      }
    },
    (model) => during.check(model),
  );

const LENDERS = ['bob', 'carl', 'dora', 'eli'] as const;
const at = fc.nat({ max: 5 });
// Those who may approve most things more often than the others.
const account = fc.constantFrom(...ACCOUNTS, 'bob', 'dora', 'eli', 'carl', 'eli', 'dora');
const amount = fc.constantFrom(0, 0, 500, 5000);
const deciding = fc.record({
  at,
  by: account,
  kind: fc.constantFrom(
    'approve' as const,
    'approve' as const,
    'approve' as const,
    'reject' as const,
    'request-changes' as const,
  ),
  back: fc.constantFrom(0, 0, 0, 1),
  replayed: fc.constantFrom(false, false, false, true),
  as: fc.constantFrom(undefined, undefined, undefined, ...LENDERS),
  loan: fc.constantFrom(undefined, undefined, 0, 1, 2),
  process: fc.nat({ max: 1 }),
});
const aProposal = fc
  .tuple(fc.constantFrom(...PROPOSERS), fc.constantFrom(...ENTITIES), amount)
  .map((parts) => propose(...parts));
const aDecision = deciding.map(decide);
const aRevocation = fc.tuple(at, account).map((parts) => revoke(...parts));
const someWork = at.map(work);
const aLoan = fc
  .tuple(
    fc.constantFrom(...LENDERS),
    fc.constantFrom('ann', 'bob', 'carl', 'dora', 'sam', 'clerk'),
    fc.constantFrom([], [], ['owner'], ['risk']),
    fc.constantFrom(1, 8),
  )
  .map((parts) => lend(...parts));
const aResolution = fc
  .tuple(at, account, fc.constantFrom('executed' as const, 'rolled_back' as const))
  .map((parts) => resolve(...parts));
const aCallback = fc.tuple(at, fc.constantFrom(...STEP_NAMES), fc.nat({ max: 1 })).map((parts) => callback(...parts));

export const anyCommands = fc.commands(
  [
    ...[aProposal, aProposal],
    ...[aDecision, aDecision, aDecision, aDecision, aDecision, aDecision],
    ...[someWork, someWork],
    ...[aLoan, aLoan],
    at.map(takeBack),
    ...[at.map(tamper), at.map(tamper)],
    ...[aResolution, aResolution],
    aCallback,
    aRevocation,
    fc.tuple(deciding, deciding).map((both) => race(...both)),
    fc.tuple(at, fc.constantFrom(...PROPOSERS), amount).map((parts) => revise(...parts)),
    fc.tuple(at, fc.nat({ max: 5 })).map((parts) => begin(...parts)),
    fc.tuple(at, account).map((parts) => revert(...parts)),
    fc
      .tuple(at, account, fc.constantFrom('justified' as const, 'unjustified' as const))
      .map((parts) => review(...parts)),
    fc.tuple(at, fc.constantFrom('bob', 'bob-phone', 'dora')).map((parts) => override(...parts)),
    fc.tuple(fc.constantFrom('withdraw' as const, 'abort' as const), at, account).map((parts) => stop(...parts)),
    fc.constantFrom(1, 61, 26 * 60, 169 * 60).map(wait),
    fc.tuple(fc.subarray(['bob', 'carl', 'dora']), fc.boolean()).map((parts) => govern(...parts)),
    fc
      .tuple(
        fc.nat({ max: 4 }),
        fc.boolean(),
        fc.oneof(aProposal, aDecision, aRevocation, someWork, aCallback, aLoan, aResolution),
      )
      .map((parts) => kill(...parts)),
  ],
  { maxCommands: 60, size: 'max' },
);

/** The newest view of one of the change-sets. */
function pick({ shown }: Model, at: number): ChangeView {
  return ([...shown.values()][at % shown.size] as ChangeView[]).at(-1) as ChangeView;
}

async function look(model: Model, fixture: ApprovalFixture): Promise<void> {
  for (const [id, views] of model.shown) {
    const now = await fixture.process(0).get(fixture.who('eli'), id);
    if (JSON.stringify(now) !== JSON.stringify(views.at(-1))) views.push(now);
  }
  if (model.lent === undefined) return;
  const all = await Promise.all(LENDERS.map((lender) => fixture.governing(0).delegations(fixture.who(lender))));
  model.lent = all.flatMap(({ given }) => given);
}

function withLoan({ lent = [] }: Model, planned: Deciding): Deciding {
  const found = planned.loan === undefined ? undefined : lent[planned.loan % lent.length];
  return found === undefined ? planned : { ...planned, by: found.to, as: found.from };
}

/** The newest view of one that is in this state, if any is. */
function inState({ shown }: Model, state: ChangeView['state']): ChangeView | undefined {
  return [...shown.values()].map((views) => views.at(-1) as ChangeView).find((view) => view.state === state);
}

/** The decision, and whether the rules demand that it counts. */
function prepared(
  model: Model,
  fixture: ApprovalFixture,
  { at, by, as, kind, back, replayed }: Omit<Deciding, 'process'>,
): { readonly input: object; readonly isRight: boolean; readonly nonce: string } {
  const views = [...model.shown.values()][at % model.shown.size] as ChangeView[];
  const now = views.at(-1) as ChangeView;
  const seen = views.at(-1 - Math.min(back, views.length - 1)) as ChangeView;
  const used = replayed ? model.spent.at(-1) : undefined;
  const fresh = used ?? nonce(model);
  const input = { ...fixture.decision(seen, kind, fresh), ...(as === undefined ? {} : { onBehalfOf: as }) };
  const caster = personOf(fixture, by);
  const person = as ?? caster;
  const deciders = [person, caster];
  const loan = person === caster ? undefined : loanOf(model, fixture, { from: person, to: caster });
  const isCurrent = seen.revision === now.revision && seen.assessmentHash === now.assessmentHash;
  const isOpen = now.state === 'pending' || (now.state === 'approved' && kind !== 'approve');
  const isRight =
    used === undefined &&
    isCurrent &&
    isOpen &&
    (now.state === 'pending' || kind === 'reject') &&
    isBeforeDeadline(fixture, now) &&
    person !== undefined &&
    caster !== undefined &&
    (person === caster || loan !== undefined) &&
    !deciders.some((one) => one !== undefined && isExcluded(now, one)) &&
    holdsRole(fixture, now, { person, only: loan?.roles }) &&
    !usedIn(fixture, now).some((one) => deciders.includes(one));
  return { input, isRight, nonce: fresh };
}

function isExcluded({ proposer }: ChangeView, person: string): boolean {
  const { kind, id } = proposer;
  return person === (kind === 'agent' ? 'ann' : id.replace('-phone', ''));
}

/** The one that counts: of several that stand, the first in the order of their names. */
function loanOf(
  { lent = [] }: Model,
  { clock }: ApprovalFixture,
  { from, to }: { readonly from: string | undefined; readonly to: string | undefined },
): Delegation | undefined {
  const standing = lent.filter(
    (one) => one.from === from && one.to === to && one.revokedAt === undefined && clock.now() < Date.parse(one.until),
  );
  return standing.sort((one, other) => (one.id < other.id ? -1 : 1))[0];
}

/** Those whose vote is in it, and those who cast one. */
function usedIn(fixture: ApprovalFixture, { votes }: ChangeView): (string | undefined)[] {
  return votes.flatMap(({ personId, account }) => [personId, personOf(fixture, account)]);
}

/** A needed role, or since the escalation one that may stand in for it. */
function holdsRole(
  fixture: ApprovalFixture,
  { risk, entries }: ChangeView,
  { person, only }: { readonly person: string; readonly only?: readonly string[] | undefined },
): boolean {
  const held = fixture.rules.at(-1)?.people.get(person) ?? [];
  const assessed = entries.findLastIndex(({ type }) => type === 'change.assessed');
  const isEscalated = entries.slice(assessed + 1).some(({ type }) => type === 'change.escalated');
  const needed = risk?.roles ?? [];
  return held
    .filter((role) => only?.includes(role) ?? true)
    .some((role) => needed.includes(role) || (isEscalated && role === 'security' && needed.includes('owner')));
}

function personOf(fixture: ApprovalFixture, account: string): string | undefined {
  const principal = fixture.who(account);
  return principal.kind === 'person' ? principal.personId : undefined;
}

function isBeforeDeadline(fixture: ApprovalFixture, { deadline }: ChangeView): boolean {
  return fixture.clock.now() < Date.parse(deadline);
}

function nonce(model: Model): string {
  model.nonces += 1;
  return `nonce-${String(model.nonces).padStart(12, '0')}`;
}

/** The answer to what was recorded before is that it was; it changes nothing. */
function isNew(answer: unknown): boolean {
  return (answer as { readonly kind?: string } | undefined)?.kind !== 'recorded';
}

/** An amount under a name of its own, or a note: nothing that proposals could be in each other's way for. */
function operationsOf(model: Model, amount: number): object[] {
  model.proposals += 1;
  const path = amount === 0 ? `/notes/n${model.proposals}` : `/money/${amount}-${model.proposals}`;
  const note = { op: 'add', path: '/notes/last', value: model.proposals };
  return [
    { type: 'state.patch', payload: [{ op: 'add', path, value: amount }] },
    { type: 'state.patch', payload: [note] },
  ];
}

/** Right acts are accepted, wrong ones refused with a reason; never anything else. */
async function expectAnswer(isRight: boolean, act: () => Promise<unknown>): Promise<void> {
  const accepted = await act().then(isNew, (error: unknown) => {
    assertRefusal(error);
    if (isRight) throw error;
    return false;
  });
  if (!isRight && accepted) throw new Error('accepted what the rules forbid');
}

async function allowRefusal(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    assertRefusal(error);
  }
}

/** Refusals name their reason; everything else is a fault of the system, or its death. */
function assertRefusal(error: unknown): void {
  if (isKilled(error) || !(error instanceof NervousError) || error.code === 'STORE_UNAVAILABLE') throw error;
}

function isKilled(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof Killed) return true;
  return false;
}
