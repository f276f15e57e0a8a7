/**
 * Judges a ledger after the fact, from its entries alone and with none of the code under test: was everything that ran
 * approved by enough of the right people, in time, once, under the rules of that moment? Slow and plain on purpose.
 */

/** Who was who and what was required, from this log position on. */
export interface Rules {
  readonly since: number;
  /** personId → roles */
  readonly people: ReadonlyMap<string, readonly string[]>;
  /** agent → personId of who answers for it */
  readonly owners: ReadonlyMap<string, string>;
  /** account → personId */
  readonly accounts: ReadonlyMap<string, string>;
  /** the stricter table */
  readonly strict: boolean;
}

interface Operation {
  /** a JSON Patch, or a whole document */
  readonly payload: readonly { readonly path: string }[] | object;
}

/** Everything the oracle looks at in a step. */
interface StepData {
  readonly change?: string;
  readonly personId?: string;
  readonly index?: number;
  readonly decision?: string;
  readonly contentHash?: string;
  readonly assessmentHash?: string;
  readonly deadline?: string;
  readonly initiator?: string;
  readonly operations?: readonly Operation[];
  readonly delegate?: { readonly personId: string; readonly delegation: string };
  /** of who lends and who is lent a vote, and which roles with it */
  readonly from?: string;
  readonly to?: string;
  readonly roles?: readonly string[];
  readonly until?: string;
  /** the one that is revoked */
  readonly delegation?: string;
  readonly outcome?: string;
}

export interface Entry {
  readonly position: number;
  readonly chain: string;
  readonly hash: string;
  readonly type: string;
  readonly at: number;
  readonly actor: { readonly kind: string; readonly id: string };
  readonly data: StepData;
}

