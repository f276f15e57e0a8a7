/**
 * Whoever can write to the store, but has no key, grants nothing: roster, delegations, records and nonces are believed only as
 * far as signed entries prove them. On every store there is.
 */
import { afterEach, beforeEach, describe, expect } from 'vitest';
import { documentHash, type ChangeView } from '../../core/changes/index.ts';
import type { ItemKey } from '../../core/ledger/index.ts';
import { STORES, type OpenStore } from '../contract/stores.ts';
import type { ROSTER } from '../core/changes/governance-fixture.ts';
import {
  at,
  createGovernanceFixture,
  DAY_MS,
  onPolicy,
  patch,
  POLICY,
  put,
  who,
  type GovernanceFixture,
} from '../core/changes/governance-fixture.ts';
import { decision } from '../core/changes/fixture.ts';
import { attack } from './attack.ts';

const FORGED = 'f'.repeat(64);
const VERSION: ItemKey = { pk: 'main#policy', sk: 'version' };
const DOCUMENT: ItemKey = { pk: 'main#document', sk: POLICY };

let opened: OpenStore;
let fixture: GovernanceFixture;

/** Writes to the store past the engine. */
const forge = async (key: ItemKey, value: object): Promise<void> => {
  await opened.store.write([{ kind: 'put', key, value: value as never, expect: 'any' }]);
};
const itemOf = async (key: ItemKey): Promise<Record<string, unknown>> =>
  (await opened.store.get(key))?.value as Record<string, unknown>;
const until = (): string => new Date(fixture.clock.now() + DAY_MS).toISOString();

