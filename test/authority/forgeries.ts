/** What somebody with the keys may write, and nobody is entitled to: each returns the first entry that is wrong. */
import type { JsonObject, JsonValue } from '../../core/canonical/index.ts';
import { contentHash, documentHash, stepHash, type ChangeRecord, type ChangeView } from '../../core/changes/index.ts';
import { assessmentHash } from '../../core/changes/model/binding-hashes.ts';
import type { Actor } from '../../core/ledger/index.ts';
import type { AuthorityFixture } from './fixture.ts';
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
} from './fixture.ts';

export interface Forgery {
  /** of the fault that it is a case of; default V3 */
  readonly id?: string;
  readonly name: string;
  readonly forge: (fixture: AuthorityFixture) => Promise<Place | undefined>;
}

type Draft = Omit<Forged, 'idem'>;
/** Fields that are wrong, and who wrote the entry: the person, unless it says another. */
type Votes = { readonly [field: string]: JsonValue | Actor; readonly by?: Actor };

const LARGE = [patch('/money/a', '50000', 'replace')];
const SMALL = [patch('/money/a', '450', 'replace')];
const NOTE = [patch('/notes/m', 'y')];

/** A vote on the change-set as it stands, with whatever is wrong about it. */
async function vote(fixture: AuthorityFixture, id: string, personId: string, { by, ...more }: Votes = {}) {
  const { content, assessment } = await fixture.record(id);
  const data = {
    ...{ contentHash: content.contentHash, assessmentHash: assessment?.assessmentHash ?? '' },
    ...{ decision: 'approve', personId, roles: ['risk'], nonce: fixture.nonce(), under: await fixture.under() },
  };
  const { roles = data.roles, ...rest } = more as JsonObject;
  return { type: 'change.voted', actor: by ?? person(personId), data: { ...data, roles, ...rest } } satisfies Draft;
}

async function voted(
  fixture: AuthorityFixture,
  id: string,
  personId: string,
  votes: Votes = {},
): Promise<Place | undefined> {
  return (await fixture.steps(id, await vote(fixture, id, personId, votes)))[0];
}

/** Large, by the bot: L3, pending, approved by ann. */
async function pendingLarge(fixture: AuthorityFixture): Promise<ChangeView> {
  const view = await fixture.propose('bot', LARGE);
  await fixture.approve(view, 'ann');
  return view;
}

const restsOn = async (fixture: AuthorityFixture, id: string): Promise<JsonObject> => {
  const { proposal, assessment, votes } = await fixture.record(id);
  return {
    proposal,
    assessment: assessment?.step ?? '',
    votes: votes.map(({ step }) => step),
    under: await fixture.under(),
  };
};
const approved = async (fixture: AuthorityFixture, id: string): Promise<Draft> => ({
  ...{ type: 'change.approved', actor: SYSTEM, data: await restsOn(fixture, id) },
});
const claimed = async (fixture: AuthorityFixture, id: string): Promise<Draft> => {
  const { approval } = await fixture.record(id);
  return {
    type: 'change.claimed',
    actor: SYSTEM,
    data: { approval: approval?.step ?? '', under: await fixture.under() },
  };
};

