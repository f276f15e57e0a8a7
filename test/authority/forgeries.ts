/** What somebody with the keys may write, and nobody is entitled to: each returns the first entry that is wrong. */
import type { JsonObject, JsonValue } from '../../core/canonical/index.ts';
import { contentHash, documentHash, stepHash, type ChangeRecord, type ChangeView } from '../../core/changes/index.ts';
import { assessmentHash } from '../../core/changes/model/steps.ts';
import type { Actor } from '../../core/ledger/index.ts';
import type { AuthorityWorld } from './world.ts';
import {
  ACCOUNT,
  DAY_MS,
  delegations,
  HOUR_MS,
  patch,
  person,
  POLICY,
  SYSTEM,
  type Forged,
  type Place,
} from './world.ts';

export interface Forgery {
  /** of the fault that it is a case of; default V3 */
  readonly id?: string;
  readonly name: string;
  readonly forge: (world: AuthorityWorld) => Promise<Place | undefined>;
}

type Draft = Omit<Forged, 'idem'>;
/** Fields that are wrong, and who wrote the entry: the person, unless it says another. */
type Votes = { readonly [field: string]: JsonValue | Actor; readonly by?: Actor };

const LARGE = [patch('/money/a', '50000', 'replace')];
const SMALL = [patch('/money/a', '450', 'replace')];
const NOTE = [patch('/notes/m', 'y')];

/** A vote on the change-set as it stands, with whatever is wrong about it. */
async function vote(world: AuthorityWorld, id: string, personId: string, { by, ...more }: Votes = {}) {
  const { content, assessment } = await world.record(id);
  const data = {
    ...{ contentHash: content.contentHash, assessmentHash: assessment?.assessmentHash ?? '' },
    ...{ decision: 'approve', personId, roles: ['risk'], nonce: world.nonce(), under: await world.under() },
  };
  const { roles = data.roles, ...rest } = more as JsonObject;
  return { type: 'change.voted', actor: by ?? person(personId), data: { ...data, roles, ...rest } } satisfies Draft;
}

async function voted(
  world: AuthorityWorld,
  id: string,
  personId: string,
  votes: Votes = {},
): Promise<Place | undefined> {
  return (await world.steps(id, await vote(world, id, personId, votes)))[0];
}

/** Large, by the bot: L3, pending, approved by ann. */
async function pendingLarge(world: AuthorityWorld): Promise<ChangeView> {
  const view = await world.propose('bot', LARGE);
  await world.approve(view, 'ann');
  return view;
}

const restsOn = async (world: AuthorityWorld, id: string): Promise<JsonObject> => {
  const { proposal, assessment, votes } = await world.record(id);
  return {
    proposal,
    assessment: assessment?.step ?? '',
    votes: votes.map(({ step }) => step),
    under: await world.under(),
  };
};
const approved = async (world: AuthorityWorld, id: string): Promise<Draft> => ({
  ...{ type: 'change.approved', actor: SYSTEM, data: await restsOn(world, id) },
});
const claimed = async (world: AuthorityWorld, id: string): Promise<Draft> => {
  const { approval } = await world.record(id);
  return {
    type: 'change.claimed',
    actor: SYSTEM,
    data: { approval: approval?.step ?? '', under: await world.under() },
  };
};

/** A new change-set, honestly proposed in words, assessed as the thief likes. */
async function proposedAs(
  world: AuthorityWorld,
  operations: readonly JsonObject[],
  {
    content = {},
    assessment = {},
    actor = { kind: 'agent', id: 'bot', logic: 'bot@1' } as Actor,
    entity = ACCOUNT,
    cloned = operations,
  },
): Promise<{ id: string; places: Place[] }> {
  const like = await world.propose('bot', cloned, entity);
  const [proposed, assessed] = await world.entriesOf(like.id, entity);
  await world.changes.withdraw(world.who('bob'), like.id);
  if (proposed === undefined || assessed === undefined) throw new Error('nothing was proposed');
  const id = world.ids.next();
  const ops = (proposed.body.data['operations'] as JsonObject[]).map((one, i) => ({ ...one, ...operations[i] }));
  const { sponsor, ...said } = proposed.body.data;
  const data = {
    ...{ ...said, change: id, operations: ops, contentHash: contentHash(entity, ops as never) },
    ...(actor.kind === 'agent' ? { sponsor } : {}),
    ...content,
  } as JsonObject;
  const proposal = stepHash({ type: 'change.proposed', actor, data } as never);
  const { assessmentHash: _old, ...rest } = assessed.body.data;
  const turns = rest['turns'] as { sponsor: number; entity: number };
  const weighed = {
    ...{
      ...rest,
      change: id,
      proposal,
      contentHash: data['contentHash'],
      asOf: new Date(world.clock.now()).toISOString(),
    },
    ...{ turns: { sponsor: turns.sponsor + 1, entity: turns.entity + 1 }, ...assessment },
  } as JsonObject;
  const whole = { ...weighed, assessmentHash: assessmentHash(weighed as never) };
  const places = await world.append(
    entity,
    { type: 'change.proposed', actor, data, idem: `${id}#0` },
    { type: 'change.assessed', actor: SYSTEM, data: whole, idem: `${id}#1` },
  );
  return { id, places };
}

