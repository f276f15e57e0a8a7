/** Decisions that the rules want signed: without the signature of an enrolled key nothing counts, and later none that was revoked. */
import { describe, expect, it } from 'vitest';
import type { ChangeView } from '../../../../core/changes/index.ts';
import { contentsOf, decision } from '../fixture.ts';
import {
  createGovernanceFixture,
  onPolicy,
  patch,
  put,
  RISK,
  ROSTER,
  who,
  type GovernanceFixture,
} from '../governance-fixture.ts';
import {
  carryOutSigned,
  createSigningFixture,
  demanding,
  KEYS,
  OTHER_CHALLENGE,
  signed,
  SIGNERS,
} from '../signing-fixture.ts';
import { passkeyOf, plainKeyOf } from '../../../support/authenticator.ts';

const credentials = SIGNERS.credentials ?? [];
const keyAt = (personId: string): string =>
  `/credentials/${credentials.findIndex((credential) => credential.personId === personId)}`;

async function refusedWith(fixture: GovernanceFixture, code: string, act: () => Promise<unknown>): Promise<void> {
  const before = contentsOf(fixture.store);
  await expect(act()).rejects.toMatchObject({ code });
  expect(contentsOf(fixture.store)).toBe(before);
}

describe('a decision that has to be signed', () => {
  it('counts with the signature of any enrolled key, which its entry keeps', async () => {
    const fixture = createSigningFixture();
    const view = await fixture.propose();
    expect(view.risk?.assertion).toBe('signed');
    await carryOutSigned(fixture, view, 'bob', 'rita');
    const votes = (await fixture.chain('account:1')).filter(({ body }) => body.type === 'change.voted');
    expect(votes.map(({ body }) => Object.keys(body.data['assertion'] as object))).toEqual([
      expect.arrayContaining(['kind', 'keyId']),
      expect.arrayContaining(['credentialId']),
    ]);
  });

  it.each(['approve', 'reject', 'request-changes'] as const)('is refused without one: %s', async (kind) => {
    const fixture = createSigningFixture();
    const view = await fixture.propose();
    await refusedWith(fixture, 'ASSERTION_REQUIRED', () =>
      fixture.changes.decide(who('bob'), view.id, decision(view, kind)),
    );
    await fixture.changes.decide(who('bob'), view.id, signed(view, 'bob', { kind }));
  });

  it('is refused with a wrong one', async () => {
    const fixture = createSigningFixture();
    const view = await fixture.propose([put({ limit: 1 })], {}, 'bob');
    const vote = (by: string, given: object): (() => Promise<unknown>) => {
      return () => fixture.changes.decide(who(by), view.id, given);
    };
    const wrong = { assertion: KEYS['carl']?.assert(OTHER_CHALLENGE) };
    await refusedWith(fixture, 'ASSERTION_INVALID', vote('carl', signed(view, 'carl', { more: wrong })));
    const invalid = (by: string, how: Parameters<typeof signed>[2]): Promise<void> =>
      refusedWith(fixture, 'ASSERTION_INVALID', vote(by, signed(view, by, how)));
    await invalid('carl', { key: KEYS['ann'] as never });
    await invalid('carl', { key: plainKeyOf('carl') });
    await invalid('ann', { parts: { flags: 0x01 } });
    await invalid('ann', { parts: { rpId: 'evil.example' } });
    await invalid('ann', { parts: { clientData: { origin: 'https://evil.example' } } });
    await refusedWith(
      fixture,
      'DECISION_STALE',
      vote('ann', signed(view, 'ann', { more: { assertion: KEYS['ann']?.assert(OTHER_CHALLENGE) } })),
    );
    // Signed as an approval, sent as a rejection.
    await refusedWith(
      fixture,
      'ASSERTION_INVALID',
      vote('carl', signed(view, 'carl', { more: { decision: 'reject', reason: 'x' } })),
    );
  });

  it('is told what is stale before anybody is sent to sign it', async () => {
    const fixture = createSigningFixture();
    const view = await fixture.propose();
    const other = decision({ ...view, contentHash: 'f'.repeat(64) as never });
    await refusedWith(fixture, 'DECISION_STALE', () => fixture.changes.decide(who('bob'), view.id, other));
    await refusedWith(fixture, 'SELF_APPROVAL', () => fixture.changes.decide(who('ann'), view.id, decision(view)));
  });

  it('is signed by the delegate, where a vote is lent', async () => {
    const fixture = createSigningFixture();
    const until = new Date(fixture.clock.now() + 3_600_000).toISOString();
    await fixture.propose(); // the ledger has its policy
    await fixture.governing.delegate(who('rita'), { to: 'carl', until, reason: 'away' });
    const view = await fixture.propose();
    const lent = { personId: 'rita', more: { onBehalfOf: 'rita' } };
    await refusedWith(fixture, 'ASSERTION_INVALID', () =>
      fixture.changes.decide(who('carl'), view.id, signed(view, 'rita', lent)),
    );
    await fixture.changes.decide(who('carl'), view.id, signed(view, 'carl', lent));
    await fixture.changes.decide(who('bob'), view.id, signed(view, 'bob'));
    expect((await fixture.changes.get(who('ann'), view.id)).state).toBe('approved');
  });

  it('takes a key that is bound to a device, where the rules ask for that', async () => {
    const copied = passkeyOf('carl', { backupEligible: true });
    const people = ['ann', 'bob', 'rita', 'ralf', 'sam', 'sue'];
    const bound = Object.fromEntries(people.map((personId) => [personId, passkeyOf(personId)]));
    const all = [...Object.values(bound), copied].map(({ credential }) => credential);
    const fixture = createSigningFixture('device-bound', { ...SIGNERS, credentials: all });
    const view = await fixture.propose();
    const flags = { parts: { flags: 0x0d } };
    await refusedWith(fixture, 'ASSERTION_INVALID', () =>
      fixture.changes.decide(who('carl'), view.id, signed(view, 'carl', { key: copied, ...flags })),
    );
    await fixture.changes.decide(who('bob'), view.id, signed(view, 'bob', { key: bound['bob'] as never }));
  });
});