interface Requirement {
  readonly roles: readonly string[];
  readonly approvals: number;
  readonly lockMs: number;
  readonly soft: boolean;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const ENDS = [
  'executed',
  'failed',
  'rolled-back',
  'rejected',
  'withdrawn',
  'expired',
  'resolved-executed',
  'resolved-rolled-back',
];

/** What must be true of every ledger; each broken rule is named. Empty: nothing is wrong. */
export function judge(entries: readonly Entry[], rules: readonly Rules[]): string[] {
  const ids = new Set(entries.map(({ data }) => data.change).filter((id) => typeof id === 'string'));
  return [...ids].flatMap((id) =>
    judgeOne(
      entries.filter((entry) => entry.type.startsWith('change.') && entry.data.change === id),
      { rules, lent: entries.filter(({ chain }) => chain === 'system/delegations') },
    ).map((fault) => `${id}: ${fault}`),
  );
}

/** What else was so while a change-set lived. */
interface Times {
  readonly rules: readonly Rules[];
  /** every delegation, and every end of one */
  readonly lent: readonly Entry[];
}

/** What was so when one step was taken. */
interface Moment {
  readonly rules: Rules;
  readonly lent: readonly Entry[];
}

interface State {
  readonly votes: Map<string, Entry>;
  readonly editors: Set<string>;
  content: Entry | undefined;
  assessed: Entry | undefined;
  approved: Entry | undefined;
  overridden: Entry | undefined;
  escalated: boolean;
  claims: number;
  /** person → what they last said became of a failed rollback */
  readonly resolutions: Map<string, Entry>;
  ended: string | undefined;
  readonly applied: Set<string>;
}

function judgeOne(steps: readonly Entry[], times: Times): string[] {
  const state: State = {
    ...{
      votes: new Map(),
      editors: new Set(),
      applied: new Set(),
      resolutions: new Map(),
      claims: 0,
      escalated: false,
    },
    ...{ content: undefined, assessed: undefined, approved: undefined, overridden: undefined, ended: undefined },
  };
  return steps.flatMap((step) => {
    const name = step.type.slice('change.'.length);
    const faults = state.ended !== undefined && name !== 'reviewed' ? [`${name} after ${state.ended}`] : [];
    return [...faults, ...take(state, name, step, momentOf(times, step))];
  });
}

function momentOf({ rules, lent }: Times, { position }: Entry): Moment {
  return {
    rules: rules.findLast(({ since }) => since <= position) as Rules,
    lent: lent.filter((one) => one.position < position),
  };
}

function take(state: State, name: string, step: Entry, moment: Moment): string[] {
  if (ENDS.includes(name)) state.ended = name;
  switch (name) {
    case 'proposed':
    case 'revised':
      state.editors.add(step.actor.id);
      state.content = step;
      return restart(state);
    case 'returned':
      return restart(state);
    case 'assessed':
      state.assessed = step;
      return state.votes.size === 0 ? [] : ['votes outlived an assessment'];
    case 'voted':
      return voted(state, step, moment);
    case 'vote-revoked':
      return revoked(state, step);
    case 'escalated':
      state.escalated = true;
      return [];
    case 'approved':
      state.approved = step;
      return [];
    case 'overridden':
      state.approved = step;
      state.overridden = step;
      return step.actor.kind === 'person' ? [] : [`a ${step.actor.kind} overrode the rules`];
    case 'claimed':
      state.claims += 1;
      return claimed(state, step, moment);
    case 'applied':
    case 'undone': {
      const key = `${name} ${step.data.index}`;
      if (state.claims === 0) return [`${key} without a claim`];
      if (state.applied.has(key)) return [`${key} twice`];
      state.applied.add(key);
      return [];
    }
    case 'resolution':
      state.resolutions.set(step.data.personId ?? '', step);
      return resolver(state, step, moment);
    case 'resolved-executed':
    case 'resolved-rolled-back':
      return resolved(state, name);
    case 'expired':
      return step.at >= deadlineOf(state) ? [] : ['expired before its deadline'];
    default:
      return [];
  }
}

function restart(state: State): string[] {
  state.votes.clear();
  Object.assign(state, { assessed: undefined, approved: undefined, overridden: undefined, escalated: false });
  return [];
}

function voted(state: State, step: Entry, moment: Moment): string[] {
  const { votes, content, assessed } = state;
  const { data, actor, at } = step;
  const personId = data.personId ?? '';
  const faults: string[] = [];
  if (actor.kind !== 'person') faults.push(`a ${actor.kind} voted`);
  if (moment.rules.accounts.get(actor.id) !== casterOf(step)) faults.push(`${actor.id} cast the vote of ${personId}`);
  const before = [...votes.values()].flatMap(decidersOf);
  for (const one of decidersOf(step)) {
    if (before.includes(one)) faults.push(`${one} voted twice`);
    if (excluded(state, moment.rules).has(one)) faults.push(`${one} voted on what they have a part in`);
  }
  if (data.contentHash !== content?.data.contentHash) faults.push(`${personId} voted on another content`);
  if (data.assessmentHash !== assessed?.data.assessmentHash) faults.push(`${personId} voted on another assessment`);
  if (at >= Date.parse(content?.data.deadline ?? '')) faults.push(`${personId} voted after the deadline`);
  const grant = grantOf(step, moment);
  if (data.delegate !== undefined && (grant === undefined || at >= Date.parse(grant.data.until ?? '')))
    faults.push(`${casterOf(step)} was not lent the vote of ${personId}`);
  votes.set(personId, step);
  return faults;
}

/** By whose it was, or by who cast it. */
function revoked({ votes }: State, { data }: Entry): string[] {
  const vote = [...votes.values()].find((one) => decidersOf(one).includes(data.personId ?? ''));
  return vote !== undefined && votes.delete(vote.data.personId ?? '') ? [] : ['a vote was revoked that did not stand'];
}

/** Whose vote it is, and who cast it. */
function decidersOf(vote: Entry): string[] {
  return [...new Set([vote.data.personId ?? '', casterOf(vote)])];
}

function casterOf({ data }: Entry): string {
  return data.delegate?.personId ?? data.personId ?? '';
}

/** The delegation that the vote was cast with, while nobody has revoked it. */
function grantOf({ data: { personId, delegate } }: Entry, { lent }: Moment): Entry | undefined {
  if (lent.some(({ data }) => data.delegation === delegate?.delegation)) return undefined;
  return lent.find(
    ({ hash, data }) =>
      hash === delegate?.delegation && data.from === personId && data.to === delegate.personId && data.from !== data.to,
  );
}

function claimed(state: State, { at }: Entry, moment: Moment): string[] {
  const { content, approved, claims } = state;
  const faults: string[] = [];
  if (claims > 1) faults.push('claimed twice');
  if (at >= deadlineOf(state)) faults.push('claimed after the deadline');
  const requirement = requirementOf(content?.data.operations ?? [], String(content?.chain), moment.rules);
  if (state.overridden !== undefined) {
    if (!requirement.soft) faults.push('hard rules were overridden');
    return faults;
  }
  if (approved === undefined) return [...faults, 'claimed without an approval'];
  if (at < approved.at + requirement.lockMs) faults.push('claimed within the time lock');
  if (!isQuorum(state, requirement, moment))
    faults.push('claimed without a quorum of the people and rules then in force');
  return faults;
}

function isQuorum(state: State, { roles, approvals }: Requirement, moment: Moment): boolean {
  const votes = [...state.votes.values()];
  if (votes.some(({ data }) => data.decision !== 'approve')) return false;
  const out = excluded(state, moment.rules);
  const counted = votes
    .filter((vote) => !decidersOf(vote).some((one) => out.has(one)))
    .filter((vote) => vote.data.delegate === undefined || grantOf(vote, moment) !== undefined);
  const held = new Map(counted.map((vote) => [vote.data.personId ?? '', rolesOf(vote, moment)]));
  const holds = (person: string, role: string): boolean =>
    held.get(person)?.some((one) => one === role || (state.escalated && role === 'owner' && one === 'security')) ===
    true;
  const eligible = [...held.keys()].filter((person) => roles.some((role) => holds(person, role)));
  return eligible.length >= approvals && canFill(roles, eligible, holds);
}

/** Of the vote's owner now; only those that were lent, where it was lent. */
function rolesOf(vote: Entry, moment: Moment): readonly string[] {
  const roles = moment.rules.people.get(vote.data.personId ?? '') ?? [];
  const lent = grantOf(vote, moment)?.data.roles;
  return lent === undefined ? roles : roles.filter((role) => lent.includes(role));
}

/** Who proposed or edited it, and who answers for them. */
function excluded({ editors, content }: State, { owners }: Rules): Set<string> {
  const initiator = content?.data.initiator ?? '';
  return new Set([...editors].map((id) => owners.get(id) ?? initiator.replace('person:', '')));
}

function resolver(state: State, { actor, data }: Entry, { rules }: Moment): string[] {
  const person = data.personId ?? '';
  const faults: string[] = [];
  if (rules.accounts.get(actor.id) !== person) faults.push(`${actor.id} resolved as ${person}`);
  if (excluded(state, rules).has(person)) faults.push(`${person} resolved what they have a part in`);
  if (!rules.people.get(person)?.some((role) => role === 'owner' || role === 'risk'))
    faults.push(`${person} resolved without a role for it`);
  return faults;
}

function resolved({ resolutions, claims }: State, name: string): string[] {
  const outcome = name === 'resolved-executed' ? 'executed' : 'rolled_back';
  const agreeing = [...resolutions.values()].filter(({ data }) => data.outcome === outcome);
  return claims === 1 && agreeing.length >= 2 ? [] : [`${name} without two people who say so`];
}

/** Is there somebody of their own for every role? Tries everything. */
function canFill(
  roles: readonly string[],
  people: readonly string[],
  holds: (person: string, role: string) => boolean,
): boolean {
  const [role, ...others] = roles;
  if (role === undefined) return true;
  return people.some(
    (person) =>
      holds(person, role) &&
      canFill(
        others,
        people.filter((one) => one !== person),
        holds,
      ),
  );
}

/** What operations of the model's fixture need, straight from what they do. */
function requirementOf(operations: readonly Operation[], entity: string, { strict }: Rules): Requirement {
  if (entity.startsWith('registry:'))
    return { roles: ['owner', 'risk', 'security'], approvals: 3, lockMs: DAY_MS, soft: false };
  const moved = operations.reduce((sum, operation) => sum + amountOf(operation), 0);
  if (moved > 1000) return { roles: ['owner', 'risk'], approvals: 2, lockMs: 60 * MINUTE_MS, soft: false };
  if (moved > 0) return { roles: ['owner', 'risk'], approvals: 2, lockMs: 0, soft: true };
  return { roles: ['owner'], approvals: strict ? 2 : 1, lockMs: 0, soft: true };
}

/** The model's proposals add amounts under new names, or take one back: what stands in the name is what is moved. */
function amountOf({ payload }: Operation): number {
  if (!Array.isArray(payload)) return 0;
  const patch = payload as readonly { readonly path: string }[];
  return patch.reduce((sum, { path }) => sum + Number(/^\/money\/(\d+)-/.exec(path)?.[1] ?? 0), 0);
}

function deadlineOf({ content }: State): number {
  return Date.parse(content?.data.deadline ?? '');
}