const level = (of: string, approvals: number, roles: string[], timelockMinutes = 0): JsonObject => ({
  ...{ level: of, approvals, roles, timelockMinutes, enforcement: 'soft' },
});

/** Claims, applies and ends what is approved, as the engine would, but for what is put in. */
async function execute(world: AuthorityWorld, id: string, result: JsonObject): Promise<Place[]> {
  const [claim] = await world.steps(id, await claimed(world, id));
  const record = await world.record(id);
  const base = record.assessment?.base ?? { version: 0, hash: '' };
  const before = (await world.changes.document(world.who('ann'), ACCOUNT)) as {
    document: JsonObject;
    version: number;
    hash: string;
  };
  const hash = documentHash(result);
  const intent = {
    ...{ claim: record.claim ?? '', index: 0, after: { hash } },
    before: { document: before.document, version: base.version, hash: base.hash },
  };
  const [intended] = await world.steps(id, { type: 'change.intent', actor: SYSTEM, data: intent });
  const { progress } = await world.record(id);
  const data = { index: 0, intent: progress[0]?.intent ?? '', version: base.version + 1, hash };
  const [applied] = await world.steps(id, { type: 'change.applied', actor: SYSTEM, data });
  return [claim, intended, applied] as Place[];
}

const byVote = (
  name: string,
  forge: (world: AuthorityWorld, id: string) => Promise<Place | undefined>,
  id = name.startsWith('a delegation') ? 'V1' : name.includes('(a roster rewritten') ? 'V2' : 'V3',
): Forgery => ({
  ...{ id, name },
  forge: async (world) => forge(world, (await pendingLarge(world)).id),
});

/** A change-set that waits, and rita without her role since; then, in the same minute, something else on the account. */
async function afterRitaLeft(world: AuthorityWorld): Promise<string> {
  const leaves = {
    type: 'state.patch',
    payload: [{ op: 'replace', path: '/roster/people/3/roles', value: ['guest'] }],
  };
  const { id } = await world.propose('bot', LARGE);
  await world.carryOut(await world.propose('pete', [leaves], POLICY), 'ann', 'rita', 'sam');
  await world.propose('pete', NOTE);
  return id;
}

