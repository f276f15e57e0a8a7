/** A replay of decisions that had to be signed: who can write to the store and has every key of the ledger, but no key of a person. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { PersonId } from '../../../../core/brands/index.ts';
import { datedAuthority, decisionChallenge, Replay } from '../../../../core/changes/index.ts';
import { assessmentHash } from '../../../../core/changes/model/binding-hashes.ts';
import type { ReplayEntry } from '../../../../core/changes/replay/replay-entry.ts';
import { passkeyOf, plainKeyOf, type Parts, type SoftKey } from '../../../support/authenticator.ts';
import { checked } from '../../../support/checked.ts';
import { onPolicy, patch, POLICY, who } from '../governance-fixture.ts';
import { createSigningFixture, KEYS, OTHER_CHALLENGE, signed, SIGNERS } from '../signing-fixture.ts';

const late = plainKeyOf('bob');
let log: ReplayEntry[];
/** in the log: a vote by bob before his first key is revoked and a second one enrolled, one after, one override */
let votes: readonly [before: number, after: number];

beforeAll(async () => {
  const fixture = createSigningFixture();
  const { changes, clock } = fixture;
  const decide = async (id: string, ...people: (readonly [string, SoftKey?])[]): Promise<void> => {
    for (const [person, key] of people) {
      const view = await changes.get(who('ann'), id);
      await changes.decide(who(person), id, signed(view, person, key === undefined ? {} : { key }));
    }
  };
  const first = await fixture.propose([{ type: 'state.put', payload: { limit: 1 } }]);
  await decide(first.id, ['bob'], ['rita']);
  await changes.advance(first.id);
  const bobs = SIGNERS.credentials?.findIndex(({ personId }) => personId === 'bob') ?? -1;
  const exchanged = { op: 'replace', path: `/credentials/${bobs}`, value: late.credential };
  const enrolled = await fixture.propose([patch(exchanged)], onPolicy);
  await decide(enrolled.id, ['carl'], ['rita'], ['sam']);
  await clock.advance(86_400_000);
  await changes.advance(enrolled.id);
  const second = await fixture.propose([{ type: 'state.put', payload: { limit: 2 } }]);
  await decide(second.id, ['bob', late], ['rita']);
  await changes.advance(second.id);
  log = (await fixture.log()).map((entry, position) => ({ ...entry, position }));
  const voted = log.filter(({ body }) => body.type === 'change.voted' && body.actor.id === 'bob');
  votes = [voted[0]?.position ?? -1, voted[1]?.position ?? -1];
});

const ORDERS = ['ordered', 'dated'] as const;

function replayed(entries: readonly ReplayEntry[], order: (typeof ORDERS)[number]) {
  const policy = entries.filter(({ body }) => body.entity === POLICY);
  const authority = order === 'dated' ? datedAuthority({ policy, delegations: [] }) : undefined;
  const replay = new Replay({ ledger: 'main', authority });
  for (const entry of entries) if (!replay.take(entry)) break;
  return replay.end();
}

function withData(index: number, change: (data: Record<string, unknown>) => object): ReplayEntry[] {
  const entry = log[index] as ReplayEntry;
  const data = change(entry.body.data) as never;
  return log.with(index, { ...entry, body: { ...entry.body, data } });
}

/** The decision of the vote, signed anew. */
function signedAnew(index: number, key: SoftKey, parts: Parts = {}, over: object = {}): ReplayEntry[] {
  return withData(index, (data) => {
    const subject = { ...data, ledger: 'main', personId: checked<PersonId>('bob'), ...over };
    return { ...data, assertion: key.assert(decisionChallenge(subject as never), parts) };
  });
}

describe.each(ORDERS)('%s', (order) => {
  const reasonOf = (index: number, entries: readonly ReplayEntry[]): string => {
    const { first } = replayed(entries, order);
    expect(first?.position).toBe(index);
    return first?.reason ?? '';
  };

  it('finds the honest log entitled', () => {
    expect(replayed(log, order)).not.toHaveProperty('first');
    expect(replayed(signedAnew(votes[1], late), order)).not.toHaveProperty('first');
  });

  it('does not count a decision without its signature', () => {
    const unsigned = withData(votes[0], ({ assertion: _, ...data }) => data);
    expect(reasonOf(votes[0], unsigned)).toContain('must sign this decision');
  });

  it('does not count a signature over another decision, or of another key', () => {
    const [before, after] = votes;
    const bob = KEYS['bob'] as SoftKey;
    for (const over of [{ decision: 'reject' }, { nonce: 'x'.repeat(16) }, { ledger: 'other' }, { change: 'other' }])
      expect(reasonOf(before, signedAnew(before, bob, {}, over))).toContain('not of the enrolled key');
    const planted = withData(before, (data) => ({ ...data, assertion: bob.assert(OTHER_CHALLENGE) }));
    expect(reasonOf(before, planted)).toContain('not of the enrolled key');
    expect(reasonOf(before, signedAnew(before, plainKeyOf('bob')))).toContain('has enrolled no key');
    expect(reasonOf(before, signedAnew(before, KEYS['carl'] as SoftKey))).toContain('has enrolled no key');
    const posing = plainKeyOf('bob', { id: bob.credential.id });
    expect(reasonOf(before, signedAnew(before, posing))).toContain('not of the enrolled key');
    expect(reasonOf(before, signedAnew(before, passkeyOf('bob', { id: bob.credential.id })))).toContain('no passkey');
    expect(reasonOf(after, signedAnew(after, posing))).toContain('has enrolled no key');
  });

  it('does not count a key before it was enrolled, nor after it was revoked', () => {
    const [before, after] = votes;
    expect(reasonOf(before, signedAnew(before, late))).toContain('has enrolled no key');
    expect(reasonOf(after, signedAnew(after, KEYS['bob'] as SoftKey))).toContain('has enrolled no key');
  });

  it('does not believe a passkey that nobody unlocked, on another page or of another domain', () => {
    const rita = KEYS['rita'] as SoftKey;
    const index = log.findIndex(({ body }) => body.type === 'change.voted' && body.actor.id === 'rita');
    const anew = (parts: Parts): ReplayEntry[] => signedAnew(index, rita, parts, { personId: 'rita' });
    expect(replayed(anew({}), order).first?.position).not.toBe(index);
    expect(reasonOf(index, anew({ flags: 0x01 }))).toContain('flag UV');
    expect(reasonOf(index, anew({ rpId: 'evil.example' }))).toContain('not for "nervous.example"');
    expect(reasonOf(index, anew({ clientData: { origin: 'https://evil.example' } }))).toContain('origin');
    expect(reasonOf(index, anew({ clientData: { challenge: 'AAAA' } }))).toContain('made over another decision');
  });

  it('does not believe an assessment that asks for less than the rules', () => {
    const index = log.findIndex(({ body }) => body.type === 'change.assessed');
    const entry = log[index] as ReplayEntry;
    expect(entry.body.data['assertion']).toBe('signed');
    const silent = withData(index, ({ assertion: _, assessmentHash: _was, ...data }) => ({
      ...data,
      assessmentHash: assessmentHash(data as never),
    }));
    expect(reasonOf(index, silent)).toBe('its assertion is absent, by the rules in force it is "signed"');
  });
});