/** A new change-set, honestly proposed in words, assessed as the thief likes. */
async function proposedAs(
  fixture: AuthorityFixture,
  operations: readonly JsonObject[],
  {
    content = {},
    assessment = {},
    actor = { kind: 'agent', id: 'bot', logic: 'bot@1' } as Actor,
    entity = ACCOUNT,
    cloned = operations,
  },
): Promise<{ id: string; places: Place[] }> {
  const like = await fixture.propose('bot', cloned, entity);
  const [proposed, assessed] = await fixture.entriesOf(like.id, entity);
  await fixture.changes.withdraw(fixture.who('bob'), like.id);
  if (proposed === undefined || assessed === undefined) throw new Error('nothing was proposed');
  const id = fixture.ids.next();
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
  const computed = {
    ...{
      ...rest,
      change: id,
      proposal,
      contentHash: data['contentHash'],
      asOf: new Date(fixture.clock.now()).toISOString(),
    },
    ...{ turns: { sponsor: turns.sponsor + 1, entity: turns.entity + 1 }, ...assessment },
  } as JsonObject;
  const whole = { ...computed, assessmentHash: assessmentHash(computed as never) };
  const places = await fixture.append(
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
async function execute(fixture: AuthorityFixture, id: string, result: JsonObject): Promise<Place[]> {
  const [claim] = await fixture.steps(id, await claimed(fixture, id));
  const record = await fixture.record(id);
  const base = record.assessment?.base ?? { version: 0, hash: '' };
  const before = (await fixture.changes.document(fixture.who('ann'), ACCOUNT)) as {
    document: JsonObject;
    version: number;
    hash: string;
  };
  const hash = documentHash(result);
  const intent = {
    ...{ claim: record.claim ?? '', index: 0, after: { hash } },
    before: { document: before.document, version: base.version, hash: base.hash },
  };
  const [intended] = await fixture.steps(id, { type: 'change.intent', actor: SYSTEM, data: intent });
  const { progress } = await fixture.record(id);
  const data = { index: 0, intent: progress[0]?.intent ?? '', version: base.version + 1, hash };
  const [applied] = await fixture.steps(id, { type: 'change.applied', actor: SYSTEM, data });
  return [claim, intended, applied] as Place[];
}

const byVote = (
  name: string,
  forge: (fixture: AuthorityFixture, id: string) => Promise<Place | undefined>,
  id = name.startsWith('a delegation') ? 'V1' : name.includes('(a roster rewritten') ? 'V2' : 'V3',
): Forgery => ({
  ...{ id, name },
  forge: async (fixture) => forge(fixture, (await pendingLarge(fixture)).id),
});

/** A change-set that waits, and rita without her role since; then, in the same minute, something else on the account. */
async function afterRitaLeft(fixture: AuthorityFixture): Promise<string> {
  const leaves = {
    type: 'state.patch',
    payload: [{ op: 'replace', path: '/roster/people/3/roles', value: ['guest'] }],
  };
  const { id } = await fixture.propose('bot', LARGE);
  await fixture.carryOut(await fixture.propose('pete', [leaves], POLICY), 'ann', 'rita', 'sam');
  await fixture.propose('pete', NOTE);
  return id;
}

export const FORGERIES: readonly Forgery[] = [
  byVote('a voter who is not in the roster', (fixture, id) => voted(fixture, id, 'mallory')),
  byVote('a role that is not held', (fixture, id) => voted(fixture, id, 'pete')),
  byVote('a role more than is held (a roster rewritten for the vote, and put back)', (fixture, id) =>
    voted(fixture, id, 'carl', { roles: ['owner', 'risk'] }),
  ),
  byVote('an account of somebody else', (fixture, id) => voted(fixture, id, 'rita', { by: person('carl') })),
  byVote('an account that nobody has', (fixture, id) => voted(fixture, id, 'rita', { by: person('rita-2') })),
  byVote('a delegation that does not exist', (fixture, id) =>
    voted(fixture, id, 'rita', { delegate: { personId: 'pete', delegation: 'f'.repeat(64) }, by: person('pete') }),
  ),
  byVote('a delegation to somebody else', async (fixture, id) => {
    const [delegation = ''] = await delegations(fixture);
    return voted(fixture, id, 'rita', { delegate: { personId: 'pete', delegation }, by: person('pete') });
  }),
  byVote('a delegation of somebody else', async (fixture, id) => {
    const [delegation = ''] = await delegations(fixture);
    return voted(fixture, id, 'ralf', { delegate: { personId: 'petra', delegation }, by: person('petra') });
  }),
  byVote('a delegation whose time is over', async (fixture, id) => {
    const [, delegation = ''] = await delegations(fixture);
    return voted(fixture, id, 'ralf', { delegate: { personId: 'petra', delegation }, by: person('petra') });
  }),
  byVote('a delegation that was taken back', async (fixture, id) => {
    const [, , delegation = ''] = await delegations(fixture);
    return voted(fixture, id, 'hugo', { delegate: { personId: 'petra', delegation }, by: person('petra') });
  }),
  byVote('a role that was not lent', async (fixture, id) => {
    const [delegation = ''] = await delegations(fixture);
    const delegate = { personId: 'petra', delegation };
    return voted(fixture, id, 'rita', { delegate, roles: ['owner', 'risk'], by: person('petra') });
  }),
  {
    name: 'a delegation that its giver never gave',
    forge: async (fixture) => {
      const until = new Date(fixture.clock.now() + DAY_MS).toISOString();
      const data = { from: 'rita', to: 'pete', until, reason: 'away', under: await fixture.under() };
      return (
        await fixture.append('system/delegations', { type: 'delegation.granted', actor: person('pete'), data })
      )[0];
    },
  },
  {
    name: 'a delegation of a role that its giver does not hold',
    forge: async (fixture) => {
      const until = new Date(fixture.clock.now() + DAY_MS).toISOString();
      const data = { from: 'carl', to: 'pete', roles: ['risk'], until, reason: 'away', under: await fixture.under() };
      return (
        await fixture.append('system/delegations', { type: 'delegation.granted', actor: person('carl'), data })
      )[0];
    },
  },
  {
    name: 'a delegation that joins what the roster keeps apart',
    forge: async (fixture) => {
      const until = new Date(fixture.clock.now() + DAY_MS).toISOString();
      const data = { from: 'rita', to: 'sam', until, reason: 'away', under: await fixture.under() };
      return (
        await fixture.append('system/delegations', { type: 'delegation.granted', actor: person('rita'), data })
      )[0];
    },
  },
  {
    name: 'a delegation for a year',
    forge: async (fixture) => {
      const until = new Date(fixture.clock.now() + 365 * DAY_MS).toISOString();
      const data = { from: 'rita', to: 'pete', until, reason: 'away', under: await fixture.under() };
      return (
        await fixture.append('system/delegations', { type: 'delegation.granted', actor: person('rita'), data })
      )[0];
    },
  },
  {
    name: 'a delegation taken back by somebody else',
    forge: async (fixture) => {
      const [delegation = ''] = await delegations(fixture);
      const data = { delegation, from: 'rita', under: await fixture.under() };
      return (
        await fixture.append('system/delegations', { type: 'delegation.revoked', actor: person('ann'), data })
      )[0];
    },
  },
  byVote('a nonce that was used before', async (fixture, id) => {
    const used = (await fixture.record(id)).votes[0]?.nonce ?? '';
    return voted(fixture, id, 'rita', { nonce: used });
  }),
  byVote('a policy that was in force before', async (fixture, id) =>
    voted(fixture, id, 'rita', { under: await fixture.under(1) }),
  ),
  {
    id: 'V2',
    name: 'a policy that had ended a moment before, on a chain that went on under the next one',
    forge: async (fixture) => {
      const id = await afterRitaLeft(fixture);
      return voted(fixture, id, 'rita', { under: await fixture.under(1) });
    },
  },
  byVote('a policy that never was', async (fixture, id) =>
    voted(fixture, id, 'rita', { under: { ...(await fixture.under()), hash: 'f'.repeat(64) } }),
  ),
  byVote('no policy at all', async (fixture, id) => {
    const { data, ...draft } = await vote(fixture, id, 'rita');
    const { under: _none, ...rest } = data;
    return (await fixture.steps(id, { ...draft, data: rest }))[0];
  }),
  byVote('one person twice, from two accounts', (fixture, id) =>
    voted(fixture, id, 'ann', { roles: ['owner'], by: person('ann-phone') }),
  ),
  byVote('the owner of the agent that proposed', (fixture, id) => voted(fixture, id, 'bob', { roles: ['owner'] })),
  byVote('an agent', (fixture, id) => voted(fixture, id, 'rita', { by: { kind: 'agent', id: 'bot', logic: 'bot@1' } })),
  byVote('a module', (fixture, id) => voted(fixture, id, 'rita', { by: { kind: 'module', id: 'billing' } })),
  byVote('a vote after the veto that ended it', async (fixture, id) => {
    const veto = await vote(fixture, id, 'rita', { decision: 'reject', reason: 'no' });
    const { proposal, assessment } = await fixture.record(id);
    const ends = { proposal, assessment: assessment?.step ?? '', under: await fixture.under() };
    const step = stepHash({ ...veto, data: { change: id, revision: 1, ...veto.data } } as never);
    await fixture.steps(id, veto, { type: 'change.rejected', actor: SYSTEM, data: { ...ends, vote: step } });
    const { contentHash: content, assessmentHash: bound } = (await fixture.record(id)).assessment ?? {};
    const late = {
      contentHash: content ?? '',
      assessmentHash: bound ?? '',
      roles: ['risk'],
      personId: 'ralf',
      decision: 'approve',
    };
    const data = { ...late, nonce: fixture.nonce(), under: await fixture.under() };
    return (await fixture.steps(id, { type: 'change.voted', actor: person('ralf'), data }))[0];
  }),
  byVote('a vote after the deadline', async (fixture, id) => {
    await fixture.clock.advance(8 * DAY_MS);
    return voted(fixture, id, 'rita');
  }),
  byVote('a vote on other content', (fixture, id) => voted(fixture, id, 'rita', { contentHash: 'f'.repeat(64) })),
  byVote('a vote on another assessment', (fixture, id) =>
    voted(fixture, id, 'rita', { assessmentHash: 'f'.repeat(64) }),
  ),
  byVote('somebody else’s vote taken back', async (fixture, id) => {
    const { votes } = await fixture.record(id);
    const data = { vote: votes[0]?.step ?? '', personId: 'ann', under: await fixture.under() };
    return (await fixture.steps(id, { type: 'change.vote-revoked', actor: person('carl'), data }))[0];
  }),
  byVote('an approval without a role that is needed', async (fixture, id) => {
    await fixture.steps(id, await vote(fixture, id, 'carl', { roles: ['owner'] }));
    return (await fixture.steps(id, await approved(fixture, id)))[0];
  }),
  byVote('an approval that rests on another assessment', async (fixture, id) => {
    await fixture.steps(id, await vote(fixture, id, 'rita'));
    const draft = await approved(fixture, id);
    return (await fixture.steps(id, { ...draft, data: { ...draft.data, assessment: 'f'.repeat(64) } }))[0];
  }),
  byVote('an approval by a person', async (fixture, id) => {
    await fixture.steps(id, await vote(fixture, id, 'rita'));
    return (await fixture.steps(id, { ...(await approved(fixture, id)), actor: person('rita') }))[0];
  }),
  byVote('a claim before the time lock has ended', async (fixture, id) => {
    await fixture.approve(await fixture.changes.get(fixture.who('ann'), id), 'rita');
    await fixture.clock.advance(HOUR_MS / 2);
    return (await fixture.steps(id, await claimed(fixture, id)))[0];
  }),
  byVote('a claim after the deadline', async (fixture, id) => {
    await fixture.approve(await fixture.changes.get(fixture.who('ann'), id), 'rita');
    await fixture.clock.advance(8 * DAY_MS);
    return (await fixture.steps(id, await claimed(fixture, id)))[0];
  }),
  byVote('a claim by votes of people who have lost their roles since', async (fixture, id) => {
    await fixture.approve(await fixture.changes.get(fixture.who('ann'), id), 'ralf');
    const demote = {
      type: 'state.patch',
      payload: [{ op: 'replace', path: '/roster/people/4/roles', value: ['peer'] }],
    };
    await fixture.carryOut(await fixture.propose('pete', [demote], POLICY), 'carl', 'rita', 'sam');
    return (await fixture.steps(id, await claimed(fixture, id)))[0];
  }),
  byVote('a claim after the delegation of a vote was taken back', async (fixture, id) => {
    const [delegation = ''] = await delegations(fixture);
    await fixture.steps(
      id,
      await vote(fixture, id, 'rita', { delegate: { personId: 'petra', delegation }, by: person('petra') }),
    );
    await fixture.steps(id, await approved(fixture, id));
    await fixture.governing.endDelegation(fixture.who('rita'), delegation);
    await fixture.clock.advance(HOUR_MS);
    return (await fixture.steps(id, await claimed(fixture, id)))[0];
  }),
  byVote('a claim by rules that are no longer in force', async (fixture, id) => {
    await fixture.approve(await fixture.changes.get(fixture.who('ann'), id), 'rita');
    const stricter = { type: 'state.patch', payload: [{ op: 'replace', path: '/risk/version', value: '2' }] };
    await fixture.carryOut(await fixture.propose('pete', [stricter], POLICY), 'carl', 'ralf', 'sam');
    return (await fixture.steps(id, await claimed(fixture, id)))[0];
  }),
  byVote('a claim on a document that has changed since', async (fixture, id) => {
    await fixture.approve(await fixture.changes.get(fixture.who('ann'), id), 'rita');
    await fixture.carryOut(await fixture.propose('pete', NOTE), 'carl');
    return (await fixture.steps(id, await claimed(fixture, id)))[0];
  }),
  byVote('something else carried out than what was approved', async (fixture, id) => {
    await fixture.approve(await fixture.changes.get(fixture.who('ann'), id), 'rita');
    await fixture.clock.advance(HOUR_MS);
    return (await execute(fixture, id, { money: { a: '99999999' }, notes: {} }))[2];
  }),
  byVote('an abort by somebody without a role', async (fixture, id) => {
    await fixture.approve(await fixture.changes.get(fixture.who('ann'), id), 'rita');
    await fixture.clock.advance(HOUR_MS);
    await fixture.steps(id, await claimed(fixture, id));
    const { claim = '' } = await fixture.record(id);
    const data = { claim, personId: 'gus', reason: 'no', under: await fixture.under() };
    return (await fixture.steps(id, { type: 'change.aborted', actor: person('gus'), data }))[0];
  }),
  byVote('a withdrawal by a stranger', async (fixture, id) => {
    const data = { under: await fixture.under() };
    return (await fixture.steps(id, { type: 'change.withdrawn', actor: person('gus'), data }))[0];
  }),
  byVote('an escalation before its time', async (fixture, id) => {
    const { assessment } = await fixture.record(id);
    const data = { assessment: assessment?.step ?? '', eligible: { owner: ['peer'] }, under: await fixture.under() };
    return (await fixture.steps(id, { type: 'change.escalated', actor: SYSTEM, data }))[0];
  }),
  byVote('an escalation to others than the rules say', async (fixture, id) => {
    await fixture.clock.advance(DAY_MS);
    const { assessment } = await fixture.record(id);
    const data = { assessment: assessment?.step ?? '', eligible: { risk: ['guest'] }, under: await fixture.under() };
    return (await fixture.steps(id, { type: 'change.escalated', actor: SYSTEM, data }))[0];
  }),
  byVote('break-glass on a hard rule', async (fixture, id) => overridden(fixture, id, 'olga')),
  {
    name: 'break-glass without the right to it',
    forge: async (fixture) => overridden(fixture, (await fixture.propose('bot', SMALL)).id, 'carl'),
  },
  {
    name: 'break-glass without a ticket',
    forge: async (fixture) => overridden(fixture, (await fixture.propose('bot', SMALL)).id, 'olga', { ticket: ' ' }),
  },
  {
    name: 'a review by somebody who had a part in it',
    forge: async (fixture) => {
      const { id } = await fixture.propose('bot', SMALL);
      await overridden(fixture, id, 'olga');
      await execute(fixture, id, { money: { a: '450' }, notes: { n: 'x' } });
      const { claim = '', approval, document } = await fixture.record(id);
      const ends = { claim, approval: approval?.step ?? '', document: document as never };
      await fixture.steps(id, { type: 'change.executed', actor: SYSTEM, data: ends });
      const data = { personId: 'olga', verdict: 'justified', reason: 'yes', under: await fixture.under() };
      return (await fixture.steps(id, { type: 'change.reviewed', actor: person('olga'), data }))[0];
    },
  },
  {
    name: 'L0 with no approvals for what the rules call L3',
    forge: async (fixture) => {
      const { id, places } = await proposedAs(fixture, LARGE, { assessment: { ...level('L0', 0, []), matched: [] } });
      await fixture.steps(id, await approved(fixture, id));
      return places[1];
    },
  },
  {
    name: 'a level that no rule gives for these facts',
    forge: async (fixture) =>
      (await proposedAs(fixture, LARGE, { assessment: { ...level('L1', 1, ['owner']), matched: ['note'] } })).places[1],
  },
  {
    name: 'no time lock where the rules ask for one',
    forge: async (fixture) => (await proposedAs(fixture, LARGE, { assessment: { timelockMinutes: 0 } })).places[1],
  },
  {
    name: 'facts of a small change for a large one',
    // Assessed as the small one, which is consistent in itself; the operations move more.
    forge: async (fixture) => (await proposedAs(fixture, LARGE, { cloned: SMALL })).places[1],
  },
  {
    name: 'a day’s changes that are not counted',
    forge: async (fixture) => {
      for (const amount of ['900', '100'])
        await fixture.carryOut(await fixture.propose('bot', [patch('/money/a', amount, 'replace')]), 'ann', 'rita');
      const honest = await fixture.propose('bot', SMALL);
      const { assessment } = await fixture.record(honest.id);
      const facts = assessment?.facts as { initiator: JsonObject } & JsonObject;
      const fewer = { ...facts, initiator: { ...facts.initiator, recentMoved: 0 } };
      return (await proposedAs(fixture, SMALL, { assessment: { facts: fewer as never } })).places[1];
    },
  },
  {
    name: 'an assessment counted as of another time',
    forge: async (fixture) => {
      const asOf = new Date(fixture.clock.now() - DAY_MS).toISOString();
      return (await proposedAs(fixture, SMALL, { assessment: { asOf } })).places[1];
    },
  },
  {
    name: 'a turn that another assessment had',
    forge: async (fixture) =>
      (await proposedAs(fixture, SMALL, { assessment: { turns: { sponsor: 0, entity: 0 } } })).places[1],
  },
  {
    name: 'an assessment of other content',
    forge: async (fixture) =>
      (await proposedAs(fixture, SMALL, { assessment: { contentHash: 'f'.repeat(64) } })).places[1],
  },
  {
    name: 'an assessment by another table',
    forge: async (fixture) =>
      (await proposedAs(fixture, SMALL, { assessment: { policy: { version: '1', hash: 'f'.repeat(64) } } })).places[1],
  },
  {
    name: 'an assessment by another policy',
    forge: async (fixture) =>
      (await proposedAs(fixture, SMALL, { assessment: { under: await fixture.under(1) } })).places[1],
  },
  {
    name: 'a proposal that lets the agent’s owner decide',
    forge: async (fixture) => (await proposedAs(fixture, SMALL, { content: { excludes: [] } })).places[0],
  },
  {
    name: 'a proposal in the name of somebody else',
    forge: async (fixture) =>
      (await proposedAs(fixture, SMALL, { content: { initiator: 'person:pete', excludes: ['pete'] } })).places[0],
  },
  {
    name: 'a proposal by an agent that is in no roster',
    forge: async (fixture) =>
      (await proposedAs(fixture, SMALL, { actor: { kind: 'agent', id: 'bot-2', logic: 'bot@1' } })).places[0],
  },
  {
    name: 'a proposal by somebody without the right',
    forge: async (fixture) => {
      const content = { initiator: 'person:gus', excludes: ['gus'] };
      return (await proposedAs(fixture, SMALL, { content, actor: person('gus') })).places[0];
    },
  },
  {
    name: 'a deadline beyond what the rules allow',
    forge: async (fixture) => {
      const deadline = new Date(fixture.clock.now() + 60 * DAY_MS).toISOString();
      return (await proposedAs(fixture, SMALL, { content: { deadline } })).places[0];
    },
  },
  {
    name: 'an operation that says it can be undone',
    forge: async (fixture) => {
      const erase = { type: 'field.erase', payload: { seq: 0, fields: ['/a'], basis: 'x' }, executor: 'field.erase@1' };
      return (await proposedAs(fixture, [{ ...erase, inverse: 'restore-before-image' }], { cloned: NOTE })).places[0];
    },
  },
  {
    name: 'a policy changed by one person',
    forge: async (fixture) => {
      const weaker = patch('/risk/version', 'weak', 'replace');
      const assessment = { ...level('L1', 1, ['owner']), matched: [] };
      return (await proposedAs(fixture, [weaker], { entity: POLICY, assessment })).places[1];
    },
  },
  {
    name: 'a policy written without any change-set',
    forge: async (fixture) => {
      const data = { change: 'none', revision: 1, index: 0, intent: 'f'.repeat(64), version: 3, hash: 'f'.repeat(64) };
      return (await fixture.append(POLICY, { type: 'change.applied', actor: SYSTEM, data, idem: 'none#0' }))[0];
    },
  },
  {
    name: 'a policy adopted again',
    forge: async (fixture) => {
      const [adopted] = await fixture.chain(POLICY);
      const data = { ...adopted?.body.data, version: 3 } as JsonObject;
      return (
        await fixture.append(POLICY, { type: 'policy.adopted', actor: SYSTEM, data, idem: 'policy:adopted-2' })
      )[0];
    },
  },
  byVote('a step that says it is another one', async (fixture, id) => {
    const { data, ...draft } = await vote(fixture, id, 'rita');
    const whole = { ...draft, data: { change: id, revision: 1, ...data }, idem: `${id}#17` };
    return (await fixture.append(ACCOUNT, whole))[0];
  }),
  byVote('a step with a field more', async (fixture, id) => voted(fixture, id, 'rita', { blessed: true })),
];

async function overridden(
  fixture: AuthorityFixture,
  id: string,
  personId: string,
  more: JsonObject = {},
): Promise<Place | undefined> {
  const { proposal, assessment, content }: ChangeRecord = await fixture.record(id);
  const data = {
    ...{ proposal, assessment: assessment?.step ?? '', contentHash: content.contentHash, personId },
    ...{ ticket: 'INC-7', reason: 'payments fail', nonce: fixture.nonce(), under: await fixture.under() },
    ...{ reviewBy: new Date(fixture.clock.now() + HOUR_MS).toISOString(), ...more },
  };
  return (await fixture.steps(id, { type: 'change.overridden', actor: person(personId), data }))[0];
}