export const FORGERIES: readonly Forgery[] = [
  byVote('a voter who is not in the roster', (world, id) => voted(world, id, 'mallory')),
  byVote('a role that is not held', (world, id) => voted(world, id, 'pete')),
  byVote('a role more than is held (a roster rewritten for the vote, and put back)', (world, id) =>
    voted(world, id, 'carl', { roles: ['owner', 'risk'] }),
  ),
  byVote('an account of somebody else', (world, id) => voted(world, id, 'rita', { by: person('carl') })),
  byVote('an account that nobody has', (world, id) => voted(world, id, 'rita', { by: person('rita-2') })),
  byVote('a delegation that does not exist', (world, id) =>
    voted(world, id, 'rita', { delegate: { personId: 'pete', delegation: 'f'.repeat(64) }, by: person('pete') }),
  ),
  byVote('a delegation to somebody else', async (world, id) => {
    const [delegation = ''] = await delegations(world);
    return voted(world, id, 'rita', { delegate: { personId: 'pete', delegation }, by: person('pete') });
  }),
  byVote('a delegation of somebody else', async (world, id) => {
    const [delegation = ''] = await delegations(world);
    return voted(world, id, 'ralf', { delegate: { personId: 'petra', delegation }, by: person('petra') });
  }),
  byVote('a delegation whose time is over', async (world, id) => {
    const [, delegation = ''] = await delegations(world);
    return voted(world, id, 'ralf', { delegate: { personId: 'petra', delegation }, by: person('petra') });
  }),
  byVote('a delegation that was taken back', async (world, id) => {
    const [, , delegation = ''] = await delegations(world);
    return voted(world, id, 'hugo', { delegate: { personId: 'petra', delegation }, by: person('petra') });
  }),
  byVote('a role that was not lent', async (world, id) => {
    const [delegation = ''] = await delegations(world);
    const delegate = { personId: 'petra', delegation };
    return voted(world, id, 'rita', { delegate, roles: ['owner', 'risk'], by: person('petra') });
  }),
  {
    name: 'a delegation that its giver never gave',
    forge: async (world) => {
      const until = new Date(world.clock.now() + DAY_MS).toISOString();
      const data = { from: 'rita', to: 'pete', until, reason: 'away', under: await world.under() };
      return (await world.append('system/delegations', { type: 'delegation.granted', actor: person('pete'), data }))[0];
    },
  },
  {
    name: 'a delegation of a role that its giver does not hold',
    forge: async (world) => {
      const until = new Date(world.clock.now() + DAY_MS).toISOString();
      const data = { from: 'carl', to: 'pete', roles: ['risk'], until, reason: 'away', under: await world.under() };
      return (await world.append('system/delegations', { type: 'delegation.granted', actor: person('carl'), data }))[0];
    },
  },
  {
    name: 'a delegation that joins what the roster keeps apart',
    forge: async (world) => {
      const until = new Date(world.clock.now() + DAY_MS).toISOString();
      const data = { from: 'rita', to: 'sam', until, reason: 'away', under: await world.under() };
      return (await world.append('system/delegations', { type: 'delegation.granted', actor: person('rita'), data }))[0];
    },
  },
  {
    name: 'a delegation for a year',
    forge: async (world) => {
      const until = new Date(world.clock.now() + 365 * DAY_MS).toISOString();
      const data = { from: 'rita', to: 'pete', until, reason: 'away', under: await world.under() };
      return (await world.append('system/delegations', { type: 'delegation.granted', actor: person('rita'), data }))[0];
    },
  },
  {
    name: 'a delegation taken back by somebody else',
    forge: async (world) => {
      const [delegation = ''] = await delegations(world);
      const data = { delegation, from: 'rita', under: await world.under() };
      return (await world.append('system/delegations', { type: 'delegation.revoked', actor: person('ann'), data }))[0];
    },
  },
  byVote('a nonce that was used before', async (world, id) => {
    const used = (await world.record(id)).votes[0]?.nonce ?? '';
    return voted(world, id, 'rita', { nonce: used });
  }),
  byVote('a policy that was in force before', async (world, id) =>
    voted(world, id, 'rita', { under: await world.under(1) }),
  ),
  {
    id: 'V2',
    name: 'a policy that had ended a moment before, on a chain that went on under the next one',
    forge: async (world) => {
      const id = await afterRitaLeft(world);
      return voted(world, id, 'rita', { under: await world.under(1) });
    },
  },
  byVote('a policy that never was', async (world, id) =>
    voted(world, id, 'rita', { under: { ...(await world.under()), hash: 'f'.repeat(64) } }),
  ),
  byVote('no policy at all', async (world, id) => {
    const { data, ...draft } = await vote(world, id, 'rita');
    const { under: _none, ...rest } = data;
    return (await world.steps(id, { ...draft, data: rest }))[0];
  }),
  byVote('one person twice, from two accounts', (world, id) =>
    voted(world, id, 'ann', { roles: ['owner'], by: person('ann-phone') }),
  ),
  byVote('the owner of the agent that proposed', (world, id) => voted(world, id, 'bob', { roles: ['owner'] })),
  byVote('an agent', (world, id) => voted(world, id, 'rita', { by: { kind: 'agent', id: 'bot', logic: 'bot@1' } })),
  byVote('a module', (world, id) => voted(world, id, 'rita', { by: { kind: 'module', id: 'billing' } })),
  byVote('a vote after the veto that ended it', async (world, id) => {
    const veto = await vote(world, id, 'rita', { decision: 'reject', reason: 'no' });
    const { proposal, assessment } = await world.record(id);
    const ends = { proposal, assessment: assessment?.step ?? '', under: await world.under() };
    const step = stepHash({ ...veto, data: { change: id, revision: 1, ...veto.data } } as never);
    await world.steps(id, veto, { type: 'change.rejected', actor: SYSTEM, data: { ...ends, vote: step } });
    const { contentHash: content, assessmentHash: bound } = (await world.record(id)).assessment ?? {};
    const late = {
      contentHash: content ?? '',
      assessmentHash: bound ?? '',
      roles: ['risk'],
      personId: 'ralf',
      decision: 'approve',
    };
    const data = { ...late, nonce: world.nonce(), under: await world.under() };
    return (await world.steps(id, { type: 'change.voted', actor: person('ralf'), data }))[0];
  }),
  byVote('a vote after the deadline', async (world, id) => {
    await world.clock.advance(8 * DAY_MS);
    return voted(world, id, 'rita');
  }),
  byVote('a vote on other content', (world, id) => voted(world, id, 'rita', { contentHash: 'f'.repeat(64) })),
  byVote('a vote on another assessment', (world, id) => voted(world, id, 'rita', { assessmentHash: 'f'.repeat(64) })),
  byVote('somebody else’s vote taken back', async (world, id) => {
    const { votes } = await world.record(id);
    const data = { vote: votes[0]?.step ?? '', personId: 'ann', under: await world.under() };
    return (await world.steps(id, { type: 'change.vote-revoked', actor: person('carl'), data }))[0];
  }),
  byVote('an approval without a role that is needed', async (world, id) => {
    await world.steps(id, await vote(world, id, 'carl', { roles: ['owner'] }));
    return (await world.steps(id, await approved(world, id)))[0];
  }),
  byVote('an approval that rests on another assessment', async (world, id) => {
    await world.steps(id, await vote(world, id, 'rita'));
    const draft = await approved(world, id);
    return (await world.steps(id, { ...draft, data: { ...draft.data, assessment: 'f'.repeat(64) } }))[0];
  }),
  byVote('an approval by a person', async (world, id) => {
    await world.steps(id, await vote(world, id, 'rita'));
    return (await world.steps(id, { ...(await approved(world, id)), actor: person('rita') }))[0];
  }),
  byVote('a claim before the time lock has ended', async (world, id) => {
    await world.approve(await world.changes.get(world.who('ann'), id), 'rita');
    await world.clock.advance(HOUR_MS / 2);
    return (await world.steps(id, await claimed(world, id)))[0];
  }),
  byVote('a claim after the deadline', async (world, id) => {
    await world.approve(await world.changes.get(world.who('ann'), id), 'rita');
    await world.clock.advance(8 * DAY_MS);
    return (await world.steps(id, await claimed(world, id)))[0];
  }),
  byVote('a claim by votes of people who have lost their roles since', async (world, id) => {
    await world.approve(await world.changes.get(world.who('ann'), id), 'ralf');
    const demote = {
      type: 'state.patch',
      payload: [{ op: 'replace', path: '/roster/people/4/roles', value: ['peer'] }],
    };
    await world.carryOut(await world.propose('pete', [demote], POLICY), 'carl', 'rita', 'sam');
    return (await world.steps(id, await claimed(world, id)))[0];
  }),
  byVote('a claim after the delegation of a vote was taken back', async (world, id) => {
    const [delegation = ''] = await delegations(world);
    await world.steps(
      id,
      await vote(world, id, 'rita', { delegate: { personId: 'petra', delegation }, by: person('petra') }),
    );
    await world.steps(id, await approved(world, id));
    await world.governing.endDelegation(world.who('rita'), delegation);
    await world.clock.advance(HOUR_MS);
    return (await world.steps(id, await claimed(world, id)))[0];
  }),
  byVote('a claim by rules that are no longer in force', async (world, id) => {
    await world.approve(await world.changes.get(world.who('ann'), id), 'rita');
    const stricter = { type: 'state.patch', payload: [{ op: 'replace', path: '/risk/version', value: '2' }] };
    await world.carryOut(await world.propose('pete', [stricter], POLICY), 'carl', 'ralf', 'sam');
    return (await world.steps(id, await claimed(world, id)))[0];
  }),
  byVote('a claim on a document that has changed since', async (world, id) => {
    await world.approve(await world.changes.get(world.who('ann'), id), 'rita');
    await world.carryOut(await world.propose('pete', NOTE), 'carl');
    return (await world.steps(id, await claimed(world, id)))[0];
  }),
  byVote('something else carried out than what was approved', async (world, id) => {
    await world.approve(await world.changes.get(world.who('ann'), id), 'rita');
    await world.clock.advance(HOUR_MS);
    return (await execute(world, id, { money: { a: '99999999' }, notes: {} }))[2];
  }),
  byVote('an abort by somebody without a role', async (world, id) => {
    await world.approve(await world.changes.get(world.who('ann'), id), 'rita');
    await world.clock.advance(HOUR_MS);
    await world.steps(id, await claimed(world, id));
    const { claim = '' } = await world.record(id);
    const data = { claim, personId: 'gus', reason: 'no', under: await world.under() };
    return (await world.steps(id, { type: 'change.aborted', actor: person('gus'), data }))[0];
  }),
  byVote('a withdrawal by a stranger', async (world, id) => {
    const data = { under: await world.under() };
    return (await world.steps(id, { type: 'change.withdrawn', actor: person('gus'), data }))[0];
  }),
  byVote('an escalation before its time', async (world, id) => {
    const { assessment } = await world.record(id);
    const data = { assessment: assessment?.step ?? '', eligible: { owner: ['peer'] }, under: await world.under() };
    return (await world.steps(id, { type: 'change.escalated', actor: SYSTEM, data }))[0];
  }),
  byVote('an escalation to others than the rules say', async (world, id) => {
    await world.clock.advance(DAY_MS);
    const { assessment } = await world.record(id);
    const data = { assessment: assessment?.step ?? '', eligible: { risk: ['guest'] }, under: await world.under() };
    return (await world.steps(id, { type: 'change.escalated', actor: SYSTEM, data }))[0];
  }),
  byVote('break-glass on a hard rule', async (world, id) => overridden(world, id, 'olga')),
  {
    name: 'break-glass without the right to it',
    forge: async (world) => overridden(world, (await world.propose('bot', SMALL)).id, 'carl'),
  },
  {
    name: 'break-glass without a ticket',
    forge: async (world) => overridden(world, (await world.propose('bot', SMALL)).id, 'olga', { ticket: ' ' }),
  },
  {
    name: 'a review by somebody who had a part in it',
    forge: async (world) => {
      const { id } = await world.propose('bot', SMALL);
      await overridden(world, id, 'olga');
      await execute(world, id, { money: { a: '450' }, notes: { n: 'x' } });
      const { claim = '', approval, document } = await world.record(id);
      const ends = { claim, approval: approval?.step ?? '', document: document as never };
      await world.steps(id, { type: 'change.executed', actor: SYSTEM, data: ends });
      const data = { personId: 'olga', verdict: 'justified', reason: 'yes', under: await world.under() };
      return (await world.steps(id, { type: 'change.reviewed', actor: person('olga'), data }))[0];
    },
  },
  {
    name: 'L0 with no approvals for what the rules call L3',
    forge: async (world) => {
      const { id, places } = await proposedAs(world, LARGE, { assessment: { ...level('L0', 0, []), matched: [] } });
      await world.steps(id, await approved(world, id));
      return places[1];
    },
  },
  {
    name: 'a level that no rule gives for these facts',
    forge: async (world) =>
      (await proposedAs(world, LARGE, { assessment: { ...level('L1', 1, ['owner']), matched: ['note'] } })).places[1],
  },
  {
    name: 'no time lock where the rules ask for one',
    forge: async (world) => (await proposedAs(world, LARGE, { assessment: { timelockMinutes: 0 } })).places[1],
  },
  {
    name: 'facts of a small change for a large one',
    // Weighed as the small one, which is consistent in itself; the operations move more.
    forge: async (world) => (await proposedAs(world, LARGE, { cloned: SMALL })).places[1],
  },
  {
    name: 'a day’s changes that are not counted',
    forge: async (world) => {
      for (const amount of ['900', '100'])
        await world.carryOut(await world.propose('bot', [patch('/money/a', amount, 'replace')]), 'ann', 'rita');
      const honest = await world.propose('bot', SMALL);
      const { assessment } = await world.record(honest.id);
      const facts = assessment?.facts as { initiator: JsonObject } & JsonObject;
      const fewer = { ...facts, initiator: { ...facts.initiator, recentMoved: 0 } };
      return (await proposedAs(world, SMALL, { assessment: { facts: fewer as never } })).places[1];
    },
  },
  {
    name: 'an assessment counted as of another time',
    forge: async (world) => {
      const asOf = new Date(world.clock.now() - DAY_MS).toISOString();
      return (await proposedAs(world, SMALL, { assessment: { asOf } })).places[1];
    },
  },
  {
    name: 'a turn that another assessment had',
    forge: async (world) =>
      (await proposedAs(world, SMALL, { assessment: { turns: { sponsor: 0, entity: 0 } } })).places[1],
  },
  {
    name: 'an assessment of other content',
    forge: async (world) => (await proposedAs(world, SMALL, { assessment: { contentHash: 'f'.repeat(64) } })).places[1],
  },
  {
    name: 'an assessment by another table',
    forge: async (world) =>
      (await proposedAs(world, SMALL, { assessment: { policy: { version: '1', hash: 'f'.repeat(64) } } })).places[1],
  },
  {
    name: 'an assessment by another policy',
    forge: async (world) => (await proposedAs(world, SMALL, { assessment: { under: await world.under(1) } })).places[1],
  },
  {
    name: 'a proposal that lets the agent’s owner decide',
    forge: async (world) => (await proposedAs(world, SMALL, { content: { excludes: [] } })).places[0],
  },
  {
    name: 'a proposal in the name of somebody else',
    forge: async (world) =>
      (await proposedAs(world, SMALL, { content: { initiator: 'person:pete', excludes: ['pete'] } })).places[0],
  },
  {
    name: 'a proposal by an agent that is in no roster',
    forge: async (world) =>
      (await proposedAs(world, SMALL, { actor: { kind: 'agent', id: 'bot-2', logic: 'bot@1' } })).places[0],
  },
  {
    name: 'a proposal by somebody without the right',
    forge: async (world) => {
      const content = { initiator: 'person:gus', excludes: ['gus'] };
      return (await proposedAs(world, SMALL, { content, actor: person('gus') })).places[0];
    },
  },
  {
    name: 'a deadline beyond what the rules allow',
    forge: async (world) => {
      const deadline = new Date(world.clock.now() + 60 * DAY_MS).toISOString();
      return (await proposedAs(world, SMALL, { content: { deadline } })).places[0];
    },
  },
  {
    name: 'an operation that says it can be undone',
    forge: async (world) => {
      const erase = { type: 'field.erase', payload: { seq: 0, fields: ['/a'], basis: 'x' }, executor: 'field.erase@1' };
      return (await proposedAs(world, [{ ...erase, inverse: 'restore-before-image' }], { cloned: NOTE })).places[0];
    },
  },
  {
    name: 'a policy changed by one person',
    forge: async (world) => {
      const weaker = patch('/risk/version', 'weak', 'replace');
      const assessment = { ...level('L1', 1, ['owner']), matched: [] };
      return (await proposedAs(world, [weaker], { entity: POLICY, assessment })).places[1];
    },
  },
  {
    name: 'a policy written without any change-set',
    forge: async (world) => {
      const data = { change: 'none', revision: 1, index: 0, intent: 'f'.repeat(64), version: 3, hash: 'f'.repeat(64) };
      return (await world.append(POLICY, { type: 'change.applied', actor: SYSTEM, data, idem: 'none#0' }))[0];
    },
  },
  {
    name: 'a policy adopted again',
    forge: async (world) => {
      const [adopted] = await world.chain(POLICY);
      const data = { ...adopted?.body.data, version: 3 } as JsonObject;
      return (await world.append(POLICY, { type: 'policy.adopted', actor: SYSTEM, data, idem: 'policy:adopted-2' }))[0];
    },
  },
  byVote('a step that says it is another one', async (world, id) => {
    const { data, ...draft } = await vote(world, id, 'rita');
    const whole = { ...draft, data: { change: id, revision: 1, ...data }, idem: `${id}#17` };
    return (await world.append(ACCOUNT, whole))[0];
  }),
  byVote('a step with a field more', async (world, id) => voted(world, id, 'rita', { blessed: true })),
];

async function overridden(
  world: AuthorityWorld,
  id: string,
  personId: string,
  more: JsonObject = {},
): Promise<Place | undefined> {
  const { proposal, assessment, content }: ChangeRecord = await world.record(id);
  const data = {
    ...{ proposal, assessment: assessment?.step ?? '', contentHash: content.contentHash, personId },
    ...{ ticket: 'INC-7', reason: 'payments fail', nonce: world.nonce(), under: await world.under() },
    ...{ reviewBy: new Date(world.clock.now() + HOUR_MS).toISOString(), ...more },
  };
  return (await world.steps(id, { type: 'change.overridden', actor: person(personId), data }))[0];
}