describe('what a key was enrolled for', () => {
  it('ends when it is revoked, also for votes that wait for their time', async () => {
    const fixture = createSigningFixture();
    await fixture.propose();
    const revoked = await fixture.propose([patch({ op: 'remove', path: keyAt('carl') })], onPolicy);
    for (const person of ['bob', 'rita', 'sam'])
      await fixture.changes.decide(who(person), revoked.id, signed(revoked, person));
    await fixture.clock.advance(86_400_000 - 1);
    const view = await fixture.propose();
    for (const person of ['carl', 'rita']) await fixture.changes.decide(who(person), view.id, signed(view, person));
    await fixture.clock.advance(1);
    await fixture.changes.advance(revoked.id);
    await fixture.changes.advance(view.id);
    const after = await fixture.changes.get(who('ann'), view.id);
    expect(after).toMatchObject({ state: 'pending', votes: [] });
    await refusedWith(fixture, 'ASSERTION_INVALID', () =>
      fixture.changes.decide(who('carl'), view.id, signed(after, 'carl')),
    );
  });

  it('begins when the change of the policy that enrols it is carried out, a day after its approval', async () => {
    const fixture = createSigningFixture();
    await fixture.propose();
    const second = plainKeyOf('carl');
    const step = { op: 'add', path: '/credentials/-', value: second.credential };
    const enrolled = await fixture.propose([patch(step)], onPolicy);
    const view = await fixture.propose();
    const early = (): Promise<unknown> =>
      fixture.changes.decide(who('carl'), view.id, signed(view, 'carl', { key: second }));
    for (const person of ['bob', 'rita', 'sam'])
      await fixture.changes.decide(who(person), enrolled.id, signed(enrolled, person));
    await fixture.clock.advance(86_400_000 - 1);
    await fixture.changes.advance(enrolled.id);
    await refusedWith(fixture, 'ASSERTION_INVALID', early);
    await fixture.clock.advance(1);
    await fixture.changes.advance(enrolled.id);
    await early();
  });
});

describe('where signatures are asked for', () => {
  it('is at the policy itself and at what no rule matches, as strictly as anywhere', async () => {
    const rules = [{ ...RISK.rules[0], when: { entity: ['account:9'] }, assertion: 'signed' }];
    const fixture = createGovernanceFixture({ risk: { ...RISK, rules }, signers: SIGNERS });
    const onItself: ChangeView = await fixture.propose([patch({ op: 'remove', path: keyAt('sue') })], onPolicy);
    expect([onItself.risk?.assertion, onItself.risk?.matched]).toEqual(['signed', ['registry (built in)']]);
    const unmatched = await fixture.propose();
    expect([unmatched.risk?.assertion, unmatched.risk?.matched]).toEqual(['signed', []]);
    await refusedWith(fixture, 'ASSERTION_REQUIRED', () =>
      fixture.changes.decide(who('bob'), onItself.id, decision(onItself)),
    );
  });

  it('is nowhere unless a rule says so', async () => {
    const fixture = createGovernanceFixture({ signers: SIGNERS });
    const view = await fixture.propose();
    expect(view.risk).not.toHaveProperty('assertion');
    await fixture.approve(view, 'bob');
    // A plain key's signature is verified wherever it is sent.
    await refusedWith(fixture, 'ASSERTION_INVALID', () =>
      fixture.changes.decide(who('rita'), view.id, signed(view, 'rita', { key: plainKeyOf('rita') })),
    );
    await fixture.changes.decide(who('rita'), view.id, signed(view, 'rita'));
  });
});