describe.each(Object.entries(STORES))('on %s', (_name, open) => {
  beforeEach(async () => {
    opened = await open();
    fixture = createGovernanceFixture({}, opened.store);
    await fixture.propose([put({ first: 1 })]); // the ledger has its policy
  });
  afterEach(() => opened.close());

  attack(32, 'V1: a delegation is planted among the items', async () => {
    const view = await fixture.propose();
    await plantDelegation('rita', 'bob');
    await expect(vote(view, 'bob', 'rita')).rejects.toMatchObject({ code: 'DELEGATION_INVALID' });
    expect(fixture.tampered).toMatchObject([{ verdict: 'DRIFT', entity: 'system/delegations' }]);
    expect((await fixture.changes.get(who('bob'), view.id)).mayVoteAs).not.toContainEqual({
      personId: 'rita',
      delegation: FORGED,
    });
  });

  attack(32, 'V1: a delegation that was revoked is given back, is prolonged, or gets another role', async () => {
    const given = await fixture.governing.delegate(who('rita'), { to: 'bob', until: until(), reason: 'away' });
    const key = { pk: 'main#delegation#rita', sk: given.id };
    const view = await fixture.propose();
    for (const forgery of [{ until: '2099-01-01T00:00:00.000Z' }, { roles: ['risk', 'security'] }]) {
      await forge(key, { ...given, ...forgery });
      await expect(vote(view, 'bob', 'rita')).rejects.toMatchObject({ code: 'DELEGATION_INVALID' });
    }
    await forge(key, given);
    await fixture.governing.endDelegation(who('rita'), given.id);
    await forge(key, given);
    await expect(vote(view, 'bob', 'rita')).rejects.toMatchObject({ code: 'DELEGATION_INVALID' });
    expect(fixture.tampered.length).toBeGreaterThan(0);
  });

  attack(32, 'V1: a delegation is given back between the vote and the claim', async () => {
    const given = await fixture.governing.delegate(who('rita'), { to: 'carl', until: until(), reason: 'away' });
    const view = await fixture.propose();
    await vote(view, 'carl', 'rita');
    await vote(view, 'bob');
    await fixture.governing.endDelegation(who('rita'), given.id);
    await forge({ pk: 'main#delegation#rita', sk: given.id }, given);
    await fixture.changes.advance(view.id);
    expect((await fixture.record(view.id)).state).toBe('pending');
  });

  attack(33, 'V2: the roster is rewritten where it is kept', async () => {
    const { document, change } = (await itemOf(DOCUMENT)) as { document: { roster: typeof ROSTER }; change: string };
    const people = document.roster.people.map((one) =>
      one.personId === 'bob' ? { ...one, roles: ['owner', 'risk'] } : one,
    );
    await forge(DOCUMENT, { document: { ...document, roster: { ...document.roster, people } }, change });
    await expectUnreadable();
  });

  attack(33, 'V2: the version item is rewritten with the roster', async () => {
    const { document, change } = (await itemOf(DOCUMENT)) as { document: { roster: typeof ROSTER }; change: string };
    const people = document.roster.people.filter(({ personId }) => personId !== 'sam');
    const forged = { ...document, roster: { ...document.roster, people } };
    const entry = { seq: 0, hash: documentHash(forged) };
    for (const value of [{ version: 2 }, { version: 2, entry }, { version: 2, entry: { seq: 7, hash: FORGED } }]) {
      await forge(DOCUMENT, { document: forged, change });
      await forge(VERSION, value);
      await expectUnreadable();
    }
  });

  attack(33, 'V2: an earlier policy is put back in force', async () => {
    const [document, version] = [await itemOf(DOCUMENT), await itemOf(VERSION)];
    const gone = patch({ op: 'remove', path: `/roster/people/${at('pete')}` });
    await fixture.carryOut(await fixture.propose([gone], onPolicy), 'bob', 'ralf', 'sue');
    await opened.store.write([
      { kind: 'delete', key: DOCUMENT, expect: 'any' },
      { kind: 'delete', key: VERSION, expect: 'any' },
    ]);
    await forge(DOCUMENT, document);
    await forge(VERSION, version);
    await expectUnreadable();
    await expect(fixture.governance.refresh()).rejects.toMatchObject({ code: 'POLICY_UNREADABLE' });
    expect(fixture.tampered.length).toBeGreaterThan(0);
  });

  attack(33, 'V2: the policy is forgotten, so that the configuration counts again', async () => {
    await opened.store.write([
      { kind: 'delete', key: DOCUMENT, expect: 'any' },
      { kind: 'delete', key: VERSION, expect: 'any' },
    ]);
    await expectUnreadable();
  });

  attack(34, 'R1: the clock is set back while somebody is taken out of the roster', async () => {
    const other = fixture.process();
    await other.governance.refresh(10_000);
    const gone = patch({ op: 'remove', path: `/roster/people/${at('pete')}` });
    await fixture.carryOut(await fixture.propose([gone], onPolicy), 'bob', 'ralf', 'sue');
    fixture.clock.setBack(7 * DAY_MS);
    const input = { entityId: 'account:2', title: 'Change it', rationale: 'It is time.', operations: [put({})] };
    await expect(other.changes.propose(who('pete'), input)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await other.governance.refresh(10_000);
    expect(other.governance.policy.principal('pete')).toBeUndefined();
  });

  attack(35, 'V2: a vote that was revoked is put back into the record', async () => {
    const view = await fixture.propose();
    await vote(view, 'bob');
    const before = await fixture.record(view.id);
    await fixture.changes.revoke(who('bob'), view.id);
    await forge({ pk: 'main#change', sk: view.id }, before);
    await expect(vote(view, 'ralf')).rejects.toMatchObject({ code: 'CHANGE_STATE_CONFLICT' });
    expect(fixture.tampered).toMatchObject([{ verdict: 'DRIFT', entity: view.entityId }]);
  });

  attack(35, 'V2: the record asks for less than was assessed, or says that others voted', async () => {
    const view = await fixture.propose();
    await vote(view, 'bob');
    const record = await fixture.record(view.id);
    const [mine] = record.votes;
    for (const forgery of [
      { assessment: { ...record.assessment, approvals: 1, roles: ['owner'] } },
      { votes: [mine, { ...mine, personId: 'rita', roles: ['risk'] }] },
      { content: { ...record.content, excludes: [] } },
    ]) {
      await forge({ pk: 'main#change', sk: view.id }, { ...record, ...forgery });
      await expect(vote(view, 'ralf')).rejects.toMatchObject({ code: 'CHANGE_STATE_CONFLICT' });
    }
    expect((await fixture.chain(view.entityId)).filter(({ body }) => body.type === 'change.approved')).toEqual([]);
  });

  attack(35, 'V2: what is to be done is rewritten after it was approved', async () => {
    const view = await fixture.propose();
    await fixture.approve(view, 'bob', 'ralf');
    for (const step of ['claim', 'intend'] as const) {
      const record = await fixture.record(view.id);
      const operations = record.content.operations.map((one) => ({ ...one, payload: { limit: 1_000_000 } }));
      await forge({ pk: 'main#change', sk: view.id }, { ...record, content: { ...record.content, operations } });
      await expect(fixture.changes.runStep(step, view.id)).rejects.toMatchObject({ code: 'CHANGE_STATE_CONFLICT' });
      await forge({ pk: 'main#change', sk: view.id }, record);
      await fixture.changes.runStep(step, view.id);
    }
    await fixture.changes.advance(view.id);
    expect((await fixture.record(view.id)).state).toBe('executed');
  });

  attack(6, 'V2: a nonce is used again after its item is gone', async () => {
    const view = await fixture.propose();
    const nonce = 'a'.repeat(32);
    const once = { ...decision(view), nonce };
    await fixture.changes.decide(who('bob'), view.id, once);
    await fixture.changes.revoke(who('bob'), view.id);
    await opened.store.write([{ kind: 'delete', key: { pk: 'main#change-nonce', sk: nonce }, expect: 'any' }]);
    await expect(fixture.changes.decide(who('bob'), view.id, once)).rejects.toMatchObject({
      code: 'DECISION_REPLAYED',
    });
  });
});

/** Nobody may do anything under a policy that is not the ledger's: a process that starts now, and one that looks again. */
async function expectUnreadable(): Promise<void> {
  const found = fixture.tampered.length;
  const fresh = fixture.process();
  await expect(fresh.governance.refresh()).rejects.toMatchObject({ code: 'POLICY_UNREADABLE' });
  const input = { entityId: 'account:2', title: 'Change it', rationale: 'It is time.', operations: [put({})] };
  await expect(fresh.changes.propose(who('ann'), input)).rejects.toMatchObject({ code: 'POLICY_UNREADABLE' });
  expect(fixture.tampered.length).toBeGreaterThanOrEqual(found);
}

async function vote(view: ChangeView, account: string, onBehalfOf?: string): Promise<void> {
  const input = { ...decision(view), ...(onBehalfOf === undefined ? {} : { onBehalfOf }) };
  await fixture.changes.decide(who(account), view.id, input);
}

async function plantDelegation(from: string, to: string): Promise<void> {
  const delegation = { id: FORGED, from, to, until: until(), reason: 'mine', grantedAt: '2026-11-21T09:00:00.000Z' };
  await forge({ pk: `main#delegation#${from}`, sk: FORGED }, delegation);
  await forge({ pk: `main#delegation-to#${to}`, sk: `${from}#${FORGED}` }, {});
}