describe('a policy', () => {
  const proposed = (fixture: GovernanceFixture, ...steps: object[]): Promise<ChangeView> =>
    fixture.propose([patch(...steps)], onPolicy);
  const askFor = (assertion: string): object => ({ op: 'add', path: '/risk/rules/0/assertion', value: assertion });

  it('may ask for signatures once enough people could sign the next change of it', async () => {
    const fixture = createGovernanceFixture();
    const few = credentials.filter(({ personId }) => personId !== 'sam' && personId !== 'sue');
    const enrol = (value: unknown): object[] => [
      { op: 'add', path: '/webauthn', value: SIGNERS.webauthn },
      { op: 'add', path: '/credentials', value },
    ];
    await expect(proposed(fixture, askFor('signed'))).rejects.toMatchObject({
      code: 'CHANGE_INVALID',
      message: expect.stringContaining('sign with an enrolled key (signed)') as string,
    });
    await expect(proposed(fixture, ...enrol(few), askFor('signed'))).rejects.toMatchObject({ code: 'CHANGE_INVALID' });
    const unbound = credentials.filter(({ personId }) => personId !== 'rita');
    await expect(proposed(fixture, ...enrol(unbound), askFor('device-bound'))).rejects.toMatchObject({
      code: 'CHANGE_INVALID',
    });
    const view = await proposed(fixture, ...enrol(credentials), askFor('signed'));
    await fixture.carryOut(view, 'bob', 'rita', 'sam');
    expect((await fixture.propose()).risk?.assertion).toBe('signed');
  });

  it('keeps enough of the keys that it asks for', async () => {
    const fixture = createSigningFixture();
    await fixture.propose();
    await expect(proposed(fixture, { op: 'remove', path: '/credentials' })).rejects.toMatchObject({
      code: 'CHANGE_INVALID',
    });
  });

  it('has keys that are sound, of people of the roster', async () => {
    const fixture = createSigningFixture();
    await fixture.propose();
    const add = (value: object): Promise<ChangeView> => proposed(fixture, { op: 'add', path: '/credentials/-', value });
    await expect(add({ ...plainKeyOf('carl').credential, publicKey: 'AAAA' })).rejects.toMatchObject({
      code: 'CHANGE_INVALID',
    });
    await expect(add(plainKeyOf('nobody').credential)).rejects.toMatchObject({ code: 'CHANGE_INVALID' });
    await expect(add(credentials[0] ?? {})).rejects.toMatchObject({ code: 'CHANGE_INVALID' });
    await expect(add({ ...plainKeyOf('carl').credential, more: 1 })).rejects.toMatchObject({ code: 'CHANGE_INVALID' });
  });
});

describe('an override', () => {
  const roster = {
    ...ROSTER,
    roles: { ...ROSTER.roles, oncall: { reads: ['*'], overrides: ['account:*'] } },
    people: [...ROSTER.people, { personId: 'olga', name: 'Olga', accounts: ['olga'], roles: ['oncall'] }],
  };
  const key = plainKeyOf('olga');
  const risk = demanding('signed');
  const olga = who('olga', roster);
  const emergency = { ticket: 'INC-7', reason: 'payments fail' };

  it('is signed as any decision is', async () => {
    const signers = { ...SIGNERS, credentials: [...credentials, key.credential] };
    const fixture = createGovernanceFixture({ roster, risk, signers });
    const view = await fixture.propose();
    const { decision: _, ...unsigned } = decision(view, 'approve', emergency) as Record<string, unknown>;
    await refusedWith(fixture, 'ASSERTION_REQUIRED', () => fixture.changes.override(olga, view.id, unsigned));
    const asVote = signed(view, 'olga', { key, more: { ...emergency } }) as Record<string, unknown>;
    const { decision: _kind, ...wrong } = asVote;
    await refusedWith(fixture, 'ASSERTION_INVALID', () => fixture.changes.override(olga, view.id, wrong));
    await fixture.changes.override(olga, view.id, signed(view, 'olga', { kind: 'override', key, more: emergency }));
    await fixture.changes.advance(view.id);
    expect((await fixture.changes.get(who('ann'), view.id)).state).toBe('executed');
  });
});
